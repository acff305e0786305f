/* Components of one value only: the background of text, and the chroma of
 * anything grey. Finding out costs next to nothing where it is not so. */
#include "avx2.h"
#include "dwt_avx2.h"

#include <string.h>

static bool is_flat(const int16_t *values)
{
	const __m256i first = _mm256_set1_epi16(values[0]);

	for (int i = 0; i < RFX_COEFS; i += 64) {
		__m256i differ = _mm256_xor_si256(load(values + i), first);

		for (int v = 16; v < 64; v += 16)
			differ = _mm256_or_si256(differ, _mm256_xor_si256(load(values + i + v), first));
		if (!_mm256_testz_si256(differ, differ))
			return false;
	}
	return true;
}

static void fill(int16_t *plane, int16_t value)
{
	const __m256i v = _mm256_set1_epi16(value);

	for (int i = 0; i < RFX_COEFS; i += 16)
		store(plane + i, v);
}

bool rfx_forward_flat_avx2(int16_t *coefs, const int16_t *plane, int ll3_at, int ll3_shift)
{
	int16_t value = plane[0];

	if (!is_flat(plane))
		return false;
	memset(coefs, 0, RFX_COEFS * sizeof *coefs);
	rfx_quantize(&value, 1, ll3_shift);
	coefs[ll3_at] = value;
	return true;
}

bool rfx_inverse_flat_avx2(int16_t *plane, int16_t *coefs, int ll3_at, int ll3_shift)
{
	int16_t value = coefs[ll3_at];
	bool flat;

	coefs[ll3_at] = 0;
	flat = coefs[0] == 0 && is_flat(coefs);
	coefs[ll3_at] = value;
	if (flat) {
		rfx_dequantize(&value, 1, ll3_shift);
		fill(plane, value);
	}
	return flat;
}

bool rfx_all_zero_avx2(const int16_t *coefs, int count)
{
	for (int i = 0; i < count; i += 64) {
		__m256i some = _mm256_or_si256(_mm256_or_si256(load(coefs + i), load(coefs + i + 16)),
				_mm256_or_si256(load(coefs + i + 32), load(coefs + i + 48)));

		if (!_mm256_testz_si256(some, some))
			return false;
	}
	return true;
}
