/* The C versions that SIMD ones fall back on, and the SIMD ones. */
#ifndef COLOR_SIMD_H
#define COLOR_SIMD_H

#include <codec/color.h>

void color_bgrx_to_ycbcr_c(int16_t *y, int16_t *cb, int16_t *cr, const uint8_t *src, ptrdiff_t stride_bytes,
		int w_px, int h_px);
/* Repeats the last of h_px whole rows down to the end of the plane. */
void color_fill_rows(int16_t *plane, int h_px);

void color_bgrx_to_ycbcr_avx2(int16_t *y, int16_t *cb, int16_t *cr, const uint8_t *src,
		ptrdiff_t stride_bytes, int w_px, int h_px);
void color_ycbcr_to_bgrx_avx2(
		uint8_t *dst, ptrdiff_t stride_bytes, const int16_t *y, const int16_t *cb, const int16_t *cr);

#endif
