/* The 5/3 wavelet of [MS-RDPRFX] 3.1.8.1.4 with mirrored edges, by lifting:
 *     high[n] = (x[2n+1] - (x[2n] + x[2n+2]) / 2) / 2
 *     low[n]  =  x[2n] + (high[n-1] + high[n]) / 2
 * each division rounding down. Vertical first, then horizontal. Pixels within
 * -4096..4095 cannot overflow 16 bits: no band grows beyond a factor of 4. */
#include "dsp.h"

/* n rows of n to n/2 low rows, then n/2 high rows. */
static void split_rows(int16_t *dst, const int16_t *src, int n)
{
	for (int i = 0; i < n / 2; i++) {
		const int16_t *even = src + 2 * i * n, *odd = even + n;
		const int16_t *next = 2 * i + 2 < n ? odd + n : even;
		int16_t *low = dst + i * n, *high = low + n / 2 * n;
		const int16_t *before = i > 0 ? high - n : high;

		for (int x = 0; x < n; x++)
			high[x] = (int16_t)((odd[x] - ((even[x] + next[x]) >> 1)) >> 1);
		for (int x = 0; x < n; x++)
			low[x] = (int16_t)(even[x] + ((before[x] + high[x]) >> 1));
	}
}

/* One row of n to n/2 low and n/2 high values. */
static void split_row(int16_t *low, int16_t *high, const int16_t *x, int n)
{
	for (int i = 0; i < n / 2; i++) {
		int next = 2 * i + 2 < n ? x[2 * i + 2] : x[2 * i];

		high[i] = (int16_t)((x[2 * i + 1] - ((x[2 * i] + next) >> 1)) >> 1);
		low[i] = (int16_t)(x[2 * i] + ((high[i > 0 ? i - 1 : 0] + high[i]) >> 1));
	}
}

/* One level: n x n values at src to the bands HL, LH, HH, LL at dst, which may
 * be src. */
static void split_level(int16_t *dst, const int16_t *src, int n)
{
	int16_t rows[RFX_COEFS];
	int half = n / 2, band = half * half;

	split_rows(rows, src, n);
	for (int i = 0; i < half; i++) {
		split_row(dst + 3 * band + i * half, dst + i * half, rows + i * n, n);
		split_row(dst + band + i * half, dst + 2 * band + i * half, rows + (half + i) * n, n);
	}
}

void rfx_forward_c(int16_t *coefs, int16_t *plane, const struct rfx_shifts *shifts)
{
	static const int sizes[BANDS] = { 1024, 1024, 1024, 256, 256, 256, 64, 64, 64, 64 };
	int16_t *band = coefs;

	split_level(coefs, plane, 64);
	split_level(coefs + 3072, coefs + 3072, 32);
	split_level(coefs + 3840, coefs + 3840, 16);
	for (int i = 0; i < BANDS; i++) {
		rfx_quantize(band, sizes[i], shifts->of[i]);
		band += sizes[i];
	}
	rfx_differences(coefs + 4032, 64);
}
