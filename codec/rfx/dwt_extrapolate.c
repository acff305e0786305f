/* The reduce-extrapolate form of the 5/3 wavelet, [MS-RDPEGFX] 3.2.8.1.2.2:
 * odd sizes, so that both edges lie on a low value and no seam shows.
 *     64 + 1 extrapolated -> 33 low, 31 high -> 17, 16 -> 9, 8
 * The 65th value continues the last two in a straight line, which makes the
 * 32nd high value zero; it is not sent. That value may leave the range of
 * pixels by a factor of 3 in each direction, so all sums saturate at 16 bits:
 * only a checkerboard in a tile's corner gets there, and it costs one pixel. */
#include "dsp.h"

#include <string.h>

#define SIDE 65

static int16_t saturate(int v)
{
	return (int16_t)(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
}

static int16_t high_value(int odd, int even, int next)
{
	return (int16_t)(saturate(odd - (saturate(even + next) >> 1)) >> 1);
}

static int16_t low_value(int even, int before, int after)
{
	return saturate(even + ((before + after) >> 1));
}

/* n (odd) values at x, step apart, in place to n/2 + 1 low values and n/2 high
 * values behind them. */
static void split_line(int16_t *x, int step, int n)
{
	int16_t line[SIDE];
	int lows = n / 2 + 1;

	for (int i = 0; i < n; i++)
		line[i] = x[i * step];
	for (int i = 0; i < n / 2; i++)
		x[(lows + i) * step] = high_value(line[2 * i + 1], line[2 * i], line[2 * i + 2]);
	for (int i = 0; i < lows; i++) {
		int before = x[(lows + (i > 0 ? i - 1 : 0)) * step];
		int after = x[(lows + (i < n / 2 ? i : i - 1)) * step];

		x[i * step] = low_value(line[2 * i], before, after);
	}
}

/* n x n values at x (rows SIDE apart), in place. Vertical first. */
static void split_square(int16_t *x, int n)
{
	for (int i = 0; i < n; i++)
		split_line(x + i, 1 * SIDE, n);
	for (int i = 0; i < n; i++)
		split_line(x + i * SIDE, 1, n);
}

static void extrapolate(int16_t *dst, const int16_t *plane)
{
	for (int row = 0; row < 64; row++) {
		int16_t *out = dst + row * SIDE;

		memcpy(out, plane + row * 64, 64 * sizeof *out);
		out[64] = saturate(out[63] + saturate(out[63] - out[62]));
	}
	for (int x = 0; x < SIDE; x++) {
		int16_t *out = dst + x;

		out[64 * SIDE] = saturate(out[63 * SIDE] + saturate(out[63 * SIDE] - out[62 * SIDE]));
	}
}

static int16_t *take_band(int16_t *dst, const int16_t *src, int w, int h, int shift)
{
	for (int row = 0; row < h; row++)
		memcpy(dst + row * w, src + row * SIDE, (size_t)w * sizeof *dst);
	rfx_quantize(dst, w * h, shift);
	return dst + w * h;
}

void rfx_forward_extrapolate_c(int16_t *coefs, int16_t *plane, const struct rfx_shifts *shifts)
{
	static const struct {
		int low, high;
	} levels[] = { { 33, 31 }, { 17, 16 }, { 9, 8 } };
	int16_t square[SIDE * SIDE], *out = coefs;
	const uint8_t *shift = shifts->of;

	extrapolate(square, plane);
	for (int i = 0, n = SIDE; i < 3; i++, shift += 3) {
		int low = levels[i].low, high = levels[i].high;

		split_square(square, n);
		out = take_band(out, square + low, high, low, shift[0]);
		out = take_band(out, square + low * SIDE, low, high, shift[1]);
		out = take_band(out, square + low * SIDE + low, high, high, shift[2]);
		n = low;
	}
	take_band(out, square, 9, 9, *shift);
	rfx_differences(out, 81);
}
