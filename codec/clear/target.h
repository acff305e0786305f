/* What the decoder writes: a rectangle of XRGB8888 pixels that is filled from left to
 * right, then down. X becomes 0xFF. */
#ifndef CLEAR_TARGET_H
#define CLEAR_TARGET_H

#include <base/reader.h>

struct clear_target {
	uint8_t *row; /* where the next pixel goes, unless x is w_px: then in the row below */
	ptrdiff_t stride_bytes;
	int w_px, x;
	uint32_t left; /* pixels still to come */
};

static inline struct clear_target clear_target_init(uint8_t *dst, ptrdiff_t stride_bytes, int w_px, int h_px)
{
	return (struct clear_target){ dst, stride_bytes, w_px, 0, (uint32_t)w_px * (uint32_t)h_px };
}

/* The next pixels of one row, at most count (1..left); *n tells how many. */
static inline uint8_t *clear_target_take(struct clear_target *t, uint32_t count, int *n)
{
	uint8_t *px;

	if (t->x == t->w_px) {
		t->x = 0;
		t->row += t->stride_bytes;
	}
	px = t->row + 4 * t->x;
	*n = count < (uint32_t)(t->w_px - t->x) ? (int)count : t->w_px - t->x;
	t->x += *n;
	t->left -= (uint32_t)*n;
	return px;
}

/* false if there are more pixels than the target has */
static inline bool clear_target_fill(struct clear_target *t, uint32_t colour, uint32_t count)
{
	uint64_t two = (uint64_t)colour << 32 | colour;

	if (count > t->left)
		return false;
	while (count) {
		int n;
		uint8_t *px = clear_target_take(t, count, &n);

		count -= (uint32_t)n;
		for (; n >= 4; n -= 4, px += 16) {
			memcpy(px, &two, sizeof two);
			memcpy(px + 8, &two, sizeof two);
		}
		for (; n; n--, px += 4)
			memcpy(px, &colour, sizeof colour);
	}
	return true;
}

/* Three bytes B, G, R */
static inline uint32_t clear_load_colour(const uint8_t *p)
{
	return 0xff000000 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint32_t clear_read_colour(struct reader *r)
{
	const uint8_t *p = reader_take(r, 3);

	return p ? clear_load_colour(p) : 0;
}

#endif
