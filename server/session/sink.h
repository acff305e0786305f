/* Where pictures go: one interface, a sibling per way that RDP has for pixels. A
 * frame is begun, its changed tiles are encoded (pure work, on the pool), handed
 * over in batches, and the frame is ended. Everything but `encode` runs in the loop
 * thread. */
#ifndef SESSION_SINK_H
#define SESSION_SINK_H

#include <base/err.h>
#include <freerdp/freerdp.h>
#include <proto/link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gfx;

enum {
	SINK_TILE_PX = 64,
	SINK_BATCH_MAX = 64, /* tiles: 64 of them are 256 Ki pixels, a few ms of one core */
	/* Three on the way keep 60 Hz at a round trip of 50 ms; more would only make the
	 * client's picture older. */
	SINK_FRAMES_IN_FLIGHT_MAX = 3,
};

/* A tile to encode; borrowed. */
struct sink_tile {
	const uint8_t *pixels; /* XRGB8888, the tile's top left */
	ptrdiff_t stride_bytes;
	int x_px, y_px; /* in the picture */
	int w_px, h_px; /* 1..SINK_TILE_PX */
};

/* An encoded tile. */
struct sink_chunk {
	struct sink_tile tile;
	uint8_t *data;
	size_t len;
};

struct sink {
	const struct sink_ops *ops;
	size_t tile_cap; /* room that `encode` wants, bytes */
};

struct sink_ops {
	const char *codec; /* for the trace */
	/* Encodes one tile. Pure; worker picks the scratch. Bytes (> 0) or ERR_*. */
	int (*encode)(const struct sink *sink, const struct sink_tile *tile, int worker, uint8_t *dst,
			size_t cap);
	/* The desktop's size, before the first frame and at each change. 0 or ERR_*. */
	int (*resize)(struct sink *sink, const struct link_layout *layout);
	/* 0 or ERR_*; *frame_id comes back in acknowledges. */
	int (*begin)(struct sink *sink, uint32_t *frame_id);
	/* count tiles 1..SINK_BATCH_MAX; borrowed. 0 or ERR_*. */
	int (*emit)(struct sink *sink, const struct sink_chunk *chunks, size_t count);
	int (*end)(struct sink *sink);
	/* Frames ended and not yet shown by the client; 0 when it does not tell. */
	unsigned (*in_flight)(const struct sink *sink);
	/* This client acknowledges frames. */
	bool (*acknowledges)(const struct sink *sink);
	/* An acknowledge that FreeRDP received; NULL: it comes another way. */
	void (*on_ack)(struct sink *sink, uint32_t frame_id);
	void (*destroy)(struct sink *sink);
};

/* The graphics pipeline: RemoteFX progressive, or classic RemoteFX for clients that
 * ask for it. gfx is borrowed. All return owned, or NULL without memory. */
struct sink *sink_gfx_create(struct gfx *gfx, bool remotefx, int workers);

/* RemoteFX surface bits, for clients without the pipeline. */
struct sink *sink_surface_create(rdpContext *context, int workers);

/* Bitmap updates, for everything else: planar at 32 bpp, else interleaved RLE. */
struct sink *sink_bitmap_create(rdpContext *context);

#endif
