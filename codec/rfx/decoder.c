/* The classic frame stream, [MS-RDPRFX] 2.2.2 and 3.1.8.2. Blocks of unknown
 * type are skipped; what the specification tells decoders to ignore is not
 * checked. */
#include "blocks.h"
#include "scratch.h"

#include <stdlib.h>

struct rfx_decoder {
	struct rfx_scratch *scratch;
	int w_px, h_px; /* of the channel; 0: no headers yet */
	struct rfx_rect rects[RFX_DECODED_RECTS_MAX];
	size_t rect_count;
	struct rfx_shifts shifts[256];
	int quant_count;
};

struct target {
	const struct rfx_picture *picture;
	int left_px, top_px;
};

struct rfx_decoder *rfx_decoder_create(unsigned cpu_flags)
{
	struct rfx_decoder *decoder = calloc(1, sizeof *decoder);

	if (!decoder)
		return NULL;
	decoder->scratch = rfx_scratch_create(cpu_flags);
	if (!decoder->scratch) {
		free(decoder);
		return NULL;
	}
	return decoder;
}

void rfx_decoder_destroy(struct rfx_decoder *decoder)
{
	if (!decoder)
		return;
	rfx_scratch_destroy(decoder->scratch);
	free(decoder);
}

const struct rfx_rect *rfx_decoder_rects(const struct rfx_decoder *decoder, size_t *count)
{
	*count = decoder->rect_count;
	return decoder->rects;
}

static int on_sync(struct rfx_decoder *decoder, struct reader *r, const struct target *target)
{
	bool known = reader_u32(r) == RFX_MAGIC && reader_u16(r) == RFX_VERSION_1_0;

	return known && reader_ok(r) ? 0 : ERR_FORMAT;
}

/* Only the first channel: there is one in each stream, 3.1.8.3.1. */
static int on_channels(struct rfx_decoder *decoder, struct reader *r, const struct target *target)
{
	int count = reader_u8(r), w_px, h_px;

	reader_u8(r); /* channel number */
	w_px = reader_u16(r);
	h_px = reader_u16(r);
	if (!reader_ok(r) || count < 1 || rfx_size_check(w_px, h_px) < 0)
		return ERR_FORMAT;
	decoder->w_px = w_px;
	decoder->h_px = h_px;
	return 0;
}

static int on_context(struct rfx_decoder *decoder, struct reader *r, const struct target *target)
{
	reader_u8(r); /* context number */
	return reader_u16(r) == RFX_TILE_SIZE && reader_ok(r) ? 0 : ERR_FORMAT;
}

static int on_region(struct rfx_decoder *decoder, struct reader *r, const struct target *target)
{
	size_t count;

	reader_u8(r); /* flags */
	count = reader_u16(r);
	decoder->rect_count = 0;
	if (count > RFX_DECODED_RECTS_MAX || rfx_rects_read(r, decoder->rects, count) < 0)
		return ERR_FORMAT;
	if (count == 0) { /* the whole channel, 2.2.2.3.3 */
		decoder->rects[0] =
				(struct rfx_rect){ 0, 0, (uint16_t)decoder->w_px, (uint16_t)decoder->h_px };
		count = 1;
	}
	decoder->rect_count = count;
	return 0;
}

/* TS_RFX_CODEC_QUANT, 2.2.2.1.5; in the order of its fields. */
static int read_shifts(struct reader *r, struct rfx_shifts *shifts)
{
	static const uint8_t order[BANDS] = { BAND_LL3, BAND_LH3, BAND_HL3, BAND_HH3, BAND_LH2, BAND_HL2,
		BAND_HH2, BAND_LH1, BAND_HL1, BAND_HH1 };

	for (int i = 0; i < BANDS; i += 2) {
		int two = reader_u8(r), low = two & 15, high = two >> 4;

		if (low < 6 || high < 6)
			return ERR_FORMAT;
		shifts->of[order[i]] = (uint8_t)(low - 1);
		shifts->of[order[i + 1]] = (uint8_t)(high - 1);
	}
	return reader_ok(r) ? 0 : ERR_FORMAT;
}

