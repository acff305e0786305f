/* The guest's cursor: images that the cursor queue names are read by the worker into a
 * memfd, which goes to the supervisor. Only one at a time; if the guest is faster, the
 * latest counts. Loop thread only. */
#ifndef FRONT_CURSOR_H
#define FRONT_CURSOR_H

#include <proto/render.h>
#include <proto/virtio_gpu.h>
#include <stdbool.h>

struct front;

struct cursor {
	struct virtio_gpu_cursor shown; /* what the guest last asked for */
	bool known, stale;              /* it ever did; and that is not read yet */
	uint32_t reading;               /* serial of the read under way; 0: none */
	struct virtio_gpu_cursor read;  /* what is being read, into: */
	uint32_t width_px, height_px;
	int fd; /* owned as long as reading */
};

void cursor_init(struct cursor *cursor);
void cursor_finish(struct cursor *cursor);

/* Takes the commands on the cursor queue, as long as there are. */
void cursor_look(struct front *front);

void cursor_done(struct front *front, uint32_t serial, enum render_result result);

/* The worker is lost: the image is read again from the next. */
void cursor_lost(struct front *front);
void cursor_restored(struct front *front);

/* The driver is gone. */
void cursor_forget(struct front *front);

#endif
