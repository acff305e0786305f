/* What the guest shows: scanouts on heads, and what of it is read into the memfds that
 * the supervisor lends. A head stands where SCREEN_HEADS put it and is as large as its
 * scanout, or, without one, as it was asked to be; the picture is the bounding box of
 * the heads. Loop thread only. */
#ifndef FRONT_PICTURE_H
#define FRONT_PICTURE_H

#include "table.h"
#include <proto/render.h>
#include <proto/screen.h>
#include <proto/virtio_gpu.h>
#include <systemd/sd-event.h>

struct front;
struct picture_read;

struct scanout {
	uint32_t resource; /* 0: off */
	struct virtio_gpu_rect rect;
	uint64_t flushed_us;   /* CLOCK_MONOTONIC: the last flush */
	uint64_t unflushed_us; /* since when something is drawn that was not; 0: all was */
};

struct picture_target {
	uint32_t handle; /* RENDER_TARGET's; the supervisor's is the table's key */
	int fd;          /* owned */
	struct link_buffer buffer;
	bool known;        /* to this worker */
	uint32_t dropping; /* serial of its RENDER_TARGET_DROP; 0: in use */
};

struct picture {
	struct screen_heads heads;
	struct scanout scanouts[SCREEN_HEADS_MAX];
	struct table targets;
	struct picture_read *first_read, **last_read;
	struct screen_await await; /* serial 0: nobody */
	/* The worker's way to a flush that is not told yet. */
	uint32_t frame;        /* serial of its RENDER_FRAME; 0: not sent */
	bool frame_done;       /* the worker is there */
	sd_event_source *late; /* a flush did not come */
};

MUST_USE int picture_init(struct front *front);
void picture_finish(struct picture *picture);

/* What the supervisor asked for before the limits were known is brought within them. */
void picture_limit_heads(struct front *front);

/* A message of the supervisor's. Takes fd. */
void picture_message(struct front *front, const struct screen_message *msg, int fd);

/* What the guest's commands came to: VIRTIO_GPU_OK or an error. */
enum virtio_gpu_type picture_set_scanout(
		struct front *front, uint32_t head, uint32_t resource, const struct virtio_gpu_rect *rect);

/* Guests draw some frames ahead of the renderer and flush each at once. A flush that is told
 * then comes while an older frame is being read, and is never seen; so it is told when
 * somebody waits for it, or at the latest when the renderer has got that far and has nothing
 * else to do. False: too early; the control queue is looked at again when that has changed. */
bool picture_may_flush(struct front *front, uint32_t resource);
void picture_flush(struct front *front, uint32_t resource, const struct virtio_gpu_rect *rect);

/* A batch that came at sent_us drew into a resource. If that is shown and no flush follows
 * it is shown anyway: Xorg 21.1 forgets some where compositors flip pages. */
void picture_drawn(struct front *front, uint32_t resource, uint64_t sent_us);

/* A resource is gone: so are its scanouts. */
void picture_forget(struct front *front, uint32_t resource);

/* A command was answered, which may have been one of a read or a drop. */
void picture_done(struct front *front, uint32_t serial, enum render_result result);

/* The worker is lost: reads come later, drops are done. */
void picture_lost(struct front *front);

/* The worker can be given work, after it could not for a while: it is told of targets that
 * it does not know, and who looks is told to look at all that is shown. */
void picture_restored(struct front *front);

#endif
