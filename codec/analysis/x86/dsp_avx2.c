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

/* The numbers that a row leaves at 8 places */
static inline __m256i sum_samples(const uint8_t *src)
{
	const __m256i colours = _mm256_set1_epi32(0xffffff);
	__m256i sum = _mm256_setzero_si256();

	for (int i = 0; i < ANALYSIS_SAMPLES; i++) {
		__m256i px = _mm256_loadu_si256((const __m256i *)(src + 4 * analysis_samples[i].x));
		__m256i factor = _mm256_set1_epi32((int)analysis_samples[i].factor);

		sum = _mm256_add_epi32(sum, _mm256_mullo_epi32(_mm256_and_si256(px, colours), factor));
	}
	return sum;
}

void analysis_anchor_row_avx2(uint32_t state[64], uint32_t oldest[64], const uint8_t *src)
{
	for (int x = 0; x < 64; x += 8) {
		__m256i *at = (__m256i *)(state + x), *old = (__m256i *)(oldest + x);
		__m256i sum = sum_samples(src + 4 * x);
		__m256i down = _mm256_mullo_epi32(
				_mm256_loadu_si256(at), _mm256_set1_epi32(ANALYSIS_ROW_FACTOR));
		__m256i out = _mm256_mullo_epi32(
				_mm256_loadu_si256(old), _mm256_set1_epi32(ANALYSIS_OLD_FACTOR));

		_mm256_storeu_si256(at, _mm256_sub_epi32(_mm256_add_epi32(down, sum), out));
		_mm256_storeu_si256(old, sum);
	}
}
