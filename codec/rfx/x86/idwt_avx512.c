/* ../idwt.c in AVX-512, as idwt_avx2.c does it. A row of 64 values is two vectors.
 * At the smaller levels the low and the high row of a step share a vector. */
#include "avx2.h"
#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

/* Orders of 32 values; 32 and more: those of a second vector. mirrored: the
 * neighbours before and behind, with the last ones repeated. */
_Alignas(64) static const uint16_t mirrored_before[32] = { 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30 };
_Alignas(64) static const uint16_t mirrored_behind[32] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 31 };
_Alignas(64) static const uint16_t halves_before[32] = { 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	16, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30 };
_Alignas(64) static const uint16_t halves_behind[32] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
	15, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 31 };
_Alignas(64) static const uint16_t pairs_first[32] = { 0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39,
	8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47 };
_Alignas(64) static const uint16_t pairs_second[32] = { 16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53, 22,
	54, 23, 55, 24, 56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30, 62, 31, 63 };

INLINE __m512i load(const void *p)
{
	return _mm512_loadu_si512(p);
}

INLINE __m512i half_towards_zero(__m512i v)
{
	return _mm512_srai_epi16(_mm512_add_epi16(v, _mm512_srli_epi16(v, 15)), 1);
}

INLINE __m512i even_value(__m512i low, __m512i before, __m512i after)
{
	return _mm512_sub_epi16(low, _mm512_srai_epi16(_mm512_add_epi16(before, after), 1));
}

INLINE __m512i odd_value(__m512i high, __m512i half)
{
	return _mm512_add_epi16(_mm512_add_epi16(high, high), half);
}

/* 32 low and 32 high values to 64, or twice 16 and 16 to 32. */
INLINE void join_row(
		__m512i row[2], __m512i low, __m512i high, const uint16_t *before, const uint16_t *behind)
{
	__m512i even = even_value(low, _mm512_permutexvar_epi16(load(before), high), high);
	__m512i next = _mm512_permutexvar_epi16(load(behind), even);
	__m512i odd = odd_value(high, half_towards_zero(_mm512_add_epi16(even, next)));

	row[0] = _mm512_permutex2var_epi16(even, load(pairs_first), odd);
	row[1] = _mm512_permutex2var_epi16(even, load(pairs_second), odd);
}

/* What a step hands to the next. */
struct column {
	__m512i before[2], half_above[2]; /* its high row, and half its even one */
};

/* A low and a high row, V vectors of n values together, to the even row and the odd one
 * above it. */
INLINE void join_column(int16_t *row, int n, int V, int step, const __m512i *low, const __m512i *high,
		struct column *c)
{
#pragma GCC unroll 2
	for (int v = 0; v < V; v++) {
		__m512i even = even_value(low[v], step > 0 ? c->before[v] : high[v], high[v]);
		__m512i half_even = half_towards_zero(even);

		if (step > 0)
			_mm512_storeu_si512(row - n + 32 * v,
					odd_value(c->before[v],
							_mm512_add_epi16(c->half_above[v], half_even)));
		_mm512_storeu_si512(row + 32 * v, even);
		c->before[v] = high[v];
		c->half_above[v] = half_even;
	}
}

INLINE void join_last(int16_t *row, int V, const struct column *c)
{
#pragma GCC unroll 2
	for (int v = 0; v < V; v++)
		_mm512_storeu_si512(row + 32 * v,
				odd_value(c->before[v],
						_mm512_add_epi16(c->half_above[v], c->half_above[v])));
}

static void join_level_64(int16_t *dst, const int16_t *ll, const int16_t *bands, const uint8_t *shifts)
{
	const __m128i hl = _mm_cvtsi32_si128(shifts[0]), lh = _mm_cvtsi32_si128(shifts[1]);
	const __m128i hh = _mm_cvtsi32_si128(shifts[2]);
	__m512i low[2], high[2];
	struct column c;

	for (int i = 0; i < 32; i++) {
		const int16_t *at = bands + 32 * i;

		join_row(low, load(ll + 32 * i), _mm512_sll_epi16(load(at), hl), mirrored_before,
				mirrored_behind);
		join_row(high, _mm512_sll_epi16(load(at + 1024), lh), _mm512_sll_epi16(load(at + 2048), hh),
				mirrored_before, mirrored_behind);
		join_column(dst + 128 * i, 64, 2, i, low, high, &c);
	}
	join_last(dst + 63 * 64, 2, &c);
}

/* When all its bands are zero: only values in between. */
static void stretch_level_64(int16_t *dst, const int16_t *ll)
{
	const __m512i zero[2] = { _mm512_setzero_si512(), _mm512_setzero_si512() };
	__m512i low[2];
	struct column c;

	for (int i = 0; i < 32; i++) {
		join_row(low, load(ll + 32 * i), zero[0], mirrored_before, mirrored_behind);
		join_column(dst + 128 * i, 64, 2, i, low, zero, &c);
	}
	join_last(dst + 63 * 64, 2, &c);
}

/* The rows at a and b, 16 values each. */
INLINE __m512i load_both(const int16_t *a, const int16_t *b)
{
	return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)a)),
			_mm256_loadu_si256((const __m256i *)b), 1);
}

INLINE __m512i both_shifts(int a, int b)
{
	return _mm512_inserti64x4(_mm512_set1_epi16((short)a), _mm256_set1_epi16((short)b), 1);
}

static void join_level_32(int16_t *dst, const int16_t *ll, const int16_t *bands, const uint8_t *shifts)
{
	const __m512i low_shifts = both_shifts(0, shifts[1]), high_shifts = both_shifts(shifts[0], shifts[2]);
	struct column c;

	for (int i = 0; i < 16; i++) {
		const int16_t *at = bands + 16 * i;
		__m512i low = _mm512_sllv_epi16(load_both(ll + 16 * i, at + 256), low_shifts);
		__m512i high = _mm512_sllv_epi16(load_both(at, at + 512), high_shifts);
		__m512i rows[2];

		join_row(rows, low, high, halves_before, halves_behind);
		join_column(dst + 64 * i, 32, 1, i, &rows[0], &rows[1], &c);
	}
	join_last(dst + 31 * 32, 1, &c);
}

void rfx_inverse_avx512(int16_t *plane, int16_t *coefs, const struct rfx_shifts *shifts)
{
	_Alignas(64) int16_t ll1[32 * 32], ll2[16 * 16];

	if (rfx_inverse_flat_avx2(plane, coefs, 4032, shifts->of[BAND_LL3]))
		return;
	rfx_sums(coefs + 4032, 64);
	rfx_join_level_16_avx2(ll2, coefs + 3840, shifts->of + 6);
	join_level_32(ll1, ll2, coefs + 3072, shifts->of + 3);
	if (rfx_all_zero_avx2(coefs, 3072))
		stretch_level_64(plane, ll1);
	else
		join_level_64(plane, ll1, coefs, shifts->of);
}
