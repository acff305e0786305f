/* From the guest's frames to the sink: keeps the session's private copy of the
 * picture (the shadow), finds the tiles that really changed, has them encoded on
 * the pool and decides when the next frame is pulled: when the last one is written,
 * the client keeps up, and not before. No timer takes part. One thread; encoding
 * reads the shadow, which therefore changes only between encodings. */
#ifndef SESSION_PICTURES_H
#define SESSION_PICTURES_H

#include "guest.h"
#include "sink.h"
#include "trace.h"
#include <base/pool.h>

struct pictures;

struct pictures_host {
	/* Asks the guest for the next frame. */
	void (*pull)(void *user, bool full);
	/* Output waits for the socket: begin nothing new. */
	bool (*blocked)(void *user);
	/* Something was written. */
	void (*written)(void *user);
	/* A sink failed: the connection must end. */
	void (*failed)(void *user, const char *why);
	void *user;
};

/* All borrowed; trace may be NULL. NULL without memory. */
struct pictures *pictures_create(struct pool *pool, struct trace *trace, const struct pictures_host *host);

/* Waits for nothing: destroy the pool first, so that no tile is being encoded. */
void pictures_destroy(struct pictures *pictures);

/* New desktop: the shadow is made anew, all of it counts as changed, the sink (may
 * be NULL: none yet) is told. 0 or ERR_*. Not while pictures_in_frame. */
MUST_USE int pictures_resize(struct pictures *pictures, const struct link_layout *layout);

/* Where pictures go from now on: borrowed; NULL: nowhere. Its whole picture follows.
 * 0 or ERR_*. Not while pictures_in_frame. */
MUST_USE int pictures_set_sink(struct pictures *pictures, struct sink *sink);

/* A frame is begun and not ended, or tiles are being encoded: the shadow and the sink
 * are in use. */
bool pictures_in_frame(const struct pictures *pictures);

/* The guest's answer to a pull: takes over what changed. */
void pictures_on_frame(
		struct pictures *pictures, const struct link_frame *frame, struct guest_picture picture);

/* The guest has new memory of the same size: an open pull is void, a whole picture is
 * pulled. */
void pictures_pull_again(struct pictures *pictures);

/* The client acknowledged a frame. */
void pictures_on_ack(struct pictures *pictures, uint32_t frame_id, uint64_t now_us);

/* The client lost its picture: send all of it again. */
void pictures_refresh(struct pictures *pictures);

/* While held, nothing is pulled and nothing is begun. */
void pictures_hold(struct pictures *pictures, bool hold);

/* Goes on where that is possible: call after anything that may have removed an
 * obstacle (output drained, acknowledge). */
void pictures_kick(struct pictures *pictures);

#endif
