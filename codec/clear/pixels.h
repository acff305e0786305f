/* A borrowed picture whose X bytes never count. */
#ifndef CLEAR_PIXELS_H
#define CLEAR_PIXELS_H

#include <base/writer.h>

struct pixels {
	const uint8_t *first;
	ptrdiff_t stride_bytes;
	int w_px, h_px;
};

/* 0xRRGGBB */
static inline uint32_t pixel_at(const struct pixels *p, int x, int y)
{
	uint32_t px;

	memcpy(&px, p->first + y * p->stride_bytes + 4 * x, sizeof px);
	return px & 0xffffff;
}

static inline struct pixels pixels_part(const struct pixels *p, int x, int y, int w_px, int h_px)
{
	return (struct pixels){ p->first + y * p->stride_bytes + 4 * x, p->stride_bytes, w_px, h_px };
}

/* The colour of most pixels, if there is one: the vote of Boyer and Moore, in which
 * some 64 columns and rows take part. */
static inline uint32_t pixels_majority(const struct pixels *p)
{
	int across = 1 + p->w_px / 64, down = 1 + p->h_px / 64;
	uint32_t colour = 0;
	int votes = 0;

	for (int y = 0; y < p->h_px; y += down) {
		for (int x = 0; x < p->w_px; x += across) {
			uint32_t px = pixel_at(p, x, y);

			if (!votes)
				colour = px;
			votes += px == colour ? 1 : -1;
		}
	}
	return colour;
}

static inline void put_colour(struct writer *w, uint32_t px)
{
	uint8_t *p = writer_take(w, 3);

	if (!p)
		return;
	p[0] = (uint8_t)px;
	p[1] = (uint8_t)(px >> 8);
	p[2] = (uint8_t)(px >> 16);
}

/* runLengthFactor1 to 3 */
static inline int run_length_bytes(uint32_t len)
{
	return len < 0xff ? 1 : len < 0xffff ? 3 : 7;
}

static inline void put_run_length(struct writer *w, uint32_t len)
{
	if (len < 0xff) {
		writer_u8(w, (uint8_t)len);
		return;
	}
	writer_u8(w, 0xff);
	if (len < 0xffff) {
		writer_u16(w, (uint16_t)len);
		return;
	}
	writer_u16(w, 0xffff);
	writer_u32(w, len);
}

#endif
