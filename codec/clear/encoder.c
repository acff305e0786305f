/* ClearCodec encoder. The most frequent colour, the ground, is the residual layer: one
 * run. What is not ground is cut into lines; each becomes a band (text), or a subcodec
 * (RLEX for few colours, raw pixels where nothing helps), whichever is estimated
 * shortest. */
#include "bands.h"
#include "format.h"
#include "glyphs.h"
#include "lines.h"
#include "rlex.h"
#include <codec/clear.h>
#include <stdlib.h>

/* The indices of bands repeat from line to line, which ZGFX sees; measured on terminals
 * (2026-11): a byte of them is worth a third of one of RLEX or pixels. */
enum { BANDS_DISCOUNT = 3 };

enum plan { PLAN_BANDS, PLAN_RLEX, PLAN_RAW };

struct piece {
	struct clear_line line;
	enum plan plan;
};

struct clear_encoder {
	struct clear_bands *bands;
	struct clear_glyphs *glyphs;
	struct clear_lines lines;
	struct clear_palette palette;
	struct piece pieces[CLEAR_SIDE_MAX_PX]; /* for the subcodecs layer */
	int piece_count;
	uint8_t sequence;
};

struct clear_encoder *clear_encoder_create(void)
{
	struct clear_encoder *enc = calloc(1, sizeof *enc);

	if (!enc)
		return NULL;
	enc->bands = clear_bands_create();
	enc->glyphs = clear_glyphs_create();
	if (!enc->bands || !enc->glyphs) {
		clear_encoder_destroy(enc);
		return NULL;
	}
	return enc;
}

void clear_encoder_destroy(struct clear_encoder *enc)
{
	if (!enc)
		return;
	clear_bands_destroy(enc->bands);
	clear_glyphs_destroy(enc->glyphs);
	free(enc);
}

/* The background with which a band is shortest: the picture's ground or, where text is
 * on another colour, that. */
static struct clear_bands_cost estimate_bands(
		struct clear_encoder *enc, const struct pixels *block, uint32_t ground, uint32_t *background)
{
	struct clear_bands_cost cost = clear_bands_estimate(enc->bands, block, ground);
	uint32_t majority = pixels_majority(block);

	*background = ground;
	if (majority != ground) {
		struct clear_bands_cost other = clear_bands_estimate(enc->bands, block, majority);

		if (other.bytes < cost.bytes) {
			*background = majority;
			return other;
		}
	}
	return cost;
}

static enum plan choose(
		struct clear_encoder *enc, const struct pixels *block, uint32_t ground, uint32_t *background)
{
	struct clear_bands_cost bands = estimate_bands(enc, block, ground, background);
	int raw = 3 * block->w_px * block->h_px;
	int best = raw;
	enum plan plan = PLAN_RAW;

	if (clear_palette_make(&enc->palette, block)) {
		int rlex = clear_rlex_estimate(&enc->palette, block);

		if (rlex < best) {
			best = rlex;
			plan = PLAN_RLEX;
		}
	}
	if (bands.worst <= raw + CLEAR_SUBCODEC_HEADER_BYTES * block->h_px &&
			bands.bytes / BANDS_DISCOUNT < best + CLEAR_SUBCODEC_HEADER_BYTES)
		plan = PLAN_BANDS;
	return plan;
}

static void put_raw(const struct pixels *block, struct writer *w)
{
	for (int y = 0; y < block->h_px; y++) {
		for (int x = 0; x < block->w_px; x++)
			put_colour(w, pixel_at(block, x, y));
	}
}

/* CLEARCODEC_SUBCODEC */
static void put_subcodec(struct clear_encoder *enc, const struct pixels *block, enum plan plan, int x, int y,
		struct writer *w)
{
	uint8_t *len, *start;

	writer_u16(w, (uint16_t)x);
	writer_u16(w, (uint16_t)y);
	writer_u16(w, (uint16_t)block->w_px);
	writer_u16(w, (uint16_t)block->h_px);
	len = writer_take(w, 4);
	writer_u8(w, plan == PLAN_RLEX ? CLEAR_SUBCODEC_RLEX : CLEAR_SUBCODEC_RAW);
	start = w->at;
	if (plan == PLAN_RLEX && clear_palette_make(&enc->palette, block))
		clear_rlex_put(&enc->palette, block, w);
	else
		put_raw(block, w);
	if (len)
		store_u32(len, (uint32_t)(w->at - start));
}

static struct pixels line_pixels(const struct pixels *pic, const struct clear_line *line)
{
	return pixels_part(pic, line->x, line->y, line->w, line->h);
}

