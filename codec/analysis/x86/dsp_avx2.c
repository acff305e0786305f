#include "../dsp.h"
#include <immintrin.h>

static inline __m256i diff_32(const uint8_t *a, const uint8_t *b)
{
	return _mm256_xor_si256(
			_mm256_loadu_si256((const __m256i *)a), _mm256_loadu_si256((const __m256i *)b));
}

static inline __m256i diff_128(const uint8_t *a, const uint8_t *b)
{
	return _mm256_or_si256(_mm256_or_si256(diff_32(a, b), diff_32(a + 32, b + 32)),
			_mm256_or_si256(diff_32(a + 64, b + 64), diff_32(a + 96, b + 96)));
}

bool analysis_differs_avx2(const uint8_t *a, const uint8_t *b, int n)
{
	const __m256i colours = _mm256_set1_epi32(0xffffff);
	const __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	int i = 0;

	for (; i + 32 <= n; i += 32) {
		if (!_mm256_testz_si256(diff_128(a + 4 * i, b + 4 * i), colours))
			return true;
	}
	for (; i < n; i += 8) {
		__m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(n - i), places);
		__m256i left = _mm256_maskload_epi32((const int *)(a + 4 * i), mask);

		left = _mm256_xor_si256(left, _mm256_maskload_epi32((const int *)(b + 4 * i), mask));
		if (!_mm256_testz_si256(left, colours))
			return true;
	}
	return false;
}

static inline __m256i sample(const uint8_t *src, int i)
{
	__m256i px = _mm256_loadu_si256((const __m256i *)(src + 4 * analysis_samples[i].x));

	return _mm256_mullo_epi32(px, _mm256_set1_epi32((int)analysis_samples[i].factor));
}

/* The numbers that a row leaves at 8 places. Written out: gcc -O2 keeps the loop. */
static inline __m256i sum_samples(const uint8_t *src)
{
	__m256i sum = _mm256_add_epi32(sample(src, 0), sample(src, 1));

	sum = _mm256_add_epi32(sum, _mm256_add_epi32(sample(src, 2), sample(src, 3)));
	return _mm256_add_epi32(sum, sample(src, 4));
}

/* Lanes of all ones where the pixel and the next are equal */
static inline __m256i equal_next(const uint8_t *src)
{
	__m256i diff = diff_32(src, src + 4);

	return _mm256_cmpeq_epi32(_mm256_slli_epi32(diff, 8), _mm256_setzero_si256());
}

uint64_t analysis_anchor_row_avx2(uint32_t numbers[64], const uint8_t *src, int rare_bits)
{
	const __m128i down = _mm_cvtsi32_si128(32 - rare_bits);
	uint64_t anchors = 0;

	for (int x = 0; x < 64; x += 8, src += 32) {
		__m256i *at = (__m256i *)(numbers + x);
		__m256i number = _mm256_srli_epi32(_mm256_loadu_si256(at), ANALYSIS_ROW_BITS);
		__m256i rare, found;

		number = _mm256_xor_si256(number, sum_samples(src));
		_mm256_storeu_si256(at, number);
		rare = _mm256_mullo_epi32(number, _mm256_set1_epi32((int)ANALYSIS_RARE_FACTOR));
		rare = _mm256_cmpeq_epi32(_mm256_srl_epi32(rare, down), _mm256_setzero_si256());
		found = _mm256_andnot_si256(equal_next(src), rare);
		anchors |= (uint64_t)(unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(found)) << x;
	}
	return anchors;
}

static inline int sum_lanes(__m256i v)
{
	__m128i sum = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));

	sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
	return _mm_cvtsi128_si32(sum) + _mm_extract_epi32(sum, 1);
}

/* Sums of the three differences of colours of 8 pairs */
static inline __m256i differences(__m256i a, __m256i b)
{
	__m256i diff = _mm256_or_si256(_mm256_subs_epu8(a, b), _mm256_subs_epu8(b, a));

	diff = _mm256_and_si256(diff, _mm256_set1_epi32(0xffffff));
	return _mm256_madd_epi16(_mm256_maddubs_epi16(diff, _mm256_set1_epi8(1)), _mm256_set1_epi16(1));
}

struct analysis_neighbours analysis_neighbours_avx2(const uint8_t *src, int n)
{
	const __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	const __m256i beyond = _mm256_set1_epi32(ANALYSIS_CLOSE + 1);
	__m256i equal = _mm256_setzero_si256(), near = equal;

	for (int i = 0; i < n; i += 8, src += 32) {
		__m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(n - i), places);
		__m256i diff = differences(_mm256_maskload_epi32((const int *)src, mask),
				_mm256_maskload_epi32((const int *)(src + 4), mask));
		__m256i same = _mm256_cmpeq_epi32(diff, _mm256_setzero_si256());

		/* lanes of all ones are -1 */
		equal = _mm256_sub_epi32(equal, _mm256_and_si256(same, mask));
		near = _mm256_sub_epi32(near, _mm256_and_si256(_mm256_cmpgt_epi32(beyond, diff), mask));
	}
	return (struct analysis_neighbours){ sum_lanes(equal), sum_lanes(near) - sum_lanes(equal) };
}
