/* virglrenderer, of which there is one in a process, with its callbacks. */
#ifndef VGPU_VIRGL_H
#define VGPU_VIRGL_H

#define VIRGL_RENDERER_UNSTABLE_APIS /* fences per context */
#include <base/err.h>
#include <virgl/virglrenderer.h>

struct fences;

/* virglrenderer's header names it only. */
struct virgl_box {
	uint32_t x, y, z, w, h, d;
};

/* Once. render_node_fd: a render node, borrowed, or -1 to draw with the CPU. fences are
 * told of what is done. 0; ERR_MISSING: no EGL that does; ERR_IO: no way to wait for
 * fences. */
MUST_USE int virgl_start(int render_node_fd, struct fences *fences);

#endif
