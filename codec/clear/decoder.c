/* ClearCodec decoder: residual, bands, subcodecs, each over the one before, then the
 * glyph cache. [MS-RDPEGFX] 2.2.4.1. */
#include "bands_decode.h"
#include "nsc.h"
#include <codec/clear.h>
#include <stdlib.h>

struct clear_decoder {
	struct clear_caches caches;
	uint8_t sequence;
	bool started;
	uint8_t *scratch;
	size_t scratch_bytes;
};

/* A rectangle that is filled from left to right, then down */
struct target {
	uint8_t *dst;
	ptrdiff_t stride_bytes;
	int w_px, h_px;
	uint32_t done, total;
};

struct clear_decoder *clear_decoder_create(void)
{
	return calloc(1, sizeof(struct clear_decoder));
}

void clear_decoder_destroy(struct clear_decoder *dec)
{
	if (!dec)
		return;
	free(dec->scratch);
	free(dec);
}

static struct target target_init(uint8_t *dst, ptrdiff_t stride_bytes, int w_px, int h_px)
{
	return (struct target){ dst, stride_bytes, w_px, h_px, 0, (uint32_t)w_px * (uint32_t)h_px };
}

static uint8_t *target_pixel(const struct target *t, uint32_t at)
{
	return t->dst + (ptrdiff_t)(at / (uint32_t)t->w_px) * t->stride_bytes + 4 * (at % (uint32_t)t->w_px);
}

/* false if there are more pixels than the target has */
static bool target_fill(struct target *t, uint32_t colour, uint32_t count)
{
	if (count > t->total - t->done)
		return false;
	for (uint32_t end = t->done + count; t->done < end; t->done++)
		memcpy(target_pixel(t, t->done), &colour, sizeof colour);
	return true;
}

