/* The server's end of the graphics pipeline channel, [MS-RDPEGFX]: capabilities,
 * one surface that covers the whole desktop, frames and their acknowledges. What it
 * queues goes through ZGFX into the dynamic channels (dvc.h). One thread. */
#ifndef SERVER_CHANNELS_GFX_H
#define SERVER_CHANNELS_GFX_H

#include "dvc.h"
#include <base/err.h>
#include <proto/gfx.h>

struct gfx;

struct gfx_events {
	/* Capabilities are agreed on: frames may be sent after gfx_reset. Comes again
	 * when the client starts anew. */
	void (*on_ready)(void *user, const struct gfx_caps_choice *choice);
	/* There will be no graphics pipeline. */
	void (*on_refused)(void *user);
	/* decoded_us: CLOCK_MONOTONIC of the acknowledge's arrival. */
	void (*on_ack)(void *user, uint32_t frame_id, uint64_t decoded_us);
	void *user;
};

/* Opens the channel. dvc is borrowed; events are copied. NULL on failure. */
struct gfx *gfx_create(struct dvc *dvc, const struct gfx_events *events);

/* NULL is fine. Before dvc_destroy or after it. */
void gfx_destroy(struct gfx *gfx);

/* New desktop: resets the output, drops the old surface, makes and maps the new
 * one. The client's picture is black afterwards. 0 or ERR_*. */
MUST_USE int gfx_reset(struct gfx *gfx, const struct link_layout *layout);

/* A frame: begin, any number of tiles, end. Frame ids are given out here. */
MUST_USE int gfx_frame_begin(struct gfx *gfx, uint32_t *frame_id);
MUST_USE int gfx_frame_end(struct gfx *gfx);

/* A bitmap for the whole surface inside a frame: GFX_CODEC_PROGRESSIVE or
 * GFX_CODEC_REMOTEFX. data is borrowed during the call. 0 or ERR_*. */
MUST_USE int gfx_frame_bitmap(struct gfx *gfx, enum gfx_codec codec, const uint8_t *data, size_t len);

/* Frames ended and not yet acknowledged; 0 when the client sends no acknowledges. */
unsigned gfx_frames_in_flight(const struct gfx *gfx);

/* The client still sends acknowledges. */
bool gfx_acknowledges(const struct gfx *gfx);

#endif
