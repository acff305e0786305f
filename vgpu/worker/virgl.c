#include "virgl.h"
#include "fences.h"
#include <base/log.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	int render_node_fd;
	struct fences *fences;
} state;

static void on_device_fence(void *cookie, uint32_t number)
{
	fences_device_done(state.fences, number);
}

static void on_context_fence(void *cookie, uint32_t context, uint32_t ring, uint64_t number)
{
	fences_context_done(state.fences, context, number);
}

/* virglrenderer closes what it gets. */
static int get_drm_fd(void *cookie)
{
	return state.render_node_fd < 0 ? -1 : fcntl(state.render_node_fd, F_DUPFD_CLOEXEC, 0);
}

static struct virgl_renderer_callbacks callbacks = {
	.version = 3,
	.write_fence = on_device_fence,
	.get_drm_fd = get_drm_fd,
	.write_context_fence = on_context_fence,
};

/* It says what it thinks of a guest's commands, as often as the guest likes to hear it:
 * not in a log that somebody must keep. */
static void on_log(const char *format, va_list args)
{
	char line[256];

	vsnprintf(line, sizeof line, format, args);
	line[strcspn(line, "\n")] = 0;
	log_debug("virglrenderer: %s", line);
}

static void choose_driver(int render_node_fd)
{
	setenv("EGL_PLATFORM", "surfaceless", 1);
	if (render_node_fd >= 0)
		return;
	setenv("LIBGL_ALWAYS_SOFTWARE", "true", 1);
	setenv("GALLIUM_DRIVER", "llvmpipe", 1);
}

int virgl_start(int render_node_fd, struct fences *fences)
{
	int flags = VIRGL_RENDERER_USE_EGL | VIRGL_RENDERER_USE_SURFACELESS | VIRGL_RENDERER_THREAD_SYNC |
			VIRGL_RENDERER_ASYNC_FENCE_CB;

	state.render_node_fd = render_node_fd;
	state.fences = fences;
	choose_driver(render_node_fd);
	virgl_set_debug_callback(on_log);
	if (virgl_renderer_init(&state, flags, &callbacks) != 0)
		return ERR_MISSING;
	return virgl_renderer_get_poll_fd() < 0 ? ERR_IO : 0;
}
