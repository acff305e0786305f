/* ../dwt_extrapolate.c in AVX2, as dwt_avx2.c does it. A level has n + 1 rows of
 * n + 1 values, n = 16 * V: the first n values of a row are V vectors, the last
 * ones of all rows are kept apart in the array edge, as is row n at level 1.
 * Sums saturate. */
#include "avx2.h"
#include "dwt_avx2.h"

#define SIDE 65

INLINE int16_t saturate(int v)
{
	return (int16_t)(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
}

INLINE __m256i high_sat(__m256i odd, __m256i even, __m256i next)
{
	__m256i half = _mm256_srai_epi16(_mm256_adds_epi16(even, next), 1);

	return _mm256_srai_epi16(_mm256_subs_epi16(odd, half), 1);
}

INLINE __m256i low_sat(__m256i even, __m256i before, __m256i after)
{
	return _mm256_adds_epi16(even, half_sum(before, after));
}

INLINE int16_t quantize_one(int v, int shift)
{
	int sum = v + (1 << (shift - 1));

	return (int16_t)((sum > INT16_MAX ? INT16_MAX : sum) >> shift);
}

/* The edge column: n + 1 values to n / 2 + 1 low and n / 2 high ones. */
static void split_edge(int16_t *low, int16_t *high, const int16_t *x, int n)
{
	for (int i = 0; i < n / 2; i++) {
		int half = saturate(x[2 * i] + x[2 * i + 2]) >> 1;

		high[i] = (int16_t)(saturate(x[2 * i + 1] - half) >> 1);
	}
	for (int i = 0; i <= n / 2; i++) {
		int before = high[i > 0 ? i - 1 : 0], after = high[i < n / 2 ? i : i - 1];

		low[i] = saturate(x[2 * i] + ((before + after) >> 1));
	}
}

/* One row: 2 * H vectors and the edge to H vectors each, and a last low value. */
INLINE int16_t split_row(__m256i *low, __m256i *high, const __m256i *row, int16_t edge, int H)
{
	__m256i even[3], odd[2];

#pragma GCC unroll 2
	for (int i = 0; i < H; i++)
		split_pairs(row[2 * i], row[2 * i + 1], &even[i], &odd[i]);
	even[H] = _mm256_castsi128_si256(_mm_cvtsi32_si128(edge));
#pragma GCC unroll 2
	for (int i = 0; i < H; i++)
		high[i] = high_sat(odd[i], even[i], shift_down(even[i], even[i + 1]));
#pragma GCC unroll 2
	for (int i = 0; i < H; i++)
		low[i] = low_sat(even[i], shift_up(high[i], i > 0 ? high[i - 1] : first_last(high[0])),
				high[i]);
	return saturate(edge + (int16_t)_mm256_extract_epi16(high[H - 1], 15));
}

/* A row of high values: at level 1 all but the last of 32. */
INLINE void store_high(int16_t *dst, const __m256i *v, int H, const struct quant *q)
{
	store(dst, quantize(v[0], q));
	if (H == 2)
		store(dst + 15, quantize(shift_up(v[1], v[0]), q));
}

struct level {
	const int16_t *rows, *last; /* n rows, row n */
	const int16_t *edge;        /* n + 1 values */
	int16_t *ll, *ll_edge;      /* n / 2 + 1 rows of n / 2, and their last values */
};

/* V: 4 or 2. */
INLINE void split_level(int16_t *dst, const struct level *level, int V, const uint8_t *shifts)
{
	const struct quant hl = quant_of(shifts[0]), lh = quant_of(shifts[1]), hh = quant_of(shifts[2]);
	const int n = 16 * V, half = n / 2, H = V / 2, highs = V == 4 ? 31 : 16;
	int16_t *lh_at = dst + highs * (half + 1), *hh_at = lh_at + highs * (half + 1);
	int16_t edge_low[33], edge_high[32];
	__m256i even[4], before[4], low[4], high[4], l[2], h[2];

	split_edge(edge_low, edge_high, level->edge, n);
#pragma GCC unroll 4
	for (int v = 0; v < V; v++)
		before[v] = even[v] = load(level->rows + 16 * v);
	for (int i = 0; i <= half; i++) {
		const int16_t *odd = level->rows + (2 * i + 1) * n,
			      *next = 2 * i + 2 < n ? odd + n : level->last;

#pragma GCC unroll 4
		for (int v = 0; v < V; v++) {
			__m256i e = even[v];

			high[v] = before[v];
			if (i < half) {
				e = load(next + 16 * v);
				high[v] = high_sat(load(odd + 16 * v), even[v], e);
			}
			low[v] = low_sat(even[v], i > 0 ? before[v] : high[v], high[v]);
			before[v] = high[v];
			even[v] = e;
		}
		level->ll_edge[i] = split_row(l, h, low, edge_low[i], H);
#pragma GCC unroll 2
		for (int v = 0; v < H; v++)
			store(level->ll + i * half + 16 * v, l[v]);
		store_high(dst + i * highs, h, H, &hl);
		if (i < highs) {
			int16_t *at = lh_at + i * (half + 1);
			int16_t last = split_row(l, h, high, edge_high[i], H);

#pragma GCC unroll 2
			for (int v = 0; v < H; v++)
				store(at + 16 * v, quantize(l[v], &lh));
			at[half] = quantize_one(last, shifts[1]);
			store_high(hh_at + i * highs, h, H, &hh);
		}
	}
}

/* One row of 16 and the edge, to 9 low and 8 high quantised values. */
INLINE void split_row_16(int16_t *low, int16_t *high, __m256i row, int16_t edge,
		const struct quant *low_quant, int low_shift, const struct quant *high_quant)
{
	__m256i split, zero = _mm256_setzero_si256(), even, odd, h, l;

	split_pairs(row, zero, &even, &odd); /* the upper halves stay zero */
	split = _mm256_inserti128_si256(even, _mm_cvtsi32_si128(edge), 1);
	h = high_sat(odd, even, shift_down(split, zero));
	l = low_sat(even, shift_up(h, first_last(h)), h);
	_mm_storeu_si128((__m128i *)low, _mm256_castsi256_si128(quantize(l, low_quant)));
	_mm_storeu_si128((__m128i *)high, _mm256_castsi256_si128(quantize(h, high_quant)));
	low[8] = quantize_one(saturate(edge + (int16_t)_mm256_extract_epi16(h, 7)), low_shift);
}

static void split_level_16(int16_t *dst, const int16_t *rows, const int16_t *edge, const uint8_t *shifts)
{
	const struct quant hl = quant_of(shifts[0]), lh = quant_of(shifts[1]);
	const struct quant hh = quant_of(shifts[2]), ll = quant_of(shifts[3]);
	__m256i even = load(rows), before = even;
	int16_t edge_low[9], edge_high[8];

	split_edge(edge_low, edge_high, edge, 16);
	for (int i = 0; i <= 8; i++) {
		__m256i next = even, high = before;

		if (i < 8) {
			next = load(rows + (2 * i + 2) * 16);
			high = high_sat(load(rows + (2 * i + 1) * 16), even, next);
		}
		split_row_16(dst + 208 + 9 * i, dst + 8 * i, low_sat(even, i > 0 ? before : high, high),
				edge_low[i], &ll, shifts[3], &hl);
		if (i < 8)
			split_row_16(dst + 72 + 9 * i, dst + 144 + 8 * i, high, edge_high[i], &lh, shifts[1],
					&hh);
		before = high;
		even = next;
	}
}

static int16_t straight_on(int before, int last)
{
	return saturate(last + saturate(last - before));
}

void rfx_forward_extrapolate_avx2(int16_t *coefs, int16_t *plane, const struct rfx_shifts *shifts)
{
	_Alignas(32) int16_t ll1[33 * 32], ll2[17 * 16], last[64];
	int16_t edge[SIDE], edge1[33], edge2[17];

	if (rfx_forward_flat_avx2(coefs, plane, 4015, shifts->of[BAND_LL3]))
		return;
	for (int row = 0; row < 64; row++)
		edge[row] = straight_on(plane[row * 64 + 62], plane[row * 64 + 63]);
	edge[64] = straight_on(edge[62], edge[63]);
	for (int x = 0; x < 64; x++)
		last[x] = straight_on(plane[62 * 64 + x], plane[63 * 64 + x]);
	split_level(coefs, &(struct level){ plane, last, edge, ll1, edge1 }, 4, shifts->of);
	split_level(coefs + 3007, &(struct level){ ll1, ll1 + 32 * 32, edge1, ll2, edge2 }, 2,
			shifts->of + 3);
	split_level_16(coefs + 3807, ll2, edge2, shifts->of + 6);
	rfx_differences(coefs + 4015, 81);
}
