/* ../idwt_extrapolate.c in AVX2: as idwt_avx2.c, with the last values of all rows
 * kept apart as in dwt_extrapolate_avx2.c. Sums saturate. */
#include "avx2.h"
#include "dwt_avx2.h"

INLINE int16_t saturate(int v)
{
	return (int16_t)(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
}

static int16_t even_one(int low, int before, int after)
{
	return saturate(low - (saturate(before + after) >> 1));
}

static int16_t odd_one(int high, int even, int next)
{
	return saturate(saturate(2 * high) + saturate(even + next) / 2);
}

INLINE __m256i even_value(__m256i low, __m256i before, __m256i after)
{
	return _mm256_subs_epi16(low, _mm256_srai_epi16(_mm256_adds_epi16(before, after), 1));
}

INLINE __m256i odd_value(__m256i high, __m256i even, __m256i next)
{
	__m256i sum = _mm256_adds_epi16(even, next);

	sum = _mm256_srai_epi16(_mm256_add_epi16(sum, _mm256_srli_epi16(sum, 15)), 1);
	return _mm256_adds_epi16(_mm256_adds_epi16(high, high), sum);
}

INLINE __m256i load_shifted(const int16_t *p, __m128i shift)
{
	return _mm256_sll_epi16(load(p), shift);
}

/* A row of high values; at level 1 there are 31, and the 32nd is zero. */
INLINE void load_high(__m256i *v, const int16_t *p, int H, __m128i shift)
{
	v[0] = load_shifted(p, shift);
	if (H == 2) {
		v[1] = load_shifted(p + 15, shift);
		v[1] = shift_down(v[1], _mm256_setzero_si256());
	}
}

/* H vectors of low values and the edge, H vectors of high ones, to 2 * H vectors
 * and the edge. */
INLINE int16_t join_row(__m256i *row, const __m256i *low, int16_t edge, const __m256i *high, int H)
{
	int16_t last = (int16_t)_mm256_extract_epi16(high[H - 1], 15);
	__m256i even[3];

	edge = even_one(edge, last, last);
#pragma GCC unroll 2
	for (int i = 0; i < H; i++) {
		__m256i before = shift_up(high[i], i > 0 ? high[i - 1] : first_last(high[0]));

		even[i] = even_value(low[i], before, high[i]);
	}
	even[H] = _mm256_castsi128_si256(_mm_cvtsi32_si128(edge));
#pragma GCC unroll 2
	for (int i = 0; i < H; i++)
		join_pairs(even[i], odd_value(high[i], even[i], shift_down(even[i], even[i + 1])),
				&row[2 * i], &row[2 * i + 1]);
	return edge;
}

/* The edge column: n / 2 + 1 low and n / 2 high values to n + 1. */
static void join_edge(int16_t *x, const int16_t *low, const int16_t *high, int n)
{
	for (int i = 0; i <= n / 2; i++)
		x[2 * i] = even_one(low[i], high[i > 0 ? i - 1 : 0], high[i < n / 2 ? i : i - 1]);
	for (int i = 0; i < n / 2; i++)
		x[2 * i + 1] = odd_one(high[i], x[2 * i], x[2 * i + 2]);
}

struct level {
	const int16_t *ll, *ll_edge; /* n / 2 + 1 rows of n / 2, and their last values */
	int16_t *rows, *edge;        /* n + 1 rows of n, and their last values; level 1: n rows, no edge */
};

/* n = 16 * V; V: 4 or 2. */
INLINE void join_level(const struct level *level, const int16_t *bands, int V, const uint8_t *shifts)
{
	const __m128i hl = _mm_cvtsi32_si128(shifts[0]), lh = _mm_cvtsi32_si128(shifts[1]);
	const __m128i hh = _mm_cvtsi32_si128(shifts[2]);
	const int n = 16 * V, half = n / 2, H = V / 2, highs = V == 4 ? 31 : 16;
	const int16_t *lh_at = bands + highs * (half + 1), *hh_at = lh_at + highs * (half + 1);
	int16_t edge_low[33], edge_high[32];
	__m256i low[4], high[4], before[4], above[4], a[2], b[2];

#pragma GCC unroll 4
	for (int v = 0; v < V; v++)
		high[v] = before[v] = above[v] = _mm256_setzero_si256();
	for (int i = 0; i <= half; i++) {
		int16_t *row = level->rows + 2 * i * n;

#pragma GCC unroll 2
		for (int v = 0; v < H; v++)
			a[v] = load(level->ll + i * half + 16 * v);
		load_high(b, bands + i * highs, H, hl);
		edge_low[i] = join_row(low, a, level->ll_edge[i], b, H);
		if (i < highs) {
			const int16_t *at = lh_at + i * (half + 1);

#pragma GCC unroll 2
			for (int v = 0; v < H; v++)
				a[v] = load_shifted(at + 16 * v, lh);
			load_high(b, hh_at + i * highs, H, hh);
			edge_high[i] = join_row(high, a, (int16_t)((uint32_t)at[half] << shifts[1]), b, H);
		} else if (i < half) {
			edge_high[i] = 0;
#pragma GCC unroll 4
			for (int v = 0; v < V; v++)
				high[v] = _mm256_setzero_si256();
		}
#pragma GCC unroll 4
		for (int v = 0; v < V; v++) {
			/* behind the last row the last high values count twice */
			__m256i even = even_value(low[v], i > 0 ? before[v] : high[v], high[v]);

			if (i > 0)
				store(row - n + 16 * v, odd_value(before[v], above[v], even));
			if (i < half || V == 2)
				store(row + 16 * v, even);
			before[v] = high[v];
			above[v] = even;
		}
	}
	if (level->edge)
		join_edge(level->edge, edge_low, edge_high, n);
}

/* 8 values each and the edge, to 16 and the edge. */
INLINE __m256i join_row_16(__m256i low, int16_t edge, __m256i high, int16_t *edge_out)
{
	int16_t last = (int16_t)_mm256_extract_epi16(high, 7);
	__m256i even = even_value(low, shift_up(high, first_last(high)), high), next;

	*edge_out = even_one(edge, last, last);
	next = _mm256_inserti128_si256(even, _mm_cvtsi32_si128(*edge_out), 1);
	join_pairs(even, odd_value(high, even, shift_down(next, next)), &low, &high);
	return low;
}

INLINE __m256i load_8(const int16_t *p, __m128i shift)
{
	return _mm256_castsi128_si256(_mm_sll_epi16(_mm_loadu_si128((const __m128i *)p), shift));
}

static void join_level_16(int16_t *rows, int16_t *edge, const int16_t *bands, const uint8_t *shifts)
{
	const __m128i hl = _mm_cvtsi32_si128(shifts[0]), lh = _mm_cvtsi32_si128(shifts[1]);
	const __m128i hh = _mm_cvtsi32_si128(shifts[2]), ll = _mm_cvtsi32_si128(shifts[3]);
	const int16_t *lh_at = bands + 72, *hh_at = bands + 144, *ll_at = bands + 208;
	__m256i before = _mm256_setzero_si256(), above = before, high = before;
	int16_t edge_low[9], edge_high[8];

	for (int i = 0; i <= 8; i++) {
		int16_t last = (int16_t)((uint32_t)ll_at[9 * i + 8] << shifts[3]);
		__m256i low = join_row_16(
				load_8(ll_at + 9 * i, ll), last, load_8(bands + 8 * i, hl), &edge_low[i]);
		__m256i even;

		if (i < 8) {
			last = (int16_t)((uint32_t)lh_at[9 * i + 8] << shifts[1]);
			high = join_row_16(load_8(lh_at + 9 * i, lh), last, load_8(hh_at + 8 * i, hh),
					&edge_high[i]);
		}
		even = even_value(low, i > 0 ? before : high, high);
		if (i > 0)
			store(rows + (2 * i - 1) * 16, odd_value(before, above, even));
		store(rows + 2 * i * 16, even);
		before = high;
		above = even;
	}
	join_edge(edge, edge_low, edge_high, 16);
}

void rfx_inverse_extrapolate_avx2(int16_t *plane, int16_t *coefs, const struct rfx_shifts *shifts)
{
	_Alignas(32) int16_t ll1[33 * 32], ll2[17 * 16];
	int16_t edge1[33], edge2[17];

	if (rfx_inverse_flat_avx2(plane, coefs, 4015, shifts->of[BAND_LL3]))
		return;
	rfx_sums(coefs + 4015, 81);
	join_level_16(ll2, edge2, coefs + 3807, shifts->of + 6);
	join_level(&(struct level){ ll2, edge2, ll1, edge1 }, coefs + 3007, 2, shifts->of + 3);
	join_level(&(struct level){ ll1, edge1, plane, NULL }, coefs, 4, shifts->of);
}
