/* Hostile streams for progressive_work.sh, which counts the instructions they take:
 *
 *     progressive-work regions|rects|tiles COUNT
 *
 * onto a surface of which all 1024 tiles were sent earlier in the same frame: COUNT
 * regions of one rectangle that shows nothing; COUNT regions of as many rectangles as
 * there may be, as large as they can be, that show nothing; COUNT tiles in one region
 * whose rectangles all hold nearly all of the tile. Prints the bytes of the stream. */
#include <codec/cpu.h>
#include <codec/progressive.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SIDE = 2048,
	TILES = SIDE / 64 * SIDE / 64,
	TILE_BYTES = 64, /* of a flat one: fewer */
	RECTS = 4096,
	FRAME = 7,
	HEAD = 34, /* what progressive_frame_write puts before the region */
	TAIL = 6,  /* and after */
	COUNT_MAX = 4000,
};

static uint8_t tiles[TILES][TILE_BYTES], pixels[64 * 64 * 4];

/* All alike but for their place. Returns the bytes of each, or 0. */
static size_t make_tiles(struct rfx_scratch *scratch)
{
	struct rfx_tile_job job = { .src = pixels,
		.stride_bytes = 256,
		.w_px = 64,
		.h_px = 64,
		.quant = rfx_quant_preset(RFX_QUALITY_HIGH) };
	int len = progressive_tile_encode(&job, scratch, tiles[0], TILE_BYTES);

	for (int i = 1; i < TILES; i++) {
		memcpy(tiles[i], tiles[0], TILE_BYTES);
		tiles[i][9] = (uint8_t)(i % (SIDE / 64));
		tiles[i][11] = (uint8_t)(i / (SIDE / 64));
	}
	return len > 0 ? (size_t)len : 0;
}

/* One region; returns owned. */
static uint8_t *make_message(struct rfx_rect rect, size_t rect_count, const struct rfx_chunk *chunks,
		size_t tile_count, size_t *len)
{
	static struct rfx_rect rects[RECTS];
	struct rfx_frame frame = { .rects = rects,
		.rect_count = rect_count,
		.quants = rfx_quant_preset(RFX_QUALITY_HIGH),
		.quant_count = 1,
		.tiles = chunks,
		.tile_count = tile_count };
	uint8_t *message;

	for (size_t i = 0; i < rect_count; i++)
		rects[i] = rect;
	*len = progressive_frame_size(&frame);
	message = malloc(*len);
	if (!message || progressive_frame_write(SIDE, SIDE, &frame, message, *len) < 0)
		abort();
	return message;
}

/* The region of a message count times; returns owned, and frees the message. */
static uint8_t *repeat(uint8_t *message, size_t count, size_t *len)
{
	size_t region = *len - HEAD - TAIL;
	uint8_t *all = malloc(HEAD + count * region);

	if (!all)
		abort();
	memcpy(all, message, HEAD);
	for (size_t i = 0; i < count; i++)
		memcpy(all + HEAD + i * region, message + HEAD, region);
	*len = HEAD + count * region;
	free(message);
	return all;
}

static uint8_t *make_stream(const char *kind, size_t count, size_t *len)
{
	static const struct rfx_rect nothing = { SIDE, 0, 8, 8 }, large = { 0, SIDE, 65535, 65535 },
				     nearly_all = { 0, 0, 63, 64 };
	static struct rfx_chunk same[COUNT_MAX];
	uint8_t *message;

	for (size_t i = 0; i < count; i++)
		same[i] = (struct rfx_chunk){ tiles[0], tiles[0][2] };
	if (strcmp(kind, "tiles") == 0)
		return make_message(nearly_all, RECTS, same, count, len);
	message = strcmp(kind, "rects") == 0 ? make_message(large, RECTS, NULL, 0, len)
					     : make_message(nothing, 1, NULL, 0, len);
	return repeat(message, count, len);
}

int main(int argc, char **argv)
{
	struct rfx_scratch *scratch = rfx_scratch_create(cpu_flags_detect());
	struct progressive_decoder *decoder = progressive_decoder_create(SIDE, SIDE, cpu_flags_detect());
	struct rfx_picture picture = { pixels, 256, 64, 64 };
	struct rfx_chunk chunks[TILES];
	size_t count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0, tile_len, len;
	uint8_t *stream;
	int err;

	if (count < 1 || count > COUNT_MAX || !scratch || !decoder)
		return 2;
	tile_len = make_tiles(scratch);
	for (int i = 0; i < TILES; i++)
		chunks[i] = (struct rfx_chunk){ tiles[i], tile_len };
	stream = make_message((struct rfx_rect){ 0, 0, SIDE, SIDE }, 1, chunks, TILES, &len);
	err = progressive_decoder_paint(decoder, FRAME, stream, len, &picture);
	free(stream);
	stream = make_stream(argv[1], count, &len);
	if (!err)
		err = progressive_decoder_paint(decoder, FRAME, stream, len, &picture);
	printf("%zu\n", len);
	free(stream);
	progressive_decoder_destroy(decoder);
	rfx_scratch_destroy(scratch);
	return err ? 1 : 0;
}
