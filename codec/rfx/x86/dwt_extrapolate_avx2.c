/* ../dwt_extrapolate.c in AVX2, as dwt_avx2.c does it. A level has n + 1 rows of
 * n + 1 values, n = 16 * V: the first n values of a row are V vectors. What becomes
 * of the last ones follows from the last three columns, which are handled apart, 16
 * rows at a time. Sums saturate. */
#include "avx2.h"
#include "dwt_avx2.h"

#include <string.h>

INLINE __m256i high_sat(__m256i odd, __m256i even, __m256i next)
{
	__m256i half = _mm256_srai_epi16(_mm256_adds_epi16(even, next), 1);

	return _mm256_srai_epi16(_mm256_subs_epi16(odd, half), 1);
}

INLINE __m256i low_sat(__m256i even, __m256i before, __m256i after)
{
	return _mm256_adds_epi16(even, half_sum(before, after));
}

/* One of the last columns, of up to 65 rows; room for whole vectors. */
struct column {
	_Alignas(32) int16_t at[96];
};

/* n + 1 values to n / 2 + 1 low and n / 2 high ones. */
INLINE void split_column(int16_t *low, int16_t *high, const int16_t *x, int n)
{
	__m256i before = _mm256_setzero_si256();

	for (int i = 0; i < n / 2; i += 16) {
		__m256i even, odd, next, h;

		split_pairs(load(x + 2 * i + 2), load(x + 2 * i + 18), &next, &odd);
		split_pairs(load(x + 2 * i), load(x + 2 * i + 16), &even, &odd);
		h = high_sat(odd, even, next);
		before = shift_up(h, i > 0 ? before : first_last(h));
		store(low + i, low_sat(even, before, h));
		store(high + i, h);
		before = h;
	}
	store(low + n / 2, _mm256_adds_epi16(load(x + n), load(high + n / 2 - 1)));
}

/* The last columns of the low or the high rows: n - 2, n - 1 and n. */
struct edge {
	struct column even, odd, edge;
};

/* pairs: columns n - 2 and n - 1; n + 1 rows. */
INLINE void split_edge(struct edge *low, struct edge *high, const int16_t *pairs, const int16_t *edge, int n)
{
	struct column even, odd;

	for (int i = 0; i <= n; i += 16) {
		__m256i e, o;

		split_pairs(load(pairs + 2 * i), load(pairs + 2 * i + 16), &e, &o);
		store(even.at + i, e);
		store(odd.at + i, o);
	}
	split_column(low->even.at, high->even.at, even.at, n);
	split_column(low->odd.at, high->odd.at, odd.at, n);
	split_column(low->edge.at, high->edge.at, edge, n);
}

/* The last low value of each row. */
INLINE void find_last(int16_t *last, const struct edge *edge, int count)
{
	for (int i = 0; i < count; i += 16) {
		__m256i e = load(edge->edge.at + i);
		__m256i high = high_sat(load(edge->odd.at + i), load(edge->even.at + i), e);

		store(last + i, _mm256_adds_epi16(e, high));
	}
}

INLINE void quantize_column(int16_t *column, int count, const struct quant *q)
{
	for (int i = 0; i < count; i += 16)
		store(column + i, quantize(load(column + i), q));
}

/* n + 1 rows, n of them at rows. */
static void take_pairs(int16_t *pairs, const int16_t *rows, const int16_t *last, int n)
{
	for (int i = 0; i < n; i++)
		memcpy(pairs + 2 * i, rows + i * n + n - 2, 2 * sizeof *pairs);
	memcpy(pairs + 2 * n, last + n - 2, 2 * sizeof *pairs);
}

/* One row: 2 * H vectors to H each; edge: begins with the value behind them. */
INLINE void split_row(__m256i *low, __m256i *high, const __m256i *row, __m256i edge, int H)
{
	__m256i even[3], odd[2];

#pragma GCC unroll 2
	for (int i = 0; i < H; i++)
		split_pairs(row[2 * i], row[2 * i + 1], &even[i], &odd[i]);
	even[H] = edge;
#pragma GCC unroll 2
	for (int i = 0; i < H; i++)
		high[i] = high_sat(odd[i], even[i], shift_down(even[i], even[i + 1]));
#pragma GCC unroll 2
	for (int i = 0; i < H; i++)
		low[i] = low_sat(even[i], shift_up(high[i], i > 0 ? high[i - 1] : first_last(high[0])),
				high[i]);
}

/* A row of high values: at level 1 all but the last of 32. */
INLINE void store_high(int16_t *dst, const __m256i *v, int H, const struct quant *q)
{
	store(dst, quantize(v[0], q));
	if (H == 2)
		store(dst + 15, quantize(shift_up(v[1], v[0]), q));
}

struct level {
	const int16_t *rows, *last;  /* n rows, row n */
	const int16_t *pairs, *edge; /* columns n - 2 and n - 1, column n */
	int16_t *ll, *ll_edge;       /* n / 2 + 1 rows of n / 2, and their last values */
};

