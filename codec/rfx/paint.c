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

/* Parts of a tile that are copied one by one. Senders' rectangles do not overlap, and
 * a tile has one or two. */
#define PARTS_MAX 16

struct rects {
	const struct rfx_rect *rects;
	size_t count;
	int left_px, top_px; /* moved by */
};

static struct box rects_part(const struct rects *r, size_t i, struct box visible)
{
	int x = r->rects[i].x + r->left_px, y = r->rects[i].y + r->top_px;

	return box_intersect(visible, (struct box){ x, y, x + r->rects[i].w, y + r->rects[i].h });
}

/* The pixels of one row of a tile that some rectangle holds */
static void copy_row(const uint8_t *tile, const struct rfx_picture *dst, int x_px, int y_px, int row,
		const int holders[RFX_TILE_SIZE])
{
	for (int x = 0, end; x < RFX_TILE_SIZE; x = end + 1) {
		end = x;
		while (end < RFX_TILE_SIZE && holders[end])
			end++;
		if (end > x)
			copy_part(tile, dst, x_px, y_px,
					(struct box){ x_px + x, y_px + row, x_px + end, y_px + row + 1 });
	}
}

/* Each pixel once, however many rectangles hold it: with +1 and -1 at a rectangle's
 * corners, the sum over all that is above and left of a pixel is how many those are. */
static void copy_union(const uint8_t *tile, const struct rfx_picture *dst, int x_px, int y_px,
		struct box visible, const struct rects *r)
{
	int corners[RFX_TILE_SIZE + 1][RFX_TILE_SIZE + 1] = { 0 }, holders[RFX_TILE_SIZE] = { 0 };

	for (size_t i = 0; i < r->count; i++) {
		struct box part = rects_part(r, i, visible);

		if (box_empty(part))
			continue;
		corners[part.top - y_px][part.left - x_px]++;
		corners[part.top - y_px][part.right - x_px]--;
		corners[part.bottom - y_px][part.left - x_px]--;
		corners[part.bottom - y_px][part.right - x_px]++;
	}
	for (int y = 0; y < RFX_TILE_SIZE; y++) {
		for (int x = 0, sum = 0; x < RFX_TILE_SIZE; x++) {
			sum += corners[y][x];
			holders[x] += sum;
		}
		copy_row(tile, dst, x_px, y_px, y, holders);
	}
}

void rfx_tile_paint(struct rfx_scratch *scratch, const struct rfx_picture *dst, int x_px, int y_px,
		const struct rfx_rect *rects, size_t rect_count, int left_px, int top_px)
{
	struct box picture = { 0, 0, dst->w_px, dst->h_px };
	struct box tile = { x_px, y_px, x_px + RFX_TILE_SIZE, y_px + RFX_TILE_SIZE };
	struct box visible = box_intersect(tile, picture), parts[PARTS_MAX];
	struct rects r = { rects, rect_count, left_px, top_px };
	int count = 0;

	for (size_t i = 0; i < rect_count && !box_empty(visible); i++) {
		struct box part = rects_part(&r, i, visible);

		if (box_empty(part))
			continue;
		if (memcmp(&part, &tile, sizeof part) == 0) {
			convert(scratch, dst->pixels + y_px * dst->stride_bytes + 4 * (ptrdiff_t)x_px,
					dst->stride_bytes);
			return;
		}
		if (count < PARTS_MAX)
			parts[count] = part;
		count++;
	}
	if (count == 0)
		return;
	convert(scratch, scratch->pixels, 4 * RFX_TILE_SIZE);
	if (count > PARTS_MAX)
		copy_union(scratch->pixels, dst, x_px, y_px, visible, &r);
	else
		for (int i = 0; i < count; i++)
			copy_part(scratch->pixels, dst, x_px, y_px, parts[i]);
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
