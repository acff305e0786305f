/* RDP 6.0 planar bitmaps, [MS-RDPEGDI] 2.2.2.5.1 and 3.1.9. The encoder is lossless:
 * no chroma subsampling, no colour loss. No allocation, no I/O, no state: any
 * thread, any number at a time. Uses about 10 KiB of stack.
 *
 * The same stream serves two carriers, which differ in row order and alpha:
 *
 * RDPGFX_WIRE_TO_SURFACE_PDU_1 with RDPGFX_CODECID_PLANAR: PLANAR_NO_ALPHA.
 *
 * TS_BITMAP_DATA at 32 bpp ([MS-RDPBCGR] 2.2.9.1.1.3.1.2.2): PLANAR_BOTTOM_UP,
 * and PLANAR_NO_ALPHA only if the client's Bitmap Capability Set says
 * DRAW_ALLOW_SKIP_ALPHA (0x08). With the alpha plane every plane is RLE: the
 * first byte is then 0x10, the only one rdesktop takes. The fields:
 *   destRight, destBottom  inclusive: left + w_px - 1, top + h_px - 1
 *   width, height          w_px, h_px as they are; see codec/rle.h on width
 *   bitsPerPixel           32
 *   flags                  BITMAP_COMPRESSION | NO_BITMAP_COMPRESSION_HDR (the
 *                          latter if the client's general capabilities have it;
 *                          otherwise a TS_CD_HEADER comes first)
 *   bitmapLength           what planar_encode returned (+ 8 with the header); 16
 *                          bits, so check it: 64x64 always fits
 * A server must not announce DRAW_ALLOW_DYNAMIC_COLOR_FIDELITY (0x02) in its own
 * bitmap capabilities: FreeRDP 2 and 3 then swap red and blue in every bitmap
 * that has an alpha plane. */
#ifndef CODEC_PLANAR_H
#define CODEC_PLANAR_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PLANAR_SIDE_MAX_PX = 8192,

	/* flags of planar_encode and planar_decode */
	PLANAR_BOTTOM_UP = 1, /* the stream's first row is the picture's last */
	PLANAR_NO_ALPHA = 2,  /* three planes, and raw ones where RLE would be longer */
};

/* What may be done faster per CPU. Fill with planar_dsp_init once, then share. */
struct planar_dsp {
	/* One row of one plane: of the n (1..8192) bytes zigzag(src[4 i + byte] -
	 * above[4 i + byte]), or just src[4 i + byte] where above is NULL, makes RLE
	 * segments. Returns the end of what it wrote to dst, which has room for the worst
	 * case and 16 bytes. Reads whole pixels only. */
	uint8_t *(*encode_row)(uint8_t *dst, const uint8_t *src, const uint8_t *above, int byte, int n);
};

/* cpu_flags: codec/cpu.h. */
void planar_dsp_init(struct planar_dsp *dsp, unsigned cpu_flags);

/* The room planar_encode wants for a rectangle. */
static inline size_t planar_bound(int w_px, int h_px)
{
	size_t row = (size_t)w_px + ((size_t)w_px + 14) / 15;

	return 1 + 4 * (size_t)h_px * row + 16;
}

/* src           XRGB8888 (memory B, G, R, X), the picture's top row; borrowed. X is
 *               not looked at: a plane of alpha is all 0xFF
 * stride_bytes  from one row to the next below it; may be negative
 * w_px, h_px    1..PLANAR_SIDE_MAX_PX
 * dst, cap      at least planar_bound(w_px, h_px) bytes
 * Returns the bytes written (> 0), ERR_ARGUMENT (size) or ERR_SPACE. */
MUST_USE int planar_encode(const struct planar_dsp *dsp, const uint8_t *src, ptrdiff_t stride_bytes, int w_px,
		int h_px, unsigned flags, uint8_t *dst, size_t cap);

/* Any RDP6_BITMAP_STREAM, also with alpha, YCoCg colours and chroma subsampling.
 * Hostile bytes are welcome; time is proportional to len and to the pixels.
 * src, len      the stream, borrowed; bytes behind its end are ignored
 * flags         PLANAR_BOTTOM_UP or 0
 * dst           h_px rows of w_px pixels XRGB8888, the picture's top row, rows
 *               stride_bytes apart; X becomes the alpha, 0xFF without one
 * Returns 0, ERR_ARGUMENT (size) or ERR_FORMAT, after which dst holds garbage. */
MUST_USE int planar_decode(const uint8_t *src, size_t len, int w_px, int h_px, unsigned flags, uint8_t *dst,
		ptrdiff_t stride_bytes);

#endif
