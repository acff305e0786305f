/* Code that Mesa compiled for the guest's shaders, in files that outlive the worker: the
 * front's, which it lends to each worker of its guest. Most of what a new worker has to
 * do is to compile again what the last one had.
 *
 * Mesa can keep its cache in two files that it opens once (MESA_DISK_CACHE_SINGLE_FILE).
 * They are made in a file system of our own, and when the front's come they take the place
 * of these under Mesa's descriptors. What is in them is Mesa's, but for how an empty one
 * begins, which tells one version of Mesa from another. Where any of it is not as
 * expected, shaders are compiled. One thread. */
#ifndef VGPU_SHADERS_H
#define VGPU_SHADERS_H

#include <proto/render.h>
#include <stdbool.h>

struct shaders {
	int fds[RENDER_SHADERS_PARTS]; /* Mesa's; -1: there is none, or it has been replaced */
};

/* Before Mesa is loaded, with namespaces of our own or without; sets its environment. */
void shaders_prepare(bool in_namespaces);

/* When Mesa runs, and /proc is still there. */
void shaders_find(struct shaders *shaders);

/* The front's file (borrowed) in place of Mesa's. Parts in their order, before the first
 * context. RENDER_OK also when Mesa goes on without. */
enum render_result shaders_take(struct shaders *shaders, uint32_t part, int fd);

#endif
