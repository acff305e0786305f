/* ClearCodec decoder: residual, bands, subcodecs, each over the one before, then the
 * glyph cache. [MS-RDPEGFX] 2.2.4.1. */
#include "bands_decode.h"
#include "nsc.h"
#include "target.h"
#include <codec/clear.h>
#include <stdlib.h>

struct clear_decoder {
	struct clear_caches caches;
	uint8_t sequence;
	bool started;
	uint8_t *scratch;
	size_t scratch_bytes;
};

struct picture {
	uint8_t *dst;
	ptrdiff_t stride_bytes;
	int w_px, h_px;
};

struct clear_decoder *clear_decoder_create(void)
{
	return calloc(1, sizeof(struct clear_decoder));
}

void clear_decoder_destroy(struct clear_decoder *dec)
{
	if (!dec)
		return;
	clear_caches_finish(&dec->caches);
	free(dec->scratch);
	free(dec);
}

static struct clear_target target_of(const struct picture *pic)
{
	return clear_target_init(pic->dst, pic->stride_bytes, pic->w_px, pic->h_px);
}

static uint32_t read_run_length(struct reader *r)
{
	uint32_t len = reader_u8(r);

	if (len == 0xff)
		len = reader_u16(r);
	else
		return len;
	return len == 0xffff ? reader_u32(r) : len;
}

static int decode_residual(struct reader r, const struct picture *pic)
{
	struct clear_target t = target_of(pic);

	while (reader_left(&r)) {
		uint32_t colour = clear_read_colour(&r);

		if (!clear_target_fill(&t, colour, read_run_length(&r)))
			return ERR_FORMAT;
	}
	return reader_ok(&r) ? 0 : ERR_FORMAT;
}

static void put_raw_row(uint8_t *dst, const uint8_t *src, int n)
{
	for (; n; n--, dst += 4, src += 3) {
		uint32_t px = clear_load_colour(src);

		memcpy(dst, &px, sizeof px);
	}
}

static int decode_raw(struct reader r, const struct picture *part)
{
	size_t row_bytes = 3 * (size_t)part->w_px;

	if (reader_left(&r) != row_bytes * (size_t)part->h_px)
		return ERR_FORMAT;
	for (int y = 0; y < part->h_px; y++)
		put_raw_row(part->dst + y * part->stride_bytes, reader_take(&r, row_bytes), part->w_px);
	return 0;
}

/* One CLEARCODEC_SUBCODEC_RLEX_SEGMENT */
static bool decode_segment(
		struct reader *r, const uint32_t *palette, int count, int bits, struct clear_target *t)
{
	int code = reader_u8(r);
	int stop = code & ((1 << bits) - 1), index = stop - (code >> bits);
	uint32_t run = read_run_length(r);

	if (!reader_ok(r) || index < 0 || stop >= count || !clear_target_fill(t, palette[index], run))
		return false;
	for (; index <= stop; index++) {
		if (!clear_target_fill(t, palette[index], 1))
			return false;
	}
	return true;
}

static int decode_rlex(struct reader r, const struct picture *part)
{
	struct clear_target t = target_of(part);
	uint32_t palette[CLEAR_PALETTE_MAX];
	int count = reader_u8(&r), bits;

	if (count < 1 || count > CLEAR_PALETTE_MAX)
		return ERR_FORMAT;
	for (int i = 0; i < count; i++)
		palette[i] = clear_read_colour(&r);
	bits = count < 3 ? 1 : 32 - __builtin_clz((unsigned)count - 1);
	while (reader_left(&r)) {
		if (!decode_segment(&r, palette, count, bits, &t))
			return ERR_FORMAT;
	}
	return reader_ok(&r) && !t.left ? 0 : ERR_FORMAT;
}

static int decode_nsc(struct clear_decoder *dec, struct reader r, const struct picture *part)
{
	size_t bytes = clear_nsc_scratch(part->w_px, part->h_px);

	if (bytes > dec->scratch_bytes) {
		free(dec->scratch);
		dec->scratch = malloc(bytes);
		dec->scratch_bytes = dec->scratch ? bytes : 0;
		if (!dec->scratch)
			return ERR_MEMORY;
	}
	return clear_nsc_decode(r, part->w_px, part->h_px, dec->scratch, part->dst, part->stride_bytes);
}

/* CLEARCODEC_SUBCODEC. The area it paints is taken from *budget: many large ones that
 * cost few bytes would otherwise take for ever. */
static int decode_subcodec(
		struct clear_decoder *dec, struct reader *r, const struct picture *pic, int64_t *budget)
{
	int x = reader_u16(r), y = reader_u16(r), w_px = reader_u16(r), h_px = reader_u16(r);
	struct picture part = { NULL, pic->stride_bytes, w_px, h_px };
	uint32_t bytes = reader_u32(r);
	int id = reader_u8(r);
	struct reader data = reader_sub(r, bytes);

