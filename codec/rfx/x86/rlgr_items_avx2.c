#include "rlgr_items.h"
#include <immintrin.h>

/* A bit for each nonzero one of 32 coefficients, and their folded form. */
static inline uint32_t fold_32(__m128i folds[4], const int16_t *coefs)
{
	const __m256i zero = _mm256_setzero_si256();
	__m256i a = _mm256_load_si256((const __m256i *)coefs);
	__m256i b = _mm256_load_si256((const __m256i *)(coefs + 16));
	__m256i zeros = _mm256_packs_epi16(_mm256_cmpeq_epi16(a, zero), _mm256_cmpeq_epi16(b, zero));

	a = _mm256_xor_si256(_mm256_add_epi16(a, a), _mm256_srai_epi16(a, 15));
	b = _mm256_xor_si256(_mm256_add_epi16(b, b), _mm256_srai_epi16(b, 15));
	folds[0] = _mm256_castsi256_si128(a);
	folds[1] = _mm256_extracti128_si256(a, 1);
	folds[2] = _mm256_castsi256_si128(b);
	folds[3] = _mm256_extracti128_si256(b, 1);
	return ~(uint32_t)_mm256_movemask_epi8(_mm256_permute4x64_epi64(zeros, 0xd8));
}

/* Places to gaps, in place, from the end. */
static void places_to_gaps(uint16_t *places, int count)
{
	const __m256i one = _mm256_set1_epi16(1);
	int i = count / 16 * 16;

	for (; i > 0; i -= 16) {
		__m256i at = _mm256_loadu_si256((const __m256i *)(places + i));
		__m256i before = _mm256_loadu_si256((const __m256i *)(places + i - 1));

		_mm256_storeu_si256(
				(__m256i *)(places + i), _mm256_sub_epi16(_mm256_sub_epi16(at, before), one));
	}
	for (i = count - 1 < 15 ? count - 1 : 15; i > 0; i--)
		places[i] = (uint16_t)(places[i] - places[i - 1] - 1);
}

/* 8 coefficients at a time: a shuffle from a table moves the nonzero ones
 * together. */
void rlgr_items_collect_avx2(struct rlgr_items *items, const int16_t *coefs)
{
	__m128i places = _mm_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7);
	int count = 0;

	for (int base = 0; base < RFX_COEFS; base += 32) {
		__m128i folds[4];
		uint32_t mask = fold_32(folds, coefs + base);

		if (mask == 0) {
			places = _mm_add_epi16(places, _mm_set1_epi16(32));
			continue;
		}
		for (int i = 0; i < 4; i++, mask >>= 8) {
			__m128i order = _mm_load_si128((const __m128i *)rlgr_tables.orders[mask & 255]);

			_mm_storeu_si128((__m128i *)(items->gaps + count), _mm_shuffle_epi8(places, order));
			_mm_storeu_si128(
					(__m128i *)(items->folds + count), _mm_shuffle_epi8(folds[i], order));
			count += __builtin_popcount(mask & 255);
			places = _mm_add_epi16(places, _mm_set1_epi16(8));
		}
	}
	items->gaps[count] = RFX_COEFS;
	items->folds[count] = 1;
	items->count = count + 1;
	places_to_gaps(items->gaps, items->count);
	items->gaps[count + 1] = UINT16_MAX;
}
