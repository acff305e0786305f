/* What the guest shows: scanouts on heads, and when the supervisor is told of what changed.
 * A head stands where SCREEN_HEADS put it and is as large as its scanout, or, without one,
 * as it was asked to be; the picture is the bounding box of the heads. How it is read is
 * in reads.h. Loop thread only. */
#ifndef FRONT_PICTURE_H
#define FRONT_PICTURE_H

#include <base/err.h>
#include <proto/render.h>
#include <proto/screen.h>
#include <proto/virtio_gpu.h>
#include <systemd/sd-event.h>

struct front;

struct scanout {
	uint32_t resource; /* 0: off */
	struct virtio_gpu_rect rect;
	uint64_t flushed_us;   /* CLOCK_MONOTONIC: the last flush */
	uint64_t unflushed_us; /* since when something is drawn that was not; 0: all was */
};

struct picture {
	struct screen_heads heads;
	struct scanout scanouts[SCREEN_HEADS_MAX];
	/* The worker's way to a flush that is not told yet. */
	uint32_t frame;        /* serial of its RENDER_FRAME; 0: not sent */
	bool frame_done;       /* the worker is there */
	sd_event_source *late; /* a flush did not come */
};

/* 0, ERR_MEMORY or ERR_IO. */
MUST_USE int picture_init(struct front *front);
void picture_finish(struct picture *picture);

/* The heads that the supervisor asks for, which are kept within the limits. */
void picture_set_heads(struct front *front, const struct screen_heads *heads);

/* The limits are known: what was asked for before is brought within them. */
void picture_limit_heads(struct front *front);

/* What the guest's command came to: VIRTIO_GPU_OK or an error. */
enum virtio_gpu_type picture_set_scanout(
		struct front *front, uint32_t head, uint32_t resource, const struct virtio_gpu_rect *rect);

/* Which part of a rectangle of the picture a head shows: from where in its resource, to
 * where in the picture. False: none. */
bool picture_part(const struct picture *picture, uint32_t head, const struct link_rect *rect,
		struct render_rect *part);

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

/* A command was answered, which may have been the RENDER_FRAME of a flush. */
void picture_done(struct picture *picture, uint32_t serial);

/* The worker is lost, and with it the RENDER_FRAME of a flush. */
void picture_lost(struct picture *picture);

/* The worker can be given work, after it could not for a while: who looks is told to look
 * at all that is shown. The worker must know the targets (reads_restored). */
void picture_restored(struct front *front);

#endif
