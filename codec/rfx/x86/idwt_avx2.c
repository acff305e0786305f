/* ../idwt.c in AVX2. Row by row: the bands are dequantised as they are loaded,
 * joined horizontally to a low and a high row, and these with the ones before
 * to two rows of the result. Rows are 64, 32 or 16 values. */
#include "avx2.h"
#include "dwt_avx2.h"

INLINE __m256i half_towards_zero(__m256i v)
{
	return _mm256_srai_epi16(_mm256_add_epi16(v, _mm256_srli_epi16(v, 15)), 1);
}

INLINE __m256i even_value(__m256i low, __m256i before, __m256i after)
{
	return _mm256_sub_epi16(low, half_sum(before, after));
}

INLINE __m256i load_shifted(const int16_t *p, __m128i shift)
{
	return _mm256_sll_epi16(load(p), shift);
}

/* H vectors of low and of high values to 2 * H vectors. */
INLINE void join_row(__m256i *row, const __m256i *low, const __m256i *high, int H)
{
	__m256i even[3];

#pragma GCC unroll 2
	for (int i = 0; i < H; i++) {
		__m256i before = shift_up(high[i], i > 0 ? high[i - 1] : first_last(high[0]));

		even[i] = even_value(low[i], before, high[i]);
	}
	even[H] = last_first(even[H - 1]);
#pragma GCC unroll 2
	for (int i = 0; i < H; i++) {
		__m256i sum = _mm256_add_epi16(even[i], shift_down(even[i], even[i + 1]));
		__m256i odd = _mm256_add_epi16(_mm256_add_epi16(high[i], high[i]), half_towards_zero(sum));

		join_pairs(even[i], odd, &row[2 * i], &row[2 * i + 1]);
	}
}

INLINE __m256i odd_below(__m256i high, __m256i half_above, __m256i half_below)
{
	return _mm256_add_epi16(_mm256_add_epi16(high, high), _mm256_add_epi16(half_above, half_below));
}

/* n = 16 * V values a side, V 4 or 2. ll: n / 2 rows of n / 2, dequantised. */
INLINE void join_level(int16_t *dst, const int16_t *ll, const int16_t *bands, int V, const uint8_t *shifts)
{
	const __m128i hl = _mm_cvtsi32_si128(shifts[0]), lh = _mm_cvtsi32_si128(shifts[1]);
	const __m128i hh = _mm_cvtsi32_si128(shifts[2]);
	const int n = 16 * V, half = n / 2, band = half * half, H = V / 2;
	__m256i low[4], high[4], before[4], half_above[4], a[2], b[2];

	for (int i = 0; i < half; i++) {
		int16_t *row = dst + 2 * i * n;

#pragma GCC unroll 2
		for (int v = 0; v < H; v++) {
			a[v] = load(ll + i * half + 16 * v);
			b[v] = load_shifted(bands + i * half + 16 * v, hl);
		}
		join_row(low, a, b, H);
#pragma GCC unroll 2
		for (int v = 0; v < H; v++) {
			a[v] = load_shifted(bands + band + i * half + 16 * v, lh);
			b[v] = load_shifted(bands + 2 * band + i * half + 16 * v, hh);
		}
		join_row(high, a, b, H);
#pragma GCC unroll 4
		for (int v = 0; v < V; v++) {
			__m256i even = even_value(low[v], i > 0 ? before[v] : high[v], high[v]);
			__m256i half_even = half_towards_zero(even);

			if (i > 0)
				store(row - n + 16 * v, odd_below(before[v], half_above[v], half_even));
			store(row + 16 * v, even);
			before[v] = high[v];
			half_above[v] = half_even;
		}
	}
#pragma GCC unroll 4
	for (int v = 0; v < V; v++)
		store(dst + (n - 1) * n + 16 * v, odd_below(before[v], half_above[v], half_above[v]));
}

/* The level of 64 when all its bands are zero, as with two of three components of
 * film: only values in between. */
static void stretch_level(int16_t *dst, const int16_t *ll)
{
	__m256i even[4], half_above[4], low[2], zero[2] = { _mm256_setzero_si256(), _mm256_setzero_si256() };

	for (int i = 0; i < 32; i++) {
		int16_t *row = dst + 2 * i * 64;

		low[0] = load(ll + i * 32);
		low[1] = load(ll + i * 32 + 16);
		join_row(even, low, zero, 2);
#pragma GCC unroll 4
		for (int v = 0; v < 4; v++) {
			__m256i half_even = half_towards_zero(even[v]);

			if (i > 0)
				store(row - 64 + 16 * v, _mm256_add_epi16(half_above[v], half_even));
			store(row + 16 * v, even[v]);
			half_above[v] = half_even;
		}
	}
#pragma GCC unroll 4
	for (int v = 0; v < 4; v++)
		store(dst + 63 * 64 + 16 * v, _mm256_add_epi16(half_above[v], half_above[v]));
}

/* The lower 8 values of both to 16. */
INLINE __m256i join_row_16(__m256i low, __m256i high)
{
	__m256i before = shift_up(high, first_last(high)), even = even_value(low, before, high), sum, odd;
	/* the last even value once more behind itself */
	__m128i next = _mm_alignr_epi8(
			_mm_srli_si128(_mm256_castsi256_si128(even), 14), _mm256_castsi256_si128(even), 2);

	sum = _mm256_add_epi16(even, _mm256_castsi128_si256(next));
	odd = _mm256_add_epi16(_mm256_add_epi16(high, high), half_towards_zero(sum));
	join_pairs(even, odd, &low, &high);
	return low;
}

INLINE __m256i load_8(const int16_t *p, __m128i shift)
{
	return _mm256_castsi128_si256(_mm_sll_epi16(_mm_loadu_si128((const __m128i *)p), shift));
}

void rfx_join_level_16_avx2(int16_t *dst, const int16_t *bands, const uint8_t *shifts)
{
	const __m128i hl = _mm_cvtsi32_si128(shifts[0]), lh = _mm_cvtsi32_si128(shifts[1]);
	const __m128i hh = _mm_cvtsi32_si128(shifts[2]), ll = _mm_cvtsi32_si128(shifts[3]);
	__m256i before = _mm256_setzero_si256(), half_above = before;

	for (int i = 0; i < 8; i++) {
		__m256i low = join_row_16(load_8(bands + 192 + 8 * i, ll), load_8(bands + 8 * i, hl));
		__m256i high = join_row_16(load_8(bands + 64 + 8 * i, lh), load_8(bands + 128 + 8 * i, hh));
		__m256i even = even_value(low, i > 0 ? before : high, high);
		__m256i half_even = half_towards_zero(even);

		if (i > 0)
			store(dst + (2 * i - 1) * 16, odd_below(before, half_above, half_even));
		store(dst + 2 * i * 16, even);
		before = high;
		half_above = half_even;
	}
	store(dst + 15 * 16, odd_below(before, half_above, half_above));
}

void rfx_inverse_avx2(int16_t *plane, int16_t *coefs, const struct rfx_shifts *shifts)
{
	_Alignas(32) int16_t ll1[32 * 32], ll2[16 * 16];

	if (rfx_inverse_flat_avx2(plane, coefs, 4032, shifts->of[BAND_LL3]))
		return;
	rfx_sums(coefs + 4032, 64);
	rfx_join_level_16_avx2(ll2, coefs + 3840, shifts->of + 6);
	join_level(ll1, ll2, coefs + 3072, 2, shifts->of + 3);
	if (rfx_all_zero_avx2(coefs, 3072))
		stretch_level(plane, ll1);
	else
		join_level(plane, ll1, coefs, 4, shifts->of);
}
