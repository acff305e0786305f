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
