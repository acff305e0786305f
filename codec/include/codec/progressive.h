/* RemoteFX progressive, [MS-RDPEGFX] 2.2.4.2: the bitmapData of an
 * RDPGFX_WIRE_TO_SURFACE_PDU_2 with codec CAPROGRESSIVE. Whole tiles
 * (RFX_PROGRESSIVE_TILE_SIMPLE) with the reduce-extrapolate transform, which
 * every client knows because Windows servers send nothing else, and which
 * leaves no seams between tiles.
 *
 * Use as in codec/rfx.h: encode tiles independently, then assemble. Coordinates
 * are those of the surface: this codec has no destination of its own.
 * No I/O, no logging, no threads; errors as in codec/rfx.h. */
#ifndef CODEC_PROGRESSIVE_H
#define CODEC_PROGRESSIVE_H

#include <codec/rfx.h>

#define PROGRESSIVE_TILE_BYTES_MAX RFX_TILE_BYTES_MAX

/* Writes one RFX_PROGRESSIVE_TILE_SIMPLE. Pure; one scratch per thread.
 * job->entropy is ignored. Returns bytes written (> 0) or ERR_*. */
MUST_USE int progressive_tile_encode(
		const struct rfx_tile_job *job, struct rfx_scratch *scratch, uint8_t *dst, size_t cap);

/* Exact size of what progressive_frame_write writes. */
size_t progressive_frame_size(const struct rfx_frame *frame);

/* SYNC, FRAME_BEGIN, CONTEXT, one REGION with the tiles, FRAME_END. w_px and
 * h_px are the surface's, 1..RFX_SIZE_MAX. Returns bytes written or ERR_*. */
MUST_USE int progressive_frame_write(
		int w_px, int h_px, const struct rfx_frame *frame, uint8_t *dst, size_t cap);

/* One decoder per surface (RDPGFX codec context), used by one thread at a time.
 * Its memory grows with the tiles that were sent, 36 KB each. w_px and h_px
 * are the surface's, 1..RFX_SIZE_MAX. Returns owned, or NULL. */
struct progressive_decoder *progressive_decoder_create(int w_px, int h_px, unsigned cpu_flags);
void progressive_decoder_destroy(struct progressive_decoder *decoder);

/* Decodes a bitmap stream (any bytes; simple tiles, first and upgrade passes)
 * and paints what lies inside its rectangles, clipped to dst. frame_id is that
 * of RDPGFX_START_FRAME_PDU: rectangles may show tiles sent earlier in the same
 * frame. Returns 0, ERR_FORMAT or ERR_MEMORY; some tiles may be painted then. */
MUST_USE int progressive_decoder_paint(struct progressive_decoder *decoder, uint32_t frame_id,
		const uint8_t *data, size_t len, const struct rfx_picture *dst);

/* The rectangles of the last region, as sent. Borrowed until the next paint. */
const struct rfx_rect *progressive_decoder_rects(const struct progressive_decoder *decoder, size_t *count);

#endif
