/* The desktop's virtual GPU: oriel-vgpu-vtest as our child, and the environment by which
 * programs draw with it. Without it they draw by themselves (Mesa's llvmpipe), so no
 * failure here ends anything; each is told in the log. Loop thread only. */
#ifndef X11_GPU_H
#define X11_GPU_H

#include "child.h"
#include <limits.h>
#include <systemd/sd-event.h>

struct gpu {
	struct child child;
	char dir[PATH_MAX], broker[PATH_MAX];
	int listen_fd;    /* ours, so that programs can wait while there is no child; -1: no GPU */
	const char *path; /* where we ourselves can connect */
	char own_path[PATH_MAX];
	int users_fd, mounts_fd; /* namespaces for programs; -1: we are in the right one */
	sd_event_source *timer;  /* owned; until the child is started again */
	uint64_t started_us, delay_us;
};

#define GPU_NONE                                                                                             \
	{                                                                                                    \
		.listen_fd = -1, .users_fd = -1, .mounts_fd = -1                                             \
	}

/* Starts it. The socket is the one that oriel-host passed as systemd does (then it is at
 * its place already), or is made in dir, with namespaces that it is at its place in.
 * broker: the socket of oriel-vgpu-broker; borrowed strings. */
void gpu_start(struct gpu *gpu, sd_event *event, const char *dir, const char *broker);

/* Waits until it draws, then sets our environment for programs, and has children from now
 * on in its namespaces. Before the first of them. */
void gpu_join(struct gpu *gpu);

/* The child has ended: it will be started again. */
void gpu_on_end(struct gpu *gpu);

/* Also when there is none. */
void gpu_stop(struct gpu *gpu);

#endif
