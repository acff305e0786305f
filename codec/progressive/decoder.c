/* The progressive stream, [MS-RDPEGFX] 2.2.4.2 and 3.3.8.2. Blocks out of place
 * are skipped where the specification says so.
 *
 * Each tile keeps its quantised coefficients for upgrade passes and difference
 * tiles. A rectangle may show tiles of an earlier region of the same frame; such
 * a tile is made into pixels again from its coefficients. */
#include "blocks.h"
#include "pass.h"
#include "tile_set.h"
#include <codec/progressive.h>
#include <rfx/scratch.h>
#include <stdlib.h>

/* Tables of a region are few (at most 7 quantisers by the specification). */
#define QUANTS_MAX 255

enum {
	REPAINTS_PER_TILE = 2, /* more would let few bytes cause much work */
};

struct tile {
	struct pass_component components[RFX_COMPONENTS];
	struct pass_positions positions[RFX_COMPONENTS];
	struct rfx_shifts shifts[RFX_COMPONENTS];
	bool extrapolate;
};

struct quality {
	struct pass_positions positions[RFX_COMPONENTS];
};

struct progressive_decoder {
	struct rfx_scratch *scratch;
	int w_tiles, h_tiles;
	struct tile **tiles; /* NULL: not sent yet */
	struct rfx_rect rects[RFX_DECODED_RECTS_MAX];
	size_t rect_count;
	struct rfx_shifts shifts[QUANTS_MAX];
	struct quality qualities[QUANTS_MAX];
	int quant_count, quality_count;
	bool extrapolate;
	struct tile_set of_frame, of_region; /* sent in this frame, and in this region of it */
	uint32_t frame_id;
	bool in_frame;
	int repaints_left; /* of earlier tiles of this frame; each that is sent pays for some */
	const struct rfx_picture *picture;
};

struct progressive_decoder *progressive_decoder_create(int w_px, int h_px, unsigned cpu_flags)
{
	struct progressive_decoder *decoder;

	if (rfx_size_check(w_px, h_px) < 0)
		return NULL;
	decoder = calloc(1, sizeof *decoder);
	if (!decoder)
		return NULL;
	decoder->w_tiles = (w_px + RFX_TILE_SIZE - 1) / RFX_TILE_SIZE;
	decoder->h_tiles = (h_px + RFX_TILE_SIZE - 1) / RFX_TILE_SIZE;
	decoder->tiles = calloc((size_t)decoder->w_tiles * (size_t)decoder->h_tiles, sizeof *decoder->tiles);
	decoder->scratch = rfx_scratch_create(cpu_flags);
	if (!decoder->tiles || !decoder->scratch) {
		progressive_decoder_destroy(decoder);
		return NULL;
	}
	return decoder;
}

void progressive_decoder_destroy(struct progressive_decoder *decoder)
{
	if (!decoder)
		return;
	for (int i = 0; decoder->tiles && i < decoder->w_tiles * decoder->h_tiles; i++)
		free(decoder->tiles[i]);
	free(decoder->tiles);
	rfx_scratch_destroy(decoder->scratch);
	free(decoder);
}

const struct rfx_rect *progressive_decoder_rects(const struct progressive_decoder *decoder, size_t *count)
{
	*count = decoder->rect_count;
	return decoder->rects;
}

/* RFX_COMPONENT_CODEC_QUANT, 2.2.4.2.1.5.2, to the order of the coefficients. */
static void read_bands(struct reader *r, uint8_t of[BANDS])
{
	static const uint8_t order[BANDS] = { BAND_LL3, BAND_HL3, BAND_LH3, BAND_HH3, BAND_HL2, BAND_LH2,
		BAND_HH2, BAND_HL1, BAND_LH1, BAND_HH1 };

	for (int i = 0; i < BANDS; i += 2) {
		int two = reader_u8(r);

		of[order[i]] = two & 15;
		of[order[i + 1]] = (uint8_t)(two >> 4);
	}
}

static int read_tables(struct progressive_decoder *decoder, struct reader *r)
{
	for (int i = 0; i < decoder->quant_count; i++) {
		uint8_t *of = decoder->shifts[i].of;

		read_bands(r, of);
		for (int band = 0; band < BANDS; band++)
			if (of[band]-- < 6) /* below 6 the fixed point has no bits for */
				return ERR_FORMAT;
	}
	for (int i = 0; i < decoder->quality_count; i++) {
		reader_u8(r); /* per cent */
		for (int j = 0; j < RFX_COMPONENTS; j++)
			read_bands(r, decoder->qualities[i].positions[j].of);
	}
	return reader_ok(r) ? 0 : ERR_FORMAT;
}