static int read_tile(struct rfx_decoder *decoder, struct reader *r, enum rfx_entropy entropy,
		const struct target *target)
{
	const struct rfx_shifts *shifts[RFX_COMPONENTS];
	struct rfx_component_bits bits[RFX_COMPONENTS];
	int x_tile, y_tile, x_px, y_px;

	for (int i = 0; i < RFX_COMPONENTS; i++) {
		int index = reader_u8(r);

		if (index >= decoder->quant_count)
			return ERR_FORMAT;
		shifts[i] = &decoder->shifts[index];
	}
	x_tile = reader_u16(r);
	y_tile = reader_u16(r);
	for (int i = 0; i < RFX_COMPONENTS; i++)
		bits[i].len = reader_u16(r);
	for (int i = 0; i < RFX_COMPONENTS; i++)
		bits[i].data = reader_take(r, bits[i].len);
	if (!reader_ok(r) || x_tile >= RFX_SIZE_MAX / RFX_TILE_SIZE || y_tile >= RFX_SIZE_MAX / RFX_TILE_SIZE)
		return ERR_FORMAT;
	x_px = x_tile * RFX_TILE_SIZE + target->left_px;
	y_px = y_tile * RFX_TILE_SIZE + target->top_px;
	rfx_tile_prefetch(target->picture, x_px, y_px);
	rfx_components_decode(decoder->scratch, entropy, bits, shifts, decoder->scratch->dsp.inverse);
	rfx_tile_paint(decoder->scratch, target->picture, x_px, y_px, decoder->rects, decoder->rect_count,
			target->left_px, target->top_px);
	return 0;
}

static int read_tiles(struct rfx_decoder *decoder, struct reader *r, int count, enum rfx_entropy entropy,
		const struct target *target)
{
	for (int i = 0; i < count; i++) {
		int type = reader_u16(r);
		uint32_t len = reader_u32(r);
		struct reader tile;

		if (type != RFX_BLOCK_TILE || len < 6)
			return ERR_FORMAT;
		tile = reader_sub(r, len - 6);
		if (!reader_ok(r) || read_tile(decoder, &tile, entropy, target) < 0)
			return ERR_FORMAT;
	}
	return 0;
}

static int on_tileset(struct rfx_decoder *decoder, struct reader *r, const struct target *target)
{
	int subtype = reader_u16(r), entropy, tile_count;

	reader_u16(r); /* context number */
	entropy = reader_u16(r) >> 10 & 15;
	decoder->quant_count = reader_u8(r);
	reader_u8(r); /* tile size */
	tile_count = reader_u16(r);
	reader_u32(r); /* size of all tiles */
	if (!reader_ok(r) || subtype != RFX_SUBTYPE_TILESET || (entropy != RFX_RLGR1 && entropy != RFX_RLGR3))
		return ERR_FORMAT;
	for (int i = 0; i < decoder->quant_count; i++)
		if (read_shifts(r, &decoder->shifts[i]) < 0)
			return ERR_FORMAT;
	return read_tiles(decoder, r, tile_count, (enum rfx_entropy)entropy, target);
}

/* ids: codec and channel number in front, which decoders ignore. */
static const struct block {
	enum rfx_block_type type;
	bool ids;
	int (*on_block)(struct rfx_decoder *decoder, struct reader *r, const struct target *target);
} blocks[] = {
	{ RFX_BLOCK_SYNC, false, on_sync },
	{ RFX_BLOCK_CHANNELS, false, on_channels },
	{ RFX_BLOCK_CONTEXT, true, on_context },
	{ RFX_BLOCK_REGION, true, on_region },
	{ RFX_BLOCK_TILESET, true, on_tileset },
};

static int read_block(struct rfx_decoder *decoder, int type, struct reader *r, const struct target *target)
{
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
		if ((int)blocks[i].type != type)
			continue;
		if (blocks[i].ids)
			reader_u16(r);
		return blocks[i].on_block(decoder, r, target);
	}
	return 0;
}

static bool move_valid(int px)
{
	return px >= -RFX_MOVE_MAX && px <= RFX_MOVE_MAX;
}

int rfx_decoder_paint(struct rfx_decoder *decoder, const uint8_t *data, size_t len,
		const struct rfx_picture *dst, int left_px, int top_px)
{
	struct target target = { dst, left_px, top_px };
	struct reader r = reader_init(data, len);

	if (!move_valid(left_px) || !move_valid(top_px))
		return ERR_ARGUMENT;
	while (reader_left(&r) > 0) {
		int type = reader_u16(&r);
		uint32_t block_len = reader_u32(&r);
		struct reader block;

		if (block_len < 6)
			return ERR_FORMAT;
		block = reader_sub(&r, block_len - 6);
		if (!reader_ok(&r) || read_block(decoder, type, &block, &target) < 0)
			return ERR_FORMAT;
	}
	return 0;
}
