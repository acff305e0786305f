#include "rfx_tiles.h"
#include <codec/cpu.h>
#include <stdlib.h>

int rfx_tiles_init(struct rfx_tiles *tiles, int workers)
{
	*tiles = (struct rfx_tiles){ .quant = rfx_quant_preset(RFX_TILES_QUALITY) };
	for (int i = 0; i < workers; i++) {
		tiles->scratch[i] = rfx_scratch_create(cpu_flags_detect());
		if (!tiles->scratch[i])
			return ERR_MEMORY;
	}
	return 0;
}

void rfx_tiles_finish(struct rfx_tiles *tiles)
{
	for (size_t i = 0; i < sizeof tiles->scratch / sizeof *tiles->scratch; i++)
		rfx_scratch_destroy(tiles->scratch[i]);
	free(tiles->message);
}

struct rfx_tile_job rfx_tiles_job(
		const struct rfx_tiles *tiles, const struct sink_tile *tile, enum rfx_entropy entropy)
{
	return (struct rfx_tile_job){
		.src = tile->pixels,
		.stride_bytes = tile->stride_bytes,
		.w_px = tile->w_px,
		.h_px = tile->h_px,
		.x_tile = tile->x_px / SINK_TILE_PX,
		.y_tile = tile->y_px / SINK_TILE_PX,
		.quant = tiles->quant,
		.entropy = entropy,
	};
}

struct rfx_frame rfx_tiles_frame(
		struct rfx_tiles *tiles, const struct sink_chunk *chunks, size_t count, uint32_t index)
{
	for (size_t i = 0; i < count; i++) {
		const struct sink_tile *t = &chunks[i].tile;

		tiles->rects[i] = (struct rfx_rect){ (uint16_t)t->x_px, (uint16_t)t->y_px, (uint16_t)t->w_px,
			(uint16_t)t->h_px };
		tiles->chunks[i] = (struct rfx_chunk){ chunks[i].data, chunks[i].len };
	}
	return (struct rfx_frame){
		.frame_index = index,
		.rects = tiles->rects,
		.rect_count = count,
		.quants = tiles->quant,
		.quant_count = 1,
		.tiles = tiles->chunks,
		.tile_count = count,
	};
}

int rfx_tiles_reserve(struct rfx_tiles *tiles, size_t len)
{
	uint8_t *grown;

	if (len <= tiles->message_cap)
		return 0;
	grown = realloc(tiles->message, len);
	if (!grown)
		return ERR_MEMORY;
	tiles->message = grown;
	tiles->message_cap = len;
	return 0;
}
