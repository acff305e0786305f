#include "../dsp.h"
#include "../segment.h"
#include <immintrin.h>

enum { BLOCK = 32, WORD = 64, WORDS_MAX = PLANAR_SIDE_MAX_PX / WORD + 1 };

/* One byte of each of 8 pixels, or its difference, in the lowest byte of each lane */
static inline __m256i pick_8(const uint8_t *src, const uint8_t *above, __m128i shift)
{
	__m256i px = _mm256_loadu_si256((const __m256i *)src);

	if (above)
		px = _mm256_sub_epi8(px, _mm256_loadu_si256((const __m256i *)above));
	return _mm256_and_si256(_mm256_srl_epi32(px, shift), _mm256_set1_epi32(0xff));
}

/* 16 of them as 16-bit lanes, in the order 0-3, 8-11, 4-7, 12-15 */
static inline __m256i pick_16(const uint8_t *src, const uint8_t *above, __m128i shift)
{
	return _mm256_packus_epi32(
			pick_8(src, above, shift), pick_8(src + 32, above ? above + 32 : NULL, shift));
}

static inline __m256i delta_block(const uint8_t *src, const uint8_t *above, __m128i shift)
{
	const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
	__m256i delta = _mm256_packus_epi16(
			pick_16(src, above, shift), pick_16(src + 64, above ? above + 64 : NULL, shift));

	delta = _mm256_permutevar8x32_epi32(delta, order);
	if (above)
		delta = _mm256_xor_si256(_mm256_add_epi8(delta, delta),
				_mm256_cmpgt_epi8(_mm256_setzero_si256(), delta));
	return delta;
}

/* The last, shorter block */
static inline __m256i delta_tail(const uint8_t *src, const uint8_t *above, __m128i shift, int n)
{
	uint8_t tail[2][4 * BLOCK] = { 0 };

	memcpy(tail[0], src, 4 * (size_t)n);
	if (above)
		memcpy(tail[1], above, 4 * (size_t)n);
	return delta_block(tail[0], above ? tail[1] : NULL, shift);
}

/* Fills row with the differences. Bit i of same: row[i] is like row[i - 1], or 0 where
 * i is 0; bits from n on are 0. Compared here in registers, since loads that straddle
 * stores made just before are slow. */
static inline int delta_row(
		uint8_t *row, uint64_t *same, const uint8_t *src, const uint8_t *above, int byte, int n)
{
	const __m128i shift = _mm_cvtsi32_si128(8 * byte);
	int words = (n + WORD - 1) / WORD;
	__m256i last = _mm256_setzero_si256();

	same[words - 1] = 0;
	for (int i = 0; i < n; i += BLOCK) {
		const uint8_t *from = above ? above + 4 * i : NULL;
		__m256i delta = n - i >= BLOCK ? delta_block(src + 4 * i, from, shift)
					       : delta_tail(src + 4 * i, from, shift, n - i);
		__m256i before = _mm256_alignr_epi8(delta, _mm256_permute2x128_si256(last, delta, 0x21), 15);
		uint64_t bits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(delta, before));

		_mm256_storeu_si256((__m256i *)(row + i), delta);
		same[i / WORD] = i % WORD ? same[i / WORD] | bits << BLOCK : bits;
		last = delta;
	}
	if (n % WORD)
		same[words - 1] = _bzhi_u64(same[words - 1], (unsigned)(n % WORD));
	same[words] = 0;
	return words;
}

/* The first place from `at` on where three repeats follow, or -1. */
static inline int find_run(const uint64_t *same, int words, int at)
{
	uint64_t keep = ~0ull << at % WORD;

	for (int w = at / WORD; w < words; w++, keep = ~0ull) {
		uint64_t bits = same[w], next = same[w + 1];

		bits &= (bits >> 1 | next << 63) & (bits >> 2 | next << 62) & keep;
		if (bits)
			return w * WORD + (int)_tzcnt_u64(bits);
	}
	return -1;
}

/* The first place from `at` on that is no repeat; same[words] has only such. */
static inline int find_end(const uint64_t *same, int at)
{
	uint64_t bits = ~same[at / WORD] & ~0ull << at % WORD;
	int w = at / WORD;

	while (!bits)
		bits = ~same[++w];
	return w * WORD + (int)_tzcnt_u64(bits);
}

uint8_t *planar_encode_row_avx2(uint8_t *dst, const uint8_t *src, const uint8_t *above, int byte, int n)
{
	uint8_t row[PLANAR_SIDE_MAX_PX + PLANAR_ROW_SLACK];
	uint64_t same[WORDS_MAX + 1];
	int words = delta_row(row, same, src, above, byte, n);
	int raw = 0, run;

	while ((run = find_run(same, words, raw)) >= 0) {
		int end = find_end(same, run);

		dst = planar_put_segment(dst, row + raw, run - raw, end - run);
		raw = end;
		if (raw >= n)
			return dst;
	}
	return planar_put_segment(dst, row + raw, n - raw, 0);
}