static uint32_t read_colour(struct reader *r)
{
	uint32_t low = reader_u16(r);

	return 0xff000000 | low | (uint32_t)reader_u8(r) << 16;
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

static int decode_residual(struct reader r, struct target t)
{
	while (reader_left(&r)) {
		uint32_t colour = read_colour(&r);

		if (!target_fill(&t, colour, read_run_length(&r)))
			return ERR_FORMAT;
	}
	return reader_ok(&r) ? 0 : ERR_FORMAT;
}

static int decode_raw(struct reader r, struct target t)
{
	if (reader_left(&r) != 3 * (size_t)t.total)
		return ERR_FORMAT;
	while (t.done < t.total)
		target_fill(&t, read_colour(&r), 1);
	return 0;
}

/* One CLEARCODEC_SUBCODEC_RLEX_SEGMENT */
static bool decode_segment(struct reader *r, const uint32_t *palette, int count, int bits, struct target *t)
{
	int code = reader_u8(r);
	int stop = code & ((1 << bits) - 1), index = stop - (code >> bits);
	uint32_t run = read_run_length(r);

	if (!reader_ok(r) || index < 0 || stop >= count || !target_fill(t, palette[index], run))
		return false;
	for (; index <= stop; index++) {
		if (!target_fill(t, palette[index], 1))
			return false;
	}
	return true;
}

static int decode_rlex(struct reader r, struct target t)
{
	uint32_t palette[CLEAR_PALETTE_MAX];
	int count = reader_u8(&r), bits;

	if (count < 1 || count > CLEAR_PALETTE_MAX)
		return ERR_FORMAT;
	for (int i = 0; i < count; i++)
		palette[i] = read_colour(&r);
	bits = count < 3 ? 1 : 32 - __builtin_clz((unsigned)count - 1);
	while (reader_left(&r)) {
		if (!decode_segment(&r, palette, count, bits, &t))
			return ERR_FORMAT;
	}
	return reader_ok(&r) && t.done == t.total ? 0 : ERR_FORMAT;
}

static int decode_nsc(struct clear_decoder *dec, struct reader r, const struct target *t)
{
	size_t bytes = clear_nsc_scratch(t->w_px, t->h_px);

	if (bytes > dec->scratch_bytes) {
		free(dec->scratch);
		dec->scratch = malloc(bytes);
		dec->scratch_bytes = dec->scratch ? bytes : 0;
		if (!dec->scratch)
			return ERR_MEMORY;
	}
	return clear_nsc_decode(r, t->w_px, t->h_px, dec->scratch, t->dst, t->stride_bytes);
}

/* CLEARCODEC_SUBCODEC. The area it paints is taken from *budget: many large ones that
 * cost few bytes would otherwise take for ever. */
static int decode_subcodec(
		struct clear_decoder *dec, struct reader *r, const struct target *pic, uint64_t *budget)
{
	int x = reader_u16(r), y = reader_u16(r), w_px = reader_u16(r), h_px = reader_u16(r);
	struct reader data = { 0 };
	struct target t;
	uint32_t bytes = reader_u32(r);
	int id = reader_u8(r);

	data = reader_sub(r, bytes);
	if (!reader_ok(r) || !w_px || !h_px || x + w_px > pic->w_px || y + h_px > pic->h_px)
		return ERR_FORMAT;
	t = target_init(pic->dst + y * pic->stride_bytes + 4 * x, pic->stride_bytes, w_px, h_px);
	if (t.total > *budget)
		return ERR_FORMAT;
	*budget -= t.total;
	switch (id) {
	case CLEAR_SUBCODEC_RAW: return decode_raw(data, t);
	case CLEAR_SUBCODEC_NSCODEC: return decode_nsc(dec, data, &t);
	case CLEAR_SUBCODEC_RLEX: return decode_rlex(data, t);
	}
	return ERR_FORMAT;
}

static int decode_subcodecs(struct clear_decoder *dec, struct reader r, const struct target *pic)
{
	uint64_t budget = 4 * (uint64_t)pic->total; /* honest servers paint each pixel once */
	int err = 0;

	while (reader_left(&r) && !err)
		err = decode_subcodec(dec, &r, pic, &budget);
	return err;
}

/* CLEARCODEC_COMPOSITE_PAYLOAD */
static int decode_payload(struct clear_decoder *dec, struct reader *r, const struct target *pic)
{
	uint32_t residual_bytes = reader_u32(r), bands_bytes = reader_u32(r), subcodecs_bytes = reader_u32(r);
	struct reader residual = reader_sub(r, residual_bytes);
	struct reader bands = reader_sub(r, bands_bytes);
	struct reader subcodecs = reader_sub(r, subcodecs_bytes);
	int err;

	if (!reader_ok(r))
		return ERR_FORMAT;
	err = decode_residual(residual, *pic);
	if (!err)
		err = clear_bands_decode(
				&dec->caches, bands, pic->dst, pic->stride_bytes, pic->w_px, pic->h_px);
	return err ? err : decode_subcodecs(dec, subcodecs, pic);
}

static int paint_glyph(const struct clear_glyph *glyph, struct target t)
{
	if (glyph->count < t.total)
		return ERR_FORMAT;
	while (t.done < t.total)
		target_fill(&t, glyph->px[t.done], 1);
	return 0;
}

static void keep_glyph(struct clear_glyph *glyph, const struct target *t)
{
	glyph->count = (uint16_t)t->total;
	for (uint32_t i = 0; i < t->total; i++)
		memcpy(&glyph->px[i], target_pixel(t, i), sizeof glyph->px[i]);
}

static int decode_glyph(struct clear_decoder *dec, struct reader *r, int flags, const struct target *pic)
{
	uint32_t index = reader_u16(r);
	int err;

	if (!reader_ok(r) || index >= CLEAR_GLYPHS || pic->total > CLEAR_GLYPH_MAX_PX)
		return ERR_FORMAT;
	if (flags & CLEAR_FLAG_GLYPH_HIT)
		return paint_glyph(&dec->caches.glyphs[index], *pic);
	err = decode_payload(dec, r, pic);
	if (!err)
		keep_glyph(&dec->caches.glyphs[index], pic);
	return err;
}

int clear_decode(struct clear_decoder *dec, const uint8_t *src, size_t len, int w_px, int h_px, uint8_t *dst,
		ptrdiff_t stride_bytes)
{
	struct reader r = reader_init(src, len);
	struct target pic = target_init(dst, stride_bytes, w_px, h_px);
	int flags = reader_u8(&r);
	uint8_t sequence = reader_u8(&r);

	if (w_px < 1 || h_px < 1 || w_px > CLEAR_SIDE_MAX_PX || h_px > CLEAR_SIDE_MAX_PX)
		return ERR_ARGUMENT;
	if (!reader_ok(&r) || (dec->started && sequence != dec->sequence))
		return ERR_FORMAT;
	dec->started = true;
	dec->sequence = (uint8_t)(sequence + 1);
	if (flags & CLEAR_FLAG_CACHE_RESET)
		dec->caches.vbar_cursor = dec->caches.short_cursor = 0;
	if (flags & CLEAR_FLAG_GLYPH_INDEX)
		return decode_glyph(dec, &r, flags, &pic);
	return flags & CLEAR_FLAG_GLYPH_HIT ? ERR_FORMAT : decode_payload(dec, &r, &pic);
}