/* Plans are made line by line with the bands, since those change what the next line
 * finds in the caches. */
static void put_bands_layer(
		struct clear_encoder *enc, const struct pixels *pic, uint32_t ground, struct writer *w)
{
	struct clear_line line;

	enc->piece_count = 0;
	for (int y = 0; clear_lines_next(&enc->lines, pic, ground, y, &line); y = line.y + line.h) {
		struct pixels block = line_pixels(pic, &line);
		uint32_t background;
		enum plan plan = choose(enc, &block, ground, &background);

		if (plan == PLAN_BANDS)
			clear_bands_put(enc->bands, &block, background, line.x, line.y, w);
		else
			enc->pieces[enc->piece_count++] = (struct piece){ line, plan };
	}
}

static void put_subcodecs_layer(struct clear_encoder *enc, const struct pixels *pic, struct writer *w)
{
	for (int i = 0; i < enc->piece_count; i++) {
		const struct piece *piece = &enc->pieces[i];
		struct pixels block = line_pixels(pic, &piece->line);

		put_subcodec(enc, &block, piece->plan, piece->line.x, piece->line.y, w);
	}
}

/* CLEARCODEC_COMPOSITE_PAYLOAD */
static void put_payload(struct clear_encoder *enc, const struct pixels *pic, int y_px, struct writer *w)
{
	uint32_t ground = pixels_majority(pic);
	uint8_t *counts = writer_take(w, CLEAR_PAYLOAD_HEADER_BYTES);
	uint8_t *residual = w->at, *bands, *subcodecs;

	if (!counts)
		return;
	clear_lines_find(&enc->lines, pic, ground, y_px);
	put_colour(w, ground);
	put_run_length(w, (uint32_t)(pic->w_px * pic->h_px));
	bands = w->at;
	put_bands_layer(enc, pic, ground, w);
	subcodecs = w->at;
	put_subcodecs_layer(enc, pic, w);
	store_u32(counts, (uint32_t)(bands - residual));
	store_u32(counts + 4, (uint32_t)(subcodecs - bands));
	store_u32(counts + 8, (uint32_t)(w->at - subcodecs));
}

static bool size_is_valid(int w_px, int h_px)
{
	return w_px > 0 && h_px > 0 && w_px <= CLEAR_SIDE_MAX_PX && h_px <= CLEAR_SIDE_MAX_PX;
}

int clear_encode(struct clear_encoder *enc, const uint8_t *src, ptrdiff_t stride_bytes, int y_px, int w_px,
		int h_px, uint8_t *dst, size_t cap)
{
	struct pixels pic = { src, stride_bytes, w_px, h_px };
	struct writer w = writer_init(dst, cap);
	bool hit = false;

	if (!size_is_valid(w_px, h_px))
		return ERR_ARGUMENT;
	if (cap < clear_bound(w_px, h_px))
		return ERR_SPACE;
	writer_u8(&w, 0);
	writer_u8(&w, enc->sequence++);
	if (w_px * h_px <= CLEAR_GLYPH_MAX_PX) {
		int place = clear_glyphs_place(enc->glyphs, &pic, &hit);

		dst[0] = (uint8_t)(CLEAR_FLAG_GLYPH_INDEX | (hit ? CLEAR_FLAG_GLYPH_HIT : 0));
		writer_u16(&w, (uint16_t)place);
	}
	if (!hit)
		put_payload(enc, &pic, y_px, &w);
	return writer_len(&w);
}

int clear_fit(const struct clear_encoder *enc, const uint8_t *src, ptrdiff_t stride_bytes, int w_px,
		int surface_h_px, int *y_px, int *h_px)
{
	struct pixels surface = { src, stride_bytes, w_px, surface_h_px };

	if (!size_is_valid(w_px, surface_h_px) || *h_px < 1 || *y_px < 0 || *y_px > surface_h_px - *h_px)
		return ERR_ARGUMENT;
	clear_lines_fit(&enc->lines, &surface, y_px, h_px);
	return 0;
}

int clear_parts(struct clear_encoder *enc, const uint8_t *src, ptrdiff_t stride_bytes, int y_px, int w_px,
		int h_px, int heights[CLEAR_PARTS_MAX])
{
	struct pixels pic = { src, stride_bytes, w_px, h_px };

	if (!size_is_valid(w_px, h_px))
		return ERR_ARGUMENT;
	clear_lines_find(&enc->lines, &pic, pixels_majority(&pic), y_px);
	return clear_lines_parts(&enc->lines, heights, CLEAR_PARTS_MAX);
}
