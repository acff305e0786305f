/* Interleaved RLE bitmaps at 15, 16 and 24 bpp, [MS-RDPBCGR] 2.2.9.1.1.3.1.2.4 and
 * 3.1.9, for TS_BITMAP_DATA of clients without RDPGFX and without 32 bpp. No
 * allocation, no I/O, no state: any thread. Uses about 70 KiB of stack.
 *
 * Colours are cut as color_reduce_row (codec/color.h) does; what a client shows is
 * exact after that. Rows are written bottom-up, as TS_BITMAP_DATA wants them.
 *
 * Always send the result as compressed, also where it is longer than the pixels:
 * for uncompressed bitmaps at these depths [MS-RDPBCGR] 2.2.9.1.1.3.1.2.2 pads each
 * row to 4 bytes, and neither rdesktop nor FreeRDP skips that padding.
 *
 * TS_BITMAP_DATA.width is w_px and destRight is left + w_px - 1; any width will do:
 * - rdesktop, FreeRDP 2.11 and 3.10 decode into width x height and paint
 *   (destLeft..destRight) x (destTop..destBottom); none wants a multiple of 4.
 *   FreeRDP's own encoder refuses other widths, its decoder takes them.
 * - the specification asks for a multiple of 4 only in TS_CD_HEADER.cbScanWidth,
 *   which NO_BITMAP_COMPRESSION_HDR leaves out. mstsc (not tried here) gets from
 *   Microsoft's servers widths that are rounded up to 4 with destRight cutting off
 *   the rest. So: make rectangles start and end at multiples of 4 where the desktop
 *   has room (64x64 tiles do); at the right edge of a desktop of odd width send the
 *   rectangle's own width, since strict clients refuse one that is larger. */
#ifndef CODEC_RLE_H
#define CODEC_RLE_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RLE_SIDE_MAX_PX = 8192,
};

/* The room rle_encode wants for a rectangle. 64x64 at 24 bpp is below 16 bits. */
static inline size_t rle_bound(int w_px, int h_px, int bpp)
{
	size_t px = (size_t)w_px * (size_t)h_px;

	return px * (bpp == 24 ? 3 : 2) + px / 16 + 64;
}

/* src           XRGB8888 (memory B, G, R, X), the picture's top row; borrowed
 * stride_bytes  from one row to the next below it; may be negative
 * w_px, h_px    1..RLE_SIDE_MAX_PX
 * bpp           15, 16 or 24
 * dst, cap      at least rle_bound(w_px, h_px, bpp) bytes
 * Returns the bytes written (> 0), ERR_ARGUMENT (size, depth) or ERR_SPACE. */
MUST_USE int rle_encode(const uint8_t *src, ptrdiff_t stride_bytes, int w_px, int h_px, int bpp, uint8_t *dst,
		size_t cap);

/* Hostile bytes are welcome; time is proportional to len and to the pixels.
 * src, len      the stream, borrowed; it must give exactly w_px * h_px pixels
 * dst           h_px rows of w_px pixels XRGB8888, the picture's top row, rows
 *               stride_bytes apart; colours as color_expand_row makes them
 * Returns 0, ERR_ARGUMENT (size, depth) or ERR_FORMAT, after which dst holds
 * garbage. */
MUST_USE int rle_decode(const uint8_t *src, size_t len, int w_px, int h_px, int bpp, uint8_t *dst,
		ptrdiff_t stride_bytes);

#endif
