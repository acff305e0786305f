/* The inverse of dwt.c, [MS-RDPRFX] 3.1.8.2.2 to 3.1.8.2.4:
 *     x[2n]   = low[n] - (high[n-1] + high[n]) / 2
 *     x[2n+1] = 2 * high[n] + (x[2n] + x[2n+2]) / 2
 * Horizontal first, then vertical. High values are multiples of 8 (the fixed
 * point has 5 bits), so the first division is exact; those for odd values round towards
 * zero, in the vertical direction those of both neighbours: that way the planes
 * printed in 4.2.4.3 come out exactly. Hostile coefficients wrap at 16 bits in
 * every sum, as they do in SIMD. */
#include "dsp.h"

static int16_t even_value(int low, int before, int after)
{
	return (int16_t)(low - ((int16_t)(before + after) >> 1));
}

/* n/2 low and n/2 high values to one row of n. */
static void join_row(int16_t *x, const int16_t *low, const int16_t *high, int n)
{
	for (int i = 0; i < n / 2; i++)
		x[2 * i] = even_value(low[i], high[i > 0 ? i - 1 : 0], high[i]);
	for (int i = 0; i < n / 2; i++)
		x[2 * i + 1] = (int16_t)(2 * high[i] +
				(int16_t)(x[2 * i] + x[2 * i + 2 < n ? 2 * i + 2 : 2 * i]) / 2);
}

/* n/2 low rows, then n/2 high rows, to n rows of n. */
static void join_rows(int16_t *dst, const int16_t *src, int n)
{
	for (int i = 0; i < n / 2; i++) {
		const int16_t *low = src + i * n, *high = low + n / 2 * n;
		const int16_t *before = i > 0 ? high - n : high;

		for (int x = 0; x < n; x++)
			dst[2 * i * n + x] = even_value(low[x], before[x], high[x]);
	}
	for (int i = 0; i < n / 2; i++) {
		const int16_t *high = src + (n / 2 + i) * n, *even = dst + 2 * i * n;
		const int16_t *next = 2 * i + 2 < n ? even + 2 * n : even;

		for (int x = 0; x < n; x++)
			dst[(2 * i + 1) * n + x] = (int16_t)(2 * high[x] + even[x] / 2 + next[x] / 2);
	}
}

/* The bands HL, LH, HH, LL at src to n x n values at dst, which may be src. */
static void join_level(int16_t *dst, const int16_t *src, int n)
{
	int16_t rows[RFX_COEFS];
	int half = n / 2, band = half * half;

	for (int i = 0; i < half; i++) {
		join_row(rows + i * n, src + 3 * band + i * half, src + i * half, n);
		join_row(rows + (half + i) * n, src + band + i * half, src + 2 * band + i * half, n);
	}
	join_rows(dst, rows, n);
}

void rfx_inverse_c(int16_t *plane, int16_t *coefs, const struct rfx_shifts *shifts)
{
	static const int sizes[BANDS] = { 1024, 1024, 1024, 256, 256, 256, 64, 64, 64, 64 };
	int16_t *band = coefs;

	rfx_sums(coefs + 4032, 64);
	for (int i = 0; i < BANDS; i++) {
		rfx_dequantize(band, sizes[i], shifts->of[i]);
		band += sizes[i];
	}
	join_level(coefs + 3840, coefs + 3840, 16);
	join_level(coefs + 3072, coefs + 3072, 32);
	join_level(plane, coefs, 64);
}
