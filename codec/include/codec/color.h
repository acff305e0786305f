/* Pixels <-> YCbCr as RemoteFX wants them, [MS-RDPRFX] 3.1.8.1.3, 3.1.8.2.5, and
 * pixels <-> the fewer colours of old clients.
 *
 * A plane is COLOR_TILE x COLOR_TILE int16 values, row by row without gaps, in
 * 11.5 fixed point (32 is one step of an 8-bit component). Y is shifted down
 * by 128, so each value is within -4096..4095.
 * Pixels are XRGB8888: bytes B, G, R, X in memory. X is ignored when read and
 * written as 0xff. No allocation, no state, thread-safe. */
#ifndef CODEC_COLOR_H
#define CODEC_COLOR_H

#include <stddef.h>
#include <stdint.h>

#define COLOR_TILE  64
#define COLOR_PLANE (COLOR_TILE * COLOR_TILE)

struct color_dsp {
	/* src      h_px rows of w_px pixels (1..64), stride_bytes apart (may be
	 *          negative); borrowed. What is missing to 64x64 is filled by
	 *          repeating the last column and row.
	 * y cb cr  planes, 64-byte aligned */
	void (*bgrx_to_ycbcr)(int16_t *y, int16_t *cb, int16_t *cr, const uint8_t *src,
			ptrdiff_t stride_bytes, int w_px, int h_px);

	/* The inverse: planes of any int16 values to 64 rows of 64 pixels. */
	void (*ycbcr_to_bgrx)(uint8_t *dst, ptrdiff_t stride_bytes, const int16_t *y, const int16_t *cb,
			const int16_t *cr);
};

/* cpu_flags as in codec/cpu.h. */
void color_dsp_init(struct color_dsp *dsp, unsigned cpu_flags);

/* Colours for clients that want fewer bits a pixel (bpp 15, 16 or 24): cut, not
 * rounded or dithered, so that what was flat stays flat. 15 bpp keeps the upper 5
 * bits of red, green and blue (red uppermost, 0x7c00), 16 bpp 5, 6 and 5, 24 all.
 * w_px pixels of src to one value each. */
void color_reduce_row(uint32_t *dst, const uint8_t *src, int w_px, int bpp);

/* The inverse, in place: w_px values of 32 bits, of which the lower bpp count, to
 * pixels; 5 and 6 bits become 8 by repeating the upper ones. */
void color_expand_row(uint8_t *row, int w_px, int bpp);

#endif