/* V: 4 or 2. */
INLINE void split_level(int16_t *dst, const struct level *level, int V, const uint8_t *shifts)
{
	const struct quant hl = quant_of(shifts[0]), lh = quant_of(shifts[1]), hh = quant_of(shifts[2]);
	const int n = 16 * V, half = n / 2, H = V / 2, highs = V == 4 ? 31 : 16;
	int16_t *lh_at = dst + highs * (half + 1), *hh_at = lh_at + highs * (half + 1);
	struct edge edge_low, edge_high;
	struct column last;
	__m256i even[4], before[4], low[4], high[4], l[2], h[2];

	split_edge(&edge_low, &edge_high, level->pairs, level->edge, n);
	find_last(level->ll_edge, &edge_low, half + 1);
	find_last(last.at, &edge_high, highs);
	quantize_column(last.at, highs, &lh);
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
		split_row(l, h, low, load(edge_low.edge.at + i), H);
#pragma GCC unroll 2
		for (int v = 0; v < H; v++)
			store(level->ll + i * half + 16 * v, l[v]);
		store_high(dst + i * highs, h, H, &hl);
		if (i < highs) {
			int16_t *at = lh_at + i * (half + 1);

			split_row(l, h, high, load(edge_high.edge.at + i), H);
#pragma GCC unroll 2
			for (int v = 0; v < H; v++)
				store(at + 16 * v, quantize(l[v], &lh));
			at[half] = last.at[i];
			store_high(hh_at + i * highs, h, H, &hh);
		}
	}
}

/* One row of 16 and the edge, to 8 low and 8 high quantised values. */
INLINE void split_row_16(int16_t *low, int16_t *high, __m256i row, const int16_t *edge,
		const struct quant *low_quant, const struct quant *high_quant)
{
	__m256i split, zero = _mm256_setzero_si256(), even, odd, h, l;

	split_pairs(row, zero, &even, &odd); /* the upper halves stay zero */
	split = _mm256_inserti128_si256(even, _mm_loadu_si128((const __m128i *)edge), 1);
	h = high_sat(odd, even, shift_down(split, zero));
	l = low_sat(even, shift_up(h, first_last(h)), h);
	_mm_storeu_si128((__m128i *)low, _mm256_castsi256_si128(quantize(l, low_quant)));
	_mm_storeu_si128((__m128i *)high, _mm256_castsi256_si128(quantize(h, high_quant)));
}

static void split_level_16(int16_t *dst, const struct level *level, const uint8_t *shifts)
{
	const struct quant hl = quant_of(shifts[0]), lh = quant_of(shifts[1]);
	const struct quant hh = quant_of(shifts[2]), ll = quant_of(shifts[3]);
	__m256i even = load(level->rows), before = even;
	struct edge edge_low, edge_high;
	struct column last_low, last_high;

	split_edge(&edge_low, &edge_high, level->pairs, level->edge, 16);
	find_last(last_low.at, &edge_low, 9);
	find_last(last_high.at, &edge_high, 8);
	quantize_column(last_low.at, 9, &ll);
	quantize_column(last_high.at, 8, &lh);
	for (int i = 0; i <= 8; i++) {
		__m256i next = even, high = before;

		if (i < 8) {
			const int16_t *odd = level->rows + (2 * i + 1) * 16;

			next = load(i < 7 ? odd + 16 : level->last);
			high = high_sat(load(odd), even, next);
		}
		split_row_16(dst + 208 + 9 * i, dst + 8 * i, low_sat(even, i > 0 ? before : high, high),
				edge_low.edge.at + i, &ll, &hl);
		dst[208 + 9 * i + 8] = last_low.at[i];
		if (i < 8) {
			split_row_16(dst + 72 + 9 * i, dst + 144 + 8 * i, high, edge_high.edge.at + i, &lh,
					&hh);
			dst[72 + 9 * i + 8] = last_high.at[i];
		}
		before = high;
		even = next;
	}
}

INLINE __m256i straight_on(__m256i before, __m256i last)
{
	return _mm256_adds_epi16(last, _mm256_subs_epi16(last, before));
}

/* Row and column 64. */
static void extrapolate(int16_t *last, int16_t *edge, int16_t *pairs, const int16_t *plane)
{
	for (int x = 0; x < 64; x += 16)
		store(last + x, straight_on(load(plane + 62 * 64 + x), load(plane + 63 * 64 + x)));
	take_pairs(pairs, plane, last, 64);
	for (int row = 0; row < 64; row += 16) {
		__m256i before, at;

		split_pairs(load(pairs + 2 * row), load(pairs + 2 * row + 16), &before, &at);
		store(edge + row, straight_on(before, at));
	}
	store(edge + 64, straight_on(load(edge + 62), load(edge + 63)));
}

void rfx_forward_extrapolate_avx2(int16_t *coefs, int16_t *plane, const struct rfx_shifts *shifts)
{
	_Alignas(32) int16_t ll1[33 * 32], ll2[17 * 16], last[64], pairs[2 * 80];
	struct column edge[3];

	if (rfx_forward_flat_avx2(coefs, plane, 4015, shifts->of[BAND_LL3]))
		return;
	extrapolate(last, edge[0].at, pairs, plane);
	split_level(coefs, &(struct level){ plane, last, pairs, edge[0].at, ll1, edge[1].at }, 4, shifts->of);
	take_pairs(pairs, ll1, ll1 + 32 * 32, 32);
	split_level(coefs + 3007, &(struct level){ ll1, ll1 + 32 * 32, pairs, edge[1].at, ll2, edge[2].at },
			2, shifts->of + 3);
	take_pairs(pairs, ll2, ll2 + 16 * 16, 16);
	split_level_16(coefs + 3807, &(struct level){ ll2, ll2 + 16 * 16, pairs, edge[2].at, NULL, NULL },
			shifts->of + 6);
	rfx_differences(coefs + 4015, 81);
}
