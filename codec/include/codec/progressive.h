/* RemoteFX progressive, [MS-RDPEGFX] 2.2.4.2: the bitmapData of an
 * RDPGFX_WIRE_TO_SURFACE_PDU_2 with codec CAPROGRESSIVE. With the
 * reduce-extrapolate transform, which every client knows because Windows servers
 * send nothing else, and which leaves no seams between tiles.
 *
 * Use as in codec/rfx.h: encode tiles independently, then assemble. Coordinates
 * are those of the surface: this codec has no destination of its own. Two ways:
 *
 *   whole tiles     progressive_tile_encode: no state
 *   refined tiles   a struct progressive_tile for each: progressive_tile_first
 *                   for new pixels, progressive_tile_upgrade in idle moments, or
 *                   progressive_tile_refresh for new pixels at full quality
 *
 * No I/O, no logging, no threads; errors as in codec/rfx.h. */
#ifndef CODEC_PROGRESSIVE_H
#define CODEC_PROGRESSIVE_H

#include <codec/rfx.h>

#define PROGRESSIVE_TILE_BYTES_MAX RFX_TILE_BYTES_MAX

/* Writes one RFX_PROGRESSIVE_TILE_SIMPLE. Pure; one scratch per thread.
 * job->entropy is ignored. Returns bytes written (> 0) or ERR_*. */
MUST_USE int progressive_tile_encode(
		const struct rfx_tile_job *job, struct rfx_scratch *scratch, uint8_t *dst, size_t cap);

/* Passes until a tile has its full quality, the first one included. */
#define PROGRESSIVE_PASSES 3

/* What the client has of a tile, and what it is to have: 25 KB. Made for one
 * place of one surface and one codec context; forget it (destroy) when the
 * client's context is deleted. Returns owned, or NULL without memory. */
struct progressive_tile *progressive_tile_create(void);
void progressive_tile_destroy(struct progressive_tile *tile);

/* New pixels, at the lowest quality: one RFX_PROGRESSIVE_TILE_FIRST. Pure but for
 * tile. Returns bytes written (> 0) or ERR_*; after an error start again with
 * first or refresh. */
MUST_USE int progressive_tile_first(struct progressive_tile *tile, const struct rfx_tile_job *job,
		struct rfx_scratch *scratch, uint8_t *dst, size_t cap);

/* The next pass: one RFX_PROGRESSIVE_TILE_UPGRADE. Of job the place and the
 * quantiser count; its table must be that of the first pass (ERR_ARGUMENT).
 * Returns bytes written (> 0), ERR_UNEXPECTED when no pass is left, or ERR_*. */
MUST_USE int progressive_tile_upgrade(struct progressive_tile *tile, const struct rfx_tile_job *job,
		struct rfx_scratch *scratch, uint8_t *dst, size_t cap);

/* Upgrades still to come: 0 when nothing was sent, or all. */
int progressive_tile_passes_left(const struct progressive_tile *tile);

/* New pixels at full quality: one RFX_PROGRESSIVE_TILE_SIMPLE, with the difference
 * to what the client has when that has more zeros (3.2.8.1.4). Returns as first. */
MUST_USE int progressive_tile_refresh(struct progressive_tile *tile, const struct rfx_tile_job *job,
		struct rfx_scratch *scratch, uint8_t *dst, size_t cap);

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
 * frame, all of them together twice for each that was sent: so time grows with bytes.
 * Returns 0, ERR_FORMAT or ERR_MEMORY; some tiles may be painted then. */
MUST_USE int progressive_decoder_paint(struct progressive_decoder *decoder, uint32_t frame_id,
		const uint8_t *data, size_t len, const struct rfx_picture *dst);

/* The rectangles of the last region, as sent. Borrowed until the next paint. */
const struct rfx_rect *progressive_decoder_rects(const struct progressive_decoder *decoder, size_t *count);

#endif
