/* Pieces of the wavelets in AVX2: vectors of 16 values. */
#ifndef RFX_X86_DWT_AVX2_H
#define RFX_X86_DWT_AVX2_H

#include <immintrin.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

INLINE __m256i load(const int16_t *p)
{
	return _mm256_loadu_si256((const __m256i *)p);
}

INLINE void store(int16_t *p, __m256i v)
{
	_mm256_storeu_si256((__m256i *)p, v);
}

INLINE __m256i half_sum(__m256i a, __m256i b)
{
	return _mm256_srai_epi16(_mm256_add_epi16(a, b), 1);
}

INLINE __m256i high_value(__m256i odd, __m256i even, __m256i next)
{
	return _mm256_srai_epi16(_mm256_sub_epi16(odd, half_sum(even, next)), 1);
}

/* 32 values to 16 even and 16 odd ones. */
INLINE void split_pairs(__m256i a, __m256i b, __m256i *even, __m256i *odd)
{
	const __m256i order = _mm256_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15, 0, 1, 4,
			5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);

	a = _mm256_permute4x64_epi64(_mm256_shuffle_epi8(a, order), 0xd8);
	b = _mm256_permute4x64_epi64(_mm256_shuffle_epi8(b, order), 0xd8);
	*even = _mm256_permute2x128_si256(a, b, 0x20);
	*odd = _mm256_permute2x128_si256(a, b, 0x31);
}

/* The inverse. */
INLINE void join_pairs(__m256i even, __m256i odd, __m256i *a, __m256i *b)
{
	__m256i low = _mm256_unpacklo_epi16(even, odd), high = _mm256_unpackhi_epi16(even, odd);

	*a = _mm256_permute2x128_si256(low, high, 0x20);
	*b = _mm256_permute2x128_si256(low, high, 0x31);
}

/* v moved down by one value, the first of next behind it. */
INLINE __m256i shift_down(__m256i v, __m256i next)
{
	return _mm256_alignr_epi8(_mm256_permute2x128_si256(v, next, 0x21), v, 2);
}

/* v moved up by one value, the last of before in front of it. */
INLINE __m256i shift_up(__m256i v, __m256i before)
{
	return _mm256_alignr_epi8(v, _mm256_permute2x128_si256(before, v, 0x21), 14);
}

/* A vector whose first value is the last of v. */
INLINE __m256i last_first(__m256i v)
{
	return _mm256_permute2x128_si256(_mm256_srli_si256(v, 14), v, 0x11);
}

/* A vector whose last value is the first of v. */
INLINE __m256i first_last(__m256i v)
{
	return _mm256_permute2x128_si256(v, _mm256_slli_si256(v, 14), 0x20);
}

struct quant {
	__m256i half;
	__m128i shift;
};

INLINE struct quant quant_of(int shift)
{
	return (struct quant){ _mm256_set1_epi16((short)(1 << (shift - 1))), _mm_cvtsi32_si128(shift) };
}

INLINE __m256i quantize(__m256i v, const struct quant *q)
{
	return _mm256_sra_epi16(_mm256_adds_epi16(v, q->half), q->shift);
}

#endif
