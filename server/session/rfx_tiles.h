/* What the two RemoteFX sinks share: scratch memory per worker, quality, and the
 * way from tiles of the picture to jobs of the codec. */
#ifndef SESSION_RFX_TILES_H
#define SESSION_RFX_TILES_H

#include "sink.h"
#include <base/pool.h>
#include <codec/rfx.h>

/* Text must stay clean, and coloured text most of all. */
#define RFX_TILES_QUALITY RFX_QUALITY_HIGH

struct rfx_tiles {
	struct rfx_scratch *scratch[POOL_THREADS_MAX + 1];
	const struct rfx_quant *quant;
	struct rfx_rect rects[SINK_BATCH_MAX];
	struct rfx_chunk chunks[SINK_BATCH_MAX];
	uint8_t *message; /* grows to the largest */
	size_t message_cap;
};

/* 0 or ERR_MEMORY; finish it in either case. */
MUST_USE int rfx_tiles_init(struct rfx_tiles *tiles, int workers);
void rfx_tiles_finish(struct rfx_tiles *tiles);

/* The codec's job for a tile. */
struct rfx_tile_job rfx_tiles_job(
		const struct rfx_tiles *tiles, const struct sink_tile *tile, enum rfx_entropy entropy);

/* A frame of these tiles; borrows from tiles until the next call. */
struct rfx_frame rfx_tiles_frame(
		struct rfx_tiles *tiles, const struct sink_chunk *chunks, size_t count, uint32_t index);

/* Room for len bytes in tiles->message. 0 or ERR_MEMORY. */
MUST_USE int rfx_tiles_reserve(struct rfx_tiles *tiles, size_t len);

#endif
