#include "rlgr_items.h"
#include <immintrin.h>

/* 32 coefficients at a time: the nonzero ones move together. */
void rlgr_items_collect_avx512(struct rlgr_items *items, const int16_t *coefs)
{
	__m512i places = _mm512_set_epi16(31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15,
			14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
	int count = 0;

	for (int base = 0; base < RFX_COEFS; base += 32) {
		__m512i v = _mm512_load_si512(coefs + base);
		__m512i folds = _mm512_xor_si512(_mm512_add_epi16(v, v), _mm512_srai_epi16(v, 15));
		__mmask32 mask = _mm512_test_epi16_mask(v, v);

		_mm512_storeu_si512(items->places + count, _mm512_maskz_compress_epi16(mask, places));
		_mm512_storeu_si512(items->folds + count, _mm512_maskz_compress_epi16(mask, folds));
		count += __builtin_popcount(mask);
		places = _mm512_add_epi16(places, _mm512_set1_epi16(32));
	}
	items->places[count] = RFX_COEFS;
	items->folds[count] = 1;
	items->places[count + 1] = UINT16_MAX;
	items->count = count + 1;
}
