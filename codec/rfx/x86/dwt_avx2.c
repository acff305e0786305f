/* ../dwt.c in AVX2. Two rows at a time go through the vertical step, then each
 * of the two result rows through the horizontal one and the quantiser, so a
 * level reads and writes each value once. Rows are 64, 32 or 16 values: V
 * vectors of 16. */
#include "dwt_avx2.h"
#include "avx2.h"

/* One row of 2 * H vectors; low and high get H vectors. low_quant NULL: LL. */
INLINE void split_row(int16_t *low, int16_t *high, const __m256i *row, int H, const struct quant *low_quant,
		const struct quant *high_quant)
{
	__m256i even[3], odd[2], h[3];

#pragma GCC unroll 2
	for (int i = 0; i < H; i++)
		split_pairs(row[2 * i], row[2 * i + 1], &even[i], &odd[i]);
	even[H] = last_first(even[H - 1]);
#pragma GCC unroll 2
	for (int i = 0; i < H; i++)
		h[i] = high_value(odd[i], even[i], shift_down(even[i], even[i + 1]));
#pragma GCC unroll 2
	for (int i = 0; i < H; i++) {
		__m256i before = shift_up(h[i], i > 0 ? h[i - 1] : first_last(h[0]));
		__m256i l = _mm256_add_epi16(even[i], half_sum(before, h[i]));

		store(low + 16 * i, low_quant ? quantize(l, low_quant) : l);
		store(high + 16 * i, quantize(h[i], high_quant));
	}
}

/* n = 16 * V values a side, V 4 or 2. src and ll may overlap dst's LL. */
INLINE void split_level(int16_t *dst, int16_t *ll, const int16_t *src, int V, const uint8_t *shifts)
{
	const struct quant hl = quant_of(shifts[0]), lh = quant_of(shifts[1]), hh = quant_of(shifts[2]);
	const int n = 16 * V, half = n / 2, band = half * half;
	__m256i even[4], before[4], low[4], high[4];

#pragma GCC unroll 4
	for (int v = 0; v < V; v++)
		before[v] = even[v] = load(src + 16 * v);
	for (int i = 0; i < half; i++) {
		const int16_t *odd = src + (2 * i + 1) * n, *next = i + 1 < half ? odd + n : odd - n;

#pragma GCC unroll 4
		for (int v = 0; v < V; v++) {
			__m256i e = load(next + 16 * v);

			high[v] = high_value(load(odd + 16 * v), even[v], e);
			low[v] = _mm256_add_epi16(even[v], half_sum(i > 0 ? before[v] : high[v], high[v]));
			before[v] = high[v];
			even[v] = e;
		}
		split_row(ll + i * half, dst + i * half, low, V / 2, NULL, &hl);
		split_row(dst + band + i * half, dst + 2 * band + i * half, high, V / 2, &lh, &hh);
	}
}

/* The same for 16 x 16 values: halves of a vector. */
INLINE void split_row_16(int16_t *low, int16_t *high, __m256i row, const struct quant *low_quant,
		const struct quant *high_quant)
{
	const __m256i order = _mm256_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15, 0, 1, 4,
			5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
	__m256i split = _mm256_permute4x64_epi64(_mm256_shuffle_epi8(row, order), 0xd8);
	__m128i even = _mm256_castsi256_si128(split), odd = _mm256_extracti128_si256(split, 1);
	__m128i next = _mm_alignr_epi8(_mm_srli_si128(even, 14), even, 2), before, l, h;

	h = _mm_srai_epi16(_mm_sub_epi16(odd, _mm_srai_epi16(_mm_add_epi16(even, next), 1)), 1);
	before = _mm_alignr_epi8(h, _mm_slli_si128(h, 14), 14);
	l = _mm_add_epi16(even, _mm_srai_epi16(_mm_add_epi16(before, h), 1));
	split = _mm256_inserti128_si256(_mm256_castsi128_si256(l), h, 1);
	_mm_storeu_si128((__m128i *)low, _mm256_castsi256_si128(quantize(split, low_quant)));
	_mm_storeu_si128((__m128i *)high, _mm256_extracti128_si256(quantize(split, high_quant), 1));
}

static void split_level_16(int16_t *dst, const int16_t *src, const uint8_t *shifts)
{
	const struct quant hl = quant_of(shifts[0]), lh = quant_of(shifts[1]);
	const struct quant hh = quant_of(shifts[2]), ll = quant_of(shifts[3]);
	__m256i even = load(src), before = even;

	for (int i = 0; i < 8; i++) {
		__m256i next = i < 7 ? load(src + (2 * i + 2) * 16) : even;
		__m256i high = high_value(load(src + (2 * i + 1) * 16), even, next);
		__m256i low = _mm256_add_epi16(even, half_sum(i > 0 ? before : high, high));

		before = high;
		even = next;
		split_row_16(dst + 192 + 8 * i, dst + 8 * i, low, &ll, &hl);
		split_row_16(dst + 64 + 8 * i, dst + 128 + 8 * i, high, &lh, &hh);
	}
}

void rfx_forward_avx2(int16_t *coefs, int16_t *plane, const struct rfx_shifts *shifts)
{
	_Alignas(32) int16_t ll1[32 * 32], ll2[16 * 16];

	if (rfx_forward_flat_avx2(coefs, plane, 4032, shifts->of[BAND_LL3]))
		return;
	split_level(coefs, ll1, plane, 4, shifts->of);
	split_level(coefs + 3072, ll2, ll1, 2, shifts->of + 3);
	split_level_16(coefs + 3840, ll2, shifts->of + 6);
	rfx_differences(coefs + 4032, 64);
}
