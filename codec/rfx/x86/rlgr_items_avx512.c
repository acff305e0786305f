#include "rlgr_items.h"
#include <immintrin.h>

/* Places to gaps, in place, from the end. */
static void places_to_gaps(uint16_t *places, int count)
{
	const __m512i one = _mm512_set1_epi16(1);
	int i = count / 32 * 32;

	for (; i > 0; i -= 32) {
		__m512i at = _mm512_loadu_si512(places + i), before = _mm512_loadu_si512(places + i - 1);

		_mm512_storeu_si512(places + i, _mm512_sub_epi16(_mm512_sub_epi16(at, before), one));
	}
	for (i = count - 1 < 31 ? count - 1 : 31; i > 0; i--)
		places[i] = (uint16_t)(places[i] - places[i - 1] - 1);
}

/* Which of the 64 stretches of 64 coefficients have nonzero ones. Most have none,
 * and where is not foreseeable: a bit each is cheaper than a branch each. */
static uint64_t find_busy(const int16_t *coefs)
{
	uint64_t busy = 0;

	for (int i = 0; i < 64; i++) {
		__m512i v = _mm512_or_si512(
				_mm512_load_si512(coefs + 64 * i), _mm512_load_si512(coefs + 64 * i + 32));

		busy |= (uint64_t)(_mm512_test_epi64_mask(v, v) != 0) << i;
	}
	return busy;
}

/* 32 coefficients from base on: the nonzero ones move together. */
static inline int collect_32(struct rlgr_items *items, int count, const int16_t *coefs, int base)
{
	const __m512i order = _mm512_set_epi16(31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16,
			15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
	__m512i v = _mm512_load_si512(coefs + base);
	__m512i places = _mm512_add_epi16(_mm512_set1_epi16((short)base), order);
	__m512i folds = _mm512_xor_si512(_mm512_add_epi16(v, v), _mm512_srai_epi16(v, 15));
	__mmask32 mask = _mm512_test_epi16_mask(v, v);

	_mm512_storeu_si512(items->gaps + count, _mm512_maskz_compress_epi16(mask, places));
	_mm512_storeu_si512(items->folds + count, _mm512_maskz_compress_epi16(mask, folds));
	return count + __builtin_popcount(mask);
}

void rlgr_items_collect_avx512(struct rlgr_items *items, const int16_t *coefs)
{
	int count = 0;

	for (uint64_t busy = find_busy(coefs); busy; busy &= busy - 1) {
		int base = 64 * __builtin_ctzll(busy);

		count = collect_32(items, count, coefs, base);
		count = collect_32(items, count, coefs, base + 32);
	}
	items->gaps[count] = RFX_COEFS;
	items->folds[count] = 1;
	items->count = count + 1;
	places_to_gaps(items->gaps, items->count);
	items->gaps[count + 1] = UINT16_MAX;
}
