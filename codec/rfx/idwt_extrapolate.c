/* The inverse of dwt_extrapolate.c, [MS-RDPEGFX] 3.3.8.2.2, with the lifting
 * steps of idwt.c; sums saturate at 16 bits. */
#include "dsp.h"

#include <string.h>

#define SIDE 65

static int16_t saturate(int v)
{
	return (int16_t)(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
}

static int16_t even_value(int low, int before, int after)
{
	return saturate(low - (saturate(before + after) >> 1));
}

static int16_t odd_value(int high, int even, int next)
{
	return saturate(saturate(2 * high) + saturate(even + next) / 2);
}

/* n / 2 + 1 low and n / 2 high values, step apart, in place to n (odd) values. */
static void join_line(int16_t *x, int step, int n)
{
	int16_t line[SIDE];
	int highs = n / 2, lows = highs + 1;

	for (int i = 0; i < lows; i++) {
		int before = x[(lows + (i > 0 ? i - 1 : 0)) * step];
		int after = x[(lows + (i < highs ? i : i - 1)) * step];

		line[2 * i] = even_value(x[i * step], before, after);
	}
	for (int i = 0; i < highs; i++)
		line[2 * i + 1] = odd_value(x[(lows + i) * step], line[2 * i], line[2 * i + 2]);
	for (int i = 0; i < n; i++)
		x[i * step] = line[i];
}

static void join_square(int16_t *x, int n)
{
	for (int i = 0; i < n; i++)
		join_line(x + i * SIDE, 1, n);
	for (int i = 0; i < n; i++)
		join_line(x + i, SIDE, n);
}

static int16_t *put_band(int16_t *dst, int16_t *src, int w, int h, int shift)
{
	rfx_dequantize(src, w * h, shift);
	for (int row = 0; row < h; row++)
		memcpy(dst + row * SIDE, src + row * w, (size_t)w * sizeof *dst);
	return src + w * h;
}

void rfx_inverse_extrapolate_c(int16_t *plane, int16_t *coefs, const struct rfx_shifts *shifts)
{
	static const struct {
		int low, high, at; /* at: first coefficient of the level */
	} levels[] = { { 33, 31, 0 }, { 17, 16, 3007 }, { 9, 8, 3807 } };
	int16_t square[SIDE * SIDE] = { 0 }; /* the 32nd high values stay zero */

	rfx_sums(coefs + 4015, 81);
	put_band(square, coefs + 4015, 9, 9, shifts->of[BAND_LL3]);
	for (int i = 2; i >= 0; i--) {
		int low = levels[i].low, high = levels[i].high;
		const uint8_t *shift = shifts->of + 3 * i;
		int16_t *band = coefs + levels[i].at;

		band = put_band(square + low, band, high, low, shift[0]);
		band = put_band(square + low * SIDE, band, low, high, shift[1]);
		put_band(square + low * SIDE + low, band, high, high, shift[2]);
		join_square(square, i == 0 ? SIDE : low + high);
	}
	for (int row = 0; row < 64; row++)
		memcpy(plane + row * 64, square + row * SIDE, 64 * sizeof *plane);
}
