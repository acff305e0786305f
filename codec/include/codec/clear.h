/* ClearCodec, the lossless codec of RDPGFX for text and flat user interface,
 * [MS-RDPEGFX] 2.2.4.1 and 3.3.8.1: RDPGFX_WIRE_TO_SURFACE_PDU_1 with
 * RDPGFX_CODECID_CLEARCODEC (0x0008). No I/O. Encoder and decoder belong to one
 * channel and one thread at a time, and share their caches with the other end: every
 * stream that the encoder writes must be sent, in the order of the calls. */
#ifndef CODEC_CLEAR_H
#define CODEC_CLEAR_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

struct clear_encoder;
struct clear_decoder;

enum {
	CLEAR_SIDE_MAX_PX = 8192,
	CLEAR_PARTS_MAX = 64,
};

/* The room clear_encode wants for a rectangle. */
static inline size_t clear_bound(int w_px, int h_px)
{
	return 64 + (size_t)h_px * (3 * (size_t)w_px + 13);
}

/* Up to 8 MiB, used as the caches fill. Returns owned, or NULL without memory. */
struct clear_encoder *clear_encoder_create(void);
void clear_encoder_destroy(struct clear_encoder *enc);

/* src           XRGB8888 (memory B, G, R, X), the picture's top row; borrowed; must not
 *               change meanwhile. X is not looked at
 * stride_bytes  from one row to the next below it; may be negative
 * y_px          its place on the surface; only a hint, by which lines of text are found
 *               again
 * w_px, h_px    1..CLEAR_SIDE_MAX_PX. Give it areas, not tiles: what a border cuts
 *               through is not found again, and each stream costs about 50 bytes
 * dst, cap      at least clear_bound(w_px, h_px) bytes
 * Exact for any picture, but photographs come out as large as they are: 3 bytes a
 * pixel. Returns the bytes written (> 0), ERR_ARGUMENT (size) or ERR_SPACE; after an
 * error the encoder is as it was. */
MUST_USE int clear_encode(struct clear_encoder *enc, const uint8_t *src, ptrdiff_t stride_bytes, int y_px,
		int w_px, int h_px, uint8_t *dst, size_t cap);

/* Before clear_encode, for text to cost less; a caller may leave both out.
 *
 * clear_fit grows an area that changed to whole lines of text, where lines are known,
 * since only those are found in the client's caches.
 * src           the surface's row 0 at the area's left edge; w_px: the area's width
 * surface_h_px  rows that src has, 1..CLEAR_SIDE_MAX_PX
 * y_px, h_px    the area's rows, inside the surface; changed
 * Returns 0, or ERR_ARGUMENT (size, area).
 *
 * clear_parts cuts an area into parts, each for a clear_encode of its own, from above.
 * What scrolls is cut at the same lines again, so that a part's stream has the same
 * bytes as a moment ago, wherever it is now, and ZGFX finds it in one piece.
 * heights  those of the parts, in pixels
 * Returns their number (> 0), or ERR_ARGUMENT (size). */
MUST_USE int clear_fit(const struct clear_encoder *enc, const uint8_t *src, ptrdiff_t stride_bytes, int w_px,
		int surface_h_px, int *y_px, int *h_px);
MUST_USE int clear_parts(struct clear_encoder *enc, const uint8_t *src, ptrdiff_t stride_bytes, int y_px,
		int w_px, int h_px, int heights[CLEAR_PARTS_MAX]);

/* Up to 26 MiB, taken as the caches fill, and 3 bytes a pixel of the largest NSCodec
 * bitmap. Returns owned, or NULL without memory. */
struct clear_decoder *clear_decoder_create(void);
void clear_decoder_destroy(struct clear_decoder *dec);

/* One CLEARCODEC_BITMAP_STREAM, also with what our encoder does not write (NSCodec).
 * Hostile bytes are welcome; time is proportional to len and to the pixels. src is
 * borrowed. dst holds what the surface shows at that place: layers may leave parts of
 * it as they are. Its X bytes become 0xFF where pixels are written.
 * Returns 0, ERR_ARGUMENT (size), ERR_MEMORY or ERR_FORMAT. After an error dst holds
 * garbage and the caches no longer match the server's, so the channel must end. */
MUST_USE int clear_decode(struct clear_decoder *dec, const uint8_t *src, size_t len, int w_px, int h_px,
		uint8_t *dst, ptrdiff_t stride_bytes);

#endif
