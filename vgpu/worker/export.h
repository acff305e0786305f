/* Pictures on a real GPU as dma-bufs, so that an encoder imports them in place of a copy.
 * Not used yet: no machine with a GPU has run it, and llvmpipe exports nothing. */
#ifndef VGPU_EXPORT_H
#define VGPU_EXPORT_H

#include <proto/render.h>
#include <stdbool.h>

struct export_picture {
	int fd; /* of the dma-buf; owned by the caller */
	uint32_t fourcc, stride_bytes, offset_bytes;
	uint64_t modifier;
};

/* virgl_renderer_execute, or what stands for it. */
typedef int export_execute(void *args, uint32_t size);

/* RENDER_FAILED: there is nothing to export, or it is not one plane in one buffer. Asks
 * before any descriptor is made: virglrenderer's other calls crash where there is none. */
enum render_result export_dmabuf(struct export_picture *picture, uint32_t resource, export_execute *execute);

#endif
