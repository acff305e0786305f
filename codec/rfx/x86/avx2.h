/* The AVX2 (and, where it pays, AVX-512) versions of ../dsp.h's functions. */
#ifndef RFX_X86_AVX2_H
#define RFX_X86_AVX2_H

#include "../dsp.h"

void rfx_forward_avx2(int16_t *coefs, int16_t *plane, const struct rfx_shifts *shifts);
void rfx_forward_extrapolate_avx2(int16_t *coefs, int16_t *plane, const struct rfx_shifts *shifts);
void rfx_inverse_avx2(int16_t *plane, int16_t *coefs, const struct rfx_shifts *shifts);
void rfx_inverse_avx512(int16_t *plane, int16_t *coefs, const struct rfx_shifts *shifts);
void rfx_inverse_extrapolate_avx2(int16_t *plane, int16_t *coefs, const struct rfx_shifts *shifts);
void rfx_rlgr1_decode_avx2(int16_t *coefs, const uint8_t *src, size_t len);
void rfx_rlgr3_decode_avx2(int16_t *coefs, const uint8_t *src, size_t len);

/* True when the component is of one value, and then all is done. ll3_at: where
 * LL3 begins among the coefficients. */
bool rfx_forward_flat_avx2(int16_t *coefs, const int16_t *plane, int ll3_at, int ll3_shift);
bool rfx_inverse_flat_avx2(int16_t *plane, int16_t *coefs, int ll3_at, int ll3_shift);

/* count: a multiple of 64. */
bool rfx_all_zero_avx2(const int16_t *coefs, int count);

/* The smallest level of rfx_inverse: 256 coefficients to 16 rows of 16 values. */
void rfx_join_level_16_avx2(int16_t *dst, const int16_t *bands, const uint8_t *shifts);

#endif