/* The planes of scratch from the tile's coefficients. */
static void tile_transform(struct progressive_decoder *decoder, struct tile *tile)
{
	struct rfx_scratch *scratch = decoder->scratch;
	struct rfx_dsp *dsp = &scratch->dsp;

	for (int i = 0; i < RFX_COMPONENTS; i++) {
		memcpy(scratch->coefs, tile->components[i].ref, sizeof scratch->coefs);
		if (tile->extrapolate) {
			rfx_differences(scratch->coefs + RFX_COEFS - 81, 81);
			dsp->inverse_extrapolate(scratch->planes[i], scratch->coefs, &tile->shifts[i]);
		} else {
			rfx_differences(scratch->coefs + RFX_COEFS - 64, 64);
			dsp->inverse(scratch->planes[i], scratch->coefs, &tile->shifts[i]);
		}
	}
}

static void tile_paint(struct progressive_decoder *decoder, struct tile *tile, int x_tile, int y_tile)
{
	tile_transform(decoder, tile);
	rfx_tile_paint(decoder->scratch, decoder->picture, x_tile * RFX_TILE_SIZE, y_tile * RFX_TILE_SIZE,
			decoder->rects, decoder->rect_count, 0, 0);
}

struct tile_header {
	const struct rfx_shifts *shifts[RFX_COMPONENTS];
	int x, y;
	bool difference;
	const struct pass_positions *positions; /* of the components */
};

static const struct pass_positions full_quality[RFX_COMPONENTS];

static int read_header(
		struct progressive_decoder *decoder, struct reader *r, int type, struct tile_header *header)
{
	int quality = PROGRESSIVE_FULL_QUALITY;

	for (int i = 0; i < RFX_COMPONENTS; i++) {
		int index = reader_u8(r);

		if (index >= decoder->quant_count)
			return ERR_FORMAT;
		header->shifts[i] = &decoder->shifts[index];
	}
	header->x = reader_u16(r);
	header->y = reader_u16(r);
	header->difference = type != PROGRESSIVE_TILE_UPGRADE && (reader_u8(r) & PROGRESSIVE_DIFFERENCE);
	if (type != PROGRESSIVE_TILE_SIMPLE)
		quality = reader_u8(r);
	if (quality != PROGRESSIVE_FULL_QUALITY && quality >= decoder->quality_count)
		return ERR_FORMAT;
	header->positions = quality == PROGRESSIVE_FULL_QUALITY ? full_quality
								: decoder->qualities[quality].positions;
	return reader_ok(r) && header->x < decoder->w_tiles && header->y < decoder->h_tiles ? 0 : ERR_FORMAT;
}

static struct tile **tile_at(struct progressive_decoder *decoder, int x_tile, int y_tile)
{
	return &decoder->tiles[y_tile * decoder->w_tiles + x_tile];
}

static void tile_stamp(
		struct progressive_decoder *decoder, struct tile *tile, const struct tile_header *header)
{
	for (int i = 0; i < RFX_COMPONENTS; i++) {
		tile->positions[i] = header->positions[i];
		tile->shifts[i] = *header->shifts[i];
	}
	decoder->repaints_left += REPAINTS_PER_TILE;
	tile_set_add(&decoder->of_frame, header->x, header->y);
	tile_set_add(&decoder->of_region, header->x, header->y);
}

static int on_tile_first(
		struct progressive_decoder *decoder, struct reader *r, const struct tile_header *header)
{
	const struct pass_layout *layout =
			decoder->extrapolate ? &pass_layout_extrapolate : &pass_layout_classic;
	struct tile **slot = tile_at(decoder, header->x, header->y), *tile = *slot;
	struct rfx_component_bits bits[RFX_COMPONENTS];

	for (int i = 0; i < RFX_COMPONENTS; i++)
		bits[i].len = reader_u16(r);
	reader_u16(r); /* size of the tail */
	for (int i = 0; i < RFX_COMPONENTS; i++)
		bits[i].data = reader_take(r, bits[i].len);
	if (!reader_ok(r) || (header->difference && (!tile || tile->extrapolate != decoder->extrapolate)))
		return ERR_FORMAT;
	if (!tile)
		*slot = tile = calloc(1, sizeof *tile);
	if (!tile)
		return ERR_MEMORY;
	tile->extrapolate = decoder->extrapolate;
	for (int i = 0; i < RFX_COMPONENTS; i++) {
		decoder->scratch->dsp.rlgr1_decode(decoder->scratch->coefs, bits[i].data, bits[i].len);
		pass_first_apply(&tile->components[i], layout, &header->positions[i], decoder->scratch->coefs,
				header->difference);
	}
	tile_stamp(decoder, tile, header);
	tile_paint(decoder, tile, header->x, header->y);
	return 0;
}

static int on_tile_upgrade(
		struct progressive_decoder *decoder, struct reader *r, const struct tile_header *header)
{
	struct tile *tile = *tile_at(decoder, header->x, header->y);
	struct pass_bits bits[RFX_COMPONENTS];

