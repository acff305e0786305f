/* From the bits of a tile to pixels in a picture. */
#include "scratch.h"

#define CACHE_LINE_BYTES 64

void rfx_components_decode(struct rfx_scratch *scratch, enum rfx_entropy entropy,
		const struct rfx_component_bits bits[RFX_COMPONENTS],
		const struct rfx_shifts *const shifts[RFX_COMPONENTS],
		void (*inverse)(int16_t *, int16_t *, const struct rfx_shifts *))
{
	for (int i = 0; i < RFX_COMPONENTS; i++) {
		if (entropy == RFX_RLGR3)
			scratch->dsp.rlgr3_decode(scratch->coefs, bits[i].data, bits[i].len);
		else
			scratch->dsp.rlgr1_decode(scratch->coefs, bits[i].data, bits[i].len);
		inverse(scratch->planes[i], scratch->coefs, shifts[i]);
	}
}

struct box {
	int left, top, right, bottom;
};

static struct box box_intersect(struct box a, struct box b)
{
	return (struct box){
		.left = a.left > b.left ? a.left : b.left,
		.top = a.top > b.top ? a.top : b.top,
		.right = a.right < b.right ? a.right : b.right,
		.bottom = a.bottom < b.bottom ? a.bottom : b.bottom,
	};
}

static bool box_empty(struct box b)
{
	return b.left >= b.right || b.top >= b.bottom;
}

static void convert(struct rfx_scratch *scratch, uint8_t *dst, ptrdiff_t stride_bytes)
{
	scratch->color.ycbcr_to_bgrx(dst, stride_bytes, scratch->planes[RFX_LUMA], scratch->planes[RFX_CB],
			scratch->planes[RFX_CR]);
}

static void copy_part(const uint8_t *tile, const struct rfx_picture *dst, int x_px, int y_px, struct box part)
{
	for (int y = part.top; y < part.bottom; y++) {
		const uint8_t *from = tile + 4 * ((y - y_px) * RFX_TILE_SIZE + part.left - x_px);

		memcpy(dst->pixels + y * dst->stride_bytes + 4 * (ptrdiff_t)part.left, from,
				4 * (size_t)(part.right - part.left));
	}
}

void rfx_tile_prefetch(const struct rfx_picture *dst, int x_px, int y_px)
{
	struct box picture = { 0, 0, dst->w_px, dst->h_px };
	struct box visible = box_intersect(
			(struct box){ x_px, y_px, x_px + RFX_TILE_SIZE, y_px + RFX_TILE_SIZE }, picture);

	for (int y = visible.top; y < visible.bottom; y++)
		for (int x = visible.left; x < visible.right; x += CACHE_LINE_BYTES / 4)
			__builtin_prefetch(dst->pixels + y * dst->stride_bytes + 4 * (ptrdiff_t)x, 1);
}

void rfx_tile_paint(struct rfx_scratch *scratch, const struct rfx_picture *dst, int x_px, int y_px,
		const struct rfx_rect *rects, size_t rect_count, int left_px, int top_px)
{
	struct box picture = { 0, 0, dst->w_px, dst->h_px };
	struct box tile = { x_px, y_px, x_px + RFX_TILE_SIZE, y_px + RFX_TILE_SIZE };
	struct box visible = box_intersect(tile, picture);
	bool converted = false;

	for (size_t i = 0; i < rect_count && !box_empty(visible); i++) {
		int x = rects[i].x + left_px, y = rects[i].y + top_px;
		struct box part =
				box_intersect(visible, (struct box){ x, y, x + rects[i].w, y + rects[i].h });

		if (box_empty(part))
			continue;
		if (memcmp(&part, &tile, sizeof part) == 0) {
			convert(scratch, dst->pixels + y_px * dst->stride_bytes + 4 * (ptrdiff_t)x_px,
					dst->stride_bytes);
			return;
		}
		if (!converted)
			convert(scratch, scratch->pixels, 4 * RFX_TILE_SIZE);
		converted = true;
		copy_part(scratch->pixels, dst, x_px, y_px, part);
	}
}

int rfx_rects_read(struct reader *r, struct rfx_rect *rects, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		rects[i].x = reader_u16(r);
		rects[i].y = reader_u16(r);
		rects[i].w = reader_u16(r);
		rects[i].h = reader_u16(r);
	}
	return reader_ok(r) ? 0 : ERR_FORMAT;
}