	if (!reader_ok(r) || !w_px || !h_px || x + w_px > pic->w_px || y + h_px > pic->h_px)
		return ERR_FORMAT;
	part.dst = pic->dst + y * pic->stride_bytes + 4 * x;
	*budget -= (int64_t)w_px * h_px;
	if (*budget < 0)
		return ERR_FORMAT;
	switch (id) {
	case CLEAR_SUBCODEC_RAW: return decode_raw(data, &part);
	case CLEAR_SUBCODEC_NSCODEC: return decode_nsc(dec, data, &part);
	case CLEAR_SUBCODEC_RLEX: return decode_rlex(data, &part);
	}
	return ERR_FORMAT;
}

static int decode_subcodecs(struct clear_decoder *dec, struct reader r, const struct picture *pic)
{
	int64_t budget = 4 * (int64_t)pic->w_px * pic->h_px; /* honest servers paint each pixel once */
	int err = 0;

	while (reader_left(&r) && !err)
		err = decode_subcodec(dec, &r, pic, &budget);
	return err;
}

/* CLEARCODEC_COMPOSITE_PAYLOAD */
static int decode_payload(struct clear_decoder *dec, struct reader *r, const struct picture *pic)
{
	uint32_t residual_bytes = reader_u32(r), bands_bytes = reader_u32(r), subcodecs_bytes = reader_u32(r);
	struct reader residual = reader_sub(r, residual_bytes);
	struct reader bands = reader_sub(r, bands_bytes);
	struct reader subcodecs = reader_sub(r, subcodecs_bytes);
	int err;

	if (!reader_ok(r))
		return ERR_FORMAT;
	err = decode_residual(residual, pic);
	if (!err)
		err = clear_bands_decode(
				&dec->caches, bands, pic->dst, pic->stride_bytes, pic->w_px, pic->h_px);
	return err ? err : decode_subcodecs(dec, subcodecs, pic);
}

static int paint_glyph(const struct clear_glyph *glyph, const struct picture *pic)
{
	size_t row_px = (size_t)pic->w_px;

	if (!glyph || glyph->count < pic->w_px * pic->h_px)
		return ERR_FORMAT;
	for (int y = 0; y < pic->h_px; y++)
		memcpy(pic->dst + y * pic->stride_bytes, glyph->px + (size_t)y * row_px, 4 * row_px);
	return 0;
}

static int keep_glyph(struct clear_caches *caches, int place, const struct picture *pic)
{
	struct clear_glyph *glyph = clear_glyph_replace(caches, place, pic->w_px * pic->h_px);
	size_t row_px = (size_t)pic->w_px;

	if (!glyph)
		return ERR_MEMORY;
	for (int y = 0; y < pic->h_px; y++)
		memcpy(glyph->px + (size_t)y * row_px, pic->dst + y * pic->stride_bytes, 4 * row_px);
	return 0;
}

static int decode_glyph(struct clear_decoder *dec, struct reader *r, int flags, const struct picture *pic)
{
	int place = reader_u16(r), err;

	if (!reader_ok(r) || place >= CLEAR_GLYPHS || pic->w_px * pic->h_px > CLEAR_GLYPH_MAX_PX)
		return ERR_FORMAT;
	if (flags & CLEAR_FLAG_GLYPH_HIT)
		return paint_glyph(dec->caches.glyphs[place], pic);
	err = decode_payload(dec, r, pic);
	return err ? err : keep_glyph(&dec->caches, place, pic);
}

int clear_decode(struct clear_decoder *dec, const uint8_t *src, size_t len, int w_px, int h_px, uint8_t *dst,
		ptrdiff_t stride_bytes)
{
	struct reader r = reader_init(src, len);
	struct picture pic = { dst, stride_bytes, w_px, h_px };
	int flags = reader_u8(&r);
	uint8_t sequence = reader_u8(&r);

	if (w_px < 1 || h_px < 1 || w_px > CLEAR_SIDE_MAX_PX || h_px > CLEAR_SIDE_MAX_PX)
		return ERR_ARGUMENT;
	if (!reader_ok(&r) || (dec->started && sequence != dec->sequence))
		return ERR_FORMAT;
	dec->started = true;
	dec->sequence = (uint8_t)(sequence + 1);
	if (flags & CLEAR_FLAG_CACHE_RESET)
		dec->caches.vbars.cursor = dec->caches.shorts.cursor = 0;
	if (flags & CLEAR_FLAG_GLYPH_INDEX)
		return decode_glyph(dec, &r, flags, &pic);
	return flags & CLEAR_FLAG_GLYPH_HIT ? ERR_FORMAT : decode_payload(dec, &r, &pic);
}
