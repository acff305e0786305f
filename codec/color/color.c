/* Colour conversion, the C reference: [MS-RDPRFX] 3.1.8.1.3 and 3.1.8.2.5.
 *
 * All products are 16-bit multiplications that keep the rounded upper half
 * (scale below), because that is one instruction per 16 values in SIMD. The
 * error is under 2/32 of a component's step. Forward, the factors of chroma sum
 * up to nothing and those of luma to 2^13, so two differences stand for three
 * components, and the chroma of grey is exactly zero. */
#include "color_simd.h"
#include <codec/cpu.h>
#include <string.h>

/* x * factor / 2^15, rounded to nearest, halves up. */
static int scale(int x, int factor)
{
	return (x * factor + 0x4000) >> 15;
}

static int16_t saturate_s16(int v)
{
	return (int16_t)(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
}

static uint8_t saturate_u8(int v)
{
	return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Factors are times 2^13, components times 2^7: together 2^15 * 2^5. */
static void convert_row(int16_t *y, int16_t *cb, int16_t *cr, const uint8_t *src, int w_px)
{
	for (int x = 0; x < w_px; x++) {
		int g = src[4 * x + 1], b = (src[4 * x] - g) * 128, r = (src[4 * x + 2] - g) * 128;

		y[x] = (int16_t)(32 * g + scale(r, 2449) + scale(b, 934) - 4096);
		cb[x] = (int16_t)(scale(b, 4101) + scale(r, -1384));
		cr[x] = (int16_t)(scale(r, 4095) + scale(b, -666));
	}
}

void color_fill_rows(int16_t *plane, int h_px)
{
	for (int row = h_px; row < COLOR_TILE; row++)
		memcpy(plane + row * COLOR_TILE, plane + (h_px - 1) * COLOR_TILE, COLOR_TILE * sizeof *plane);
}

static void fill_plane(int16_t *plane, int w_px, int h_px)
{
	if (w_px < COLOR_TILE)
		for (int row = 0; row < h_px; row++)
			for (int x = w_px; x < COLOR_TILE; x++)
				plane[row * COLOR_TILE + x] = plane[row * COLOR_TILE + w_px - 1];
	color_fill_rows(plane, h_px);
}

void color_bgrx_to_ycbcr_c(int16_t *y, int16_t *cb, int16_t *cr, const uint8_t *src, ptrdiff_t stride_bytes,
		int w_px, int h_px)
{
	for (int row = 0; row < h_px; row++) {
		int at = row * COLOR_TILE;

		convert_row(y + at, cb + at, cr + at, src + row * stride_bytes, w_px);
	}
	fill_plane(y, w_px, h_px);
	fill_plane(cb, w_px, h_px);
	fill_plane(cr, w_px, h_px);
}

/* Saturating in the order of the SIMD version, so that hostile planes give the
 * same pixels everywhere. Factors times 2^15; those above 1 are split. */
static void ycbcr_to_bgrx_c(
		uint8_t *dst, ptrdiff_t stride_bytes, const int16_t *y, const int16_t *cb, const int16_t *cr)
{
	for (int i = 0; i < COLOR_PLANE; i++) {
		uint8_t *out = dst + i / COLOR_TILE * stride_bytes + 4 * (i % COLOR_TILE);
		int level = saturate_s16(y[i] + 4096 + 16); /* up by 128, and a half to round with */
		int r = saturate_s16(saturate_s16(level + cr[i]) + scale(cr[i], 13190));
		int g = saturate_s16(saturate_s16(level - scale(cb[i], 11263)) - scale(cr[i], 23409));
		int b = saturate_s16(saturate_s16(level + cb[i]) + scale(cb[i], 25228));

		out[0] = saturate_u8(b >> 5);
		out[1] = saturate_u8(g >> 5);
		out[2] = saturate_u8(r >> 5);
		out[3] = 0xff;
	}
}

void color_dsp_init(struct color_dsp *dsp, unsigned cpu_flags)
{
	dsp->bgrx_to_ycbcr = color_bgrx_to_ycbcr_c;
	dsp->ycbcr_to_bgrx = ycbcr_to_bgrx_c;
#if defined(__x86_64__)
	if (cpu_flags & CPU_AVX2) {
		dsp->bgrx_to_ycbcr = color_bgrx_to_ycbcr_avx2;
		dsp->ycbcr_to_bgrx = color_ycbcr_to_bgrx_avx2;
	}
#endif
}
