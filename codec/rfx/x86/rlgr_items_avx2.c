#include "rlgr_items.h"
#include <immintrin.h>

/* A bit for each nonzero one of 64 coefficients; their folded form to folds. */
static uint64_t fold_64(uint16_t *folds, const int16_t *coefs)
{
	const __m256i zero = _mm256_setzero_si256();
	uint64_t mask = 0;

	for (int i = 0; i < 64; i += 32) {
		__m256i a = _mm256_load_si256((const __m256i *)(coefs + i));
		__m256i b = _mm256_load_si256((const __m256i *)(coefs + i + 16));
		__m256i zeros = _mm256_packs_epi16(_mm256_cmpeq_epi16(a, zero), _mm256_cmpeq_epi16(b, zero));
		uint32_t bits = ~(uint32_t)_mm256_movemask_epi8(_mm256_permute4x64_epi64(zeros, 0xd8));

		a = _mm256_xor_si256(_mm256_add_epi16(a, a), _mm256_srai_epi16(a, 15));
		b = _mm256_xor_si256(_mm256_add_epi16(b, b), _mm256_srai_epi16(b, 15));
		_mm256_store_si256((__m256i *)(folds + i), a);
		_mm256_store_si256((__m256i *)(folds + i + 16), b);
		mask |= (uint64_t)bits << i;
	}
	return mask;
}

/* Places are written 8 at a time, of which the wrong ones are overwritten: a
 * loop that ends after the last bit would be mispredicted for every word. */
void rlgr_items_collect_avx2(struct rlgr_items *items, const int16_t *coefs)
{
	_Alignas(32) uint16_t folds[64];
	int count = 0;

	for (int base = 0; base < RFX_COEFS; base += 64) {
		uint64_t mask = fold_64(folds, coefs + base);
		int end = count + __builtin_popcountll(mask);

		for (int at = count; at < end; at += 8) {
			for (int i = at; i < at + 8; i++) {
				int place = (int)_tzcnt_u64(mask) & 63;

				items->places[i] = (uint16_t)(base + place);
				items->folds[i] = folds[place];
				mask = _blsr_u64(mask);
			}
		}
		count = end;
	}
	items->places[count] = RFX_COEFS;
	items->folds[count] = 1;
	items->places[count + 1] = UINT16_MAX;
	items->count = count + 1;
}