	for (int i = 0; i < RFX_COMPONENTS; i++) {
		bits[i].srl_len = reader_u16(r);
		bits[i].raw_len = reader_u16(r);
	}
	for (int i = 0; i < RFX_COMPONENTS; i++) {
		bits[i].srl = reader_take(r, bits[i].srl_len);
		bits[i].raw = reader_take(r, bits[i].raw_len);
	}
	if (!reader_ok(r) || !tile || tile->extrapolate != decoder->extrapolate)
		return ERR_FORMAT;
	for (int i = 0; i < RFX_COMPONENTS; i++) {
		const struct pass_layout *layout =
				decoder->extrapolate ? &pass_layout_extrapolate : &pass_layout_classic;
		int err = pass_upgrade_apply(&tile->components[i], layout, &tile->positions[i],
				&header->positions[i], &bits[i]);

		if (err < 0)
			return err;
	}
	tile_stamp(decoder, tile, header);
	tile_paint(decoder, tile, header->x, header->y);
	return 0;
}

static int read_tile(struct progressive_decoder *decoder, int type, struct reader *r)
{
	struct tile_header header;

	if (type < PROGRESSIVE_TILE_SIMPLE || type > PROGRESSIVE_TILE_UPGRADE)
		return ERR_FORMAT;
	if (read_header(decoder, r, type, &header) < 0)
		return ERR_FORMAT;
	if (type == PROGRESSIVE_TILE_UPGRADE)
		return on_tile_upgrade(decoder, r, &header);
	return on_tile_first(decoder, r, &header);
}

/* Tiles of earlier regions of this frame inside this region's rectangles. */
static int repaint_earlier(struct progressive_decoder *decoder)
{
	struct tile_set touched = { 0 };

	for (size_t i = 0; i < decoder->rect_count; i++)
		tile_set_add_rect(&touched, &decoder->rects[i]);
	for (int i = 0; i < decoder->h_tiles * TILE_SET_WORDS; i++) {
		int y = i / TILE_SET_WORDS, word = i % TILE_SET_WORDS;
		uint64_t tiles = touched.rows[y][word] & decoder->of_frame.rows[y][word] &
				~decoder->of_region.rows[y][word];

		for (; tiles; tiles &= tiles - 1) {
			int x = 64 * word + __builtin_ctzll(tiles);

			if (decoder->repaints_left-- <= 0)
				return ERR_FORMAT;
			tile_paint(decoder, *tile_at(decoder, x, y), x, y);
		}
	}
	return 0;
}

static int read_tiles(struct progressive_decoder *decoder, struct reader *r, int count)
{
	for (int i = 0; i < count; i++) {
		int type = reader_u16(r), err;
		uint32_t len = reader_u32(r);
		struct reader tile;

		if (len < 6)
			return ERR_FORMAT;
		tile = reader_sub(r, len - 6);
		if (!reader_ok(r))
			return ERR_FORMAT;
		err = read_tile(decoder, type, &tile);
		if (err < 0)
			return err;
	}
	return 0;
}

static int on_region(struct progressive_decoder *decoder, struct reader *r)
{
	int tile_count, err;
	size_t rect_count;

	if (!decoder->in_frame)
		return 0;
	decoder->of_region = (struct tile_set){ 0 };
	decoder->rect_count = 0;
	reader_u8(r); /* tile size */
	rect_count = reader_u16(r);
	decoder->quant_count = reader_u8(r);
	decoder->quality_count = reader_u8(r);
	decoder->extrapolate = reader_u8(r) & PROGRESSIVE_EXTRAPOLATE;
	tile_count = reader_u16(r);
	reader_u32(r); /* size of all tiles */
	if (rect_count > RFX_DECODED_RECTS_MAX || rfx_rects_read(r, decoder->rects, rect_count) < 0)
		return ERR_FORMAT;
	decoder->rect_count = rect_count;
	if (read_tables(decoder, r) < 0)
		return ERR_FORMAT;
	err = read_tiles(decoder, r, tile_count);
	return err < 0 ? err : repaint_earlier(decoder);
}

static int read_block(struct progressive_decoder *decoder, int type, struct reader *r)
{
	switch (type) {
	case PROGRESSIVE_FRAME_BEGIN: decoder->in_frame = true; return 0;
	case PROGRESSIVE_FRAME_END: decoder->in_frame = false; return 0;
	case PROGRESSIVE_REGION: return on_region(decoder, r);
	case PROGRESSIVE_CONTEXT:
		reader_u8(r); /* context number */
		return reader_u16(r) == RFX_TILE_SIZE ? 0 : ERR_FORMAT;
	default: return 0;
	}
}

int progressive_decoder_paint(struct progressive_decoder *decoder, uint32_t frame_id, const uint8_t *data,
		size_t len, const struct rfx_picture *dst)
{
	struct reader r = reader_init(data, len);

	decoder->picture = dst;
	decoder->in_frame = false;
	if (frame_id != decoder->frame_id) {
		decoder->of_frame = (struct tile_set){ 0 };
		decoder->repaints_left = 0;
	}
	decoder->frame_id = frame_id;
	while (reader_left(&r) > 0) {
		int type = reader_u16(&r), err;
		uint32_t block_len = reader_u32(&r);
		struct reader block;

		if (block_len < 6)
			return ERR_FORMAT;
		block = reader_sub(&r, block_len - 6);
		if (!reader_ok(&r))
			return ERR_FORMAT;
		err = read_block(decoder, type, &block);
		if (err < 0)
			return err;
	}
	return 0;
}
