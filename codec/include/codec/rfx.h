/* RemoteFX, [MS-RDPRFX]: pixels to tiles, tiles to the classic frame stream,
 * and back.
 *
 * To encode: encode each changed 64x64 tile into memory of its own (any thread, one
 * scratch per thread), then assemble a message from the finished tiles:
 *
 *     rfx_headers_write + rfx_frame_write
 *
 * and send it as the bitmapData of RDPGFX_WIRE_TO_SURFACE_PDU_1 (codec CAVIDEO)
 * or of a Set/Stream Surface Bits command. Tile and rectangle coordinates are
 * relative to that command's destination. Headers: before every frame in image
 * mode; in video mode before the first frame and after each change of size or
 * entropy (before every frame is allowed and costs RFX_HEADERS_BYTES).
 *
 * No I/O, no logging, no threads. Errors: ERR_ARGUMENT for a size, quantiser or
 * count that the format cannot carry, ERR_SPACE when dst is too small; dst
 * holds garbage then. */
#ifndef CODEC_RFX_H
#define CODEC_RFX_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RFX_TILE_SIZE 64
#define RFX_SIZE_MAX  8192 /* width and height of a frame, pixels */
#define RFX_MOVE_MAX  (1 << 20)

/* Room that every tile fits in, at any quantiser and for any pixels. Desktop
 * tiles take 0.1 to 6 KB, so encode into a buffer of this size and copy. */
#define RFX_TILE_BYTES_MAX 65536

#define RFX_HEADERS_BYTES 47
#define RFX_QUANTS_MAX    3 /* tables in one frame; progressive carries at most 7 halves */

enum rfx_entropy {
	RFX_RLGR1 = 1, /* smaller */
	RFX_RLGR3 = 4, /* what some clients ask for */
};

/* Quantisation factors of the ten sub-bands, 6 (finest, step 1) to 15 (step
 * 512); each step doubles. 2.2.2.1.5 */
struct rfx_bands {
	uint8_t ll3, lh3, hl3, hh3, lh2, hl2, hh2, lh1, hl1, hh1;
};

struct rfx_quant {
	struct rfx_bands luma, chroma;
};

enum rfx_quality {
	RFX_QUALITY_LOW,    /* pictures in motion on a slow line */
	RFX_QUALITY_MEDIUM, /* the factors most servers use for everything */
	RFX_QUALITY_HIGH,   /* the default: text and coloured edges stay clean */
	RFX_QUALITY_FINEST, /* every factor 6 */
};
#define RFX_QUALITIES 4

/* Static; NULL when there is no such quality. */
const struct rfx_quant *rfx_quant_preset(enum rfx_quality quality);

/* Working memory of one thread: about 50 KB. cpu_flags: codec/cpu.h. Returns
 * owned, or NULL without memory. */
struct rfx_scratch *rfx_scratch_create(unsigned cpu_flags);
void rfx_scratch_destroy(struct rfx_scratch *scratch);

/* One block of pixels to encode; all borrowed. */
struct rfx_tile_job {
	const uint8_t *src;     /* XRGB8888 (bytes B, G, R, X): the block's upper left pixel */
	ptrdiff_t stride_bytes; /* from one row to the next; may be negative */
	int w_px, h_px;         /* valid part, 1..64; the rest repeats the last column and row */
	int x_tile, y_tile;     /* place in the tile grid: pixels / 64 */
	const struct rfx_quant *quant;
	int quant_index;          /* of that table in the frame's quants, 0..RFX_QUANTS_MAX - 1 */
	enum rfx_entropy entropy; /* the stream's; ignored by progressive (always RLGR1) */
};

/* Writes one TS_RFX_TILE (2.2.2.3.4.1). Pure: thread-safe as long as each
 * thread brings its own scratch. Returns bytes written (> 0) or ERR_*. */
MUST_USE int rfx_tile_encode(
		const struct rfx_tile_job *job, struct rfx_scratch *scratch, uint8_t *dst, size_t cap);

/* What stays the same for a stream. */
struct rfx_stream {
	int w_px, h_px; /* of the destination, 1..RFX_SIZE_MAX */
	enum rfx_entropy entropy;
	bool image_mode; /* as the client's capability asks; else video mode */
};

struct rfx_rect {
	uint16_t x, y, w, h; /* pixels */
};

/* A finished tile. */
struct rfx_chunk {
	const uint8_t *data;
	size_t len;
};

/* All borrowed. The client shows the pixels of the tiles within the
 * rectangles, so these must lie inside the frame and be covered by tiles. */
struct rfx_frame {
	uint32_t frame_index; /* counts up; clients ignore it */
	const struct rfx_rect *rects;
	size_t rect_count; /* 1..65535 */
	const struct rfx_quant *quants;
	size_t quant_count; /* 1..RFX_QUANTS_MAX */
	const struct rfx_chunk *tiles;
	size_t tile_count; /* 0..65535 */
};

/* SYNC, CODEC_VERSIONS, CHANNELS, CONTEXT. Returns RFX_HEADERS_BYTES or ERR_*. */
MUST_USE int rfx_headers_write(const struct rfx_stream *stream, uint8_t *dst, size_t cap);

/* Exact size of what rfx_frame_write writes. */
size_t rfx_frame_size(const struct rfx_frame *frame);

/* FRAME_BEGIN, REGION, TILESET with the tiles in the order given, FRAME_END.
 * Returns bytes written or ERR_*. */
MUST_USE int rfx_frame_write(
		const struct rfx_stream *stream, const struct rfx_frame *frame, uint8_t *dst, size_t cap);

/* Where decoded pixels go: XRGB8888 written as B, G, R, 0xff. Borrowed. */
struct rfx_picture {
	uint8_t *pixels;
	ptrdiff_t stride_bytes; /* may be negative */
	int w_px, h_px;
};

/* One decoder per stream, used by one thread at a time; about 85 KB. cpu_flags:
 * codec/cpu.h. Returns owned, or NULL without memory. */
struct rfx_decoder *rfx_decoder_create(unsigned cpu_flags);
void rfx_decoder_destroy(struct rfx_decoder *decoder);

/* Decodes a message (any bytes; headers, frames or both) and paints what lies
 * inside its rectangles, moved by left_px, top_px (within RFX_MOVE_MAX in each
 * direction, else ERR_ARGUMENT) and clipped to dst. Returns 0 or ERR_FORMAT; some
 * tiles may be painted then. Work is bounded by len. */
MUST_USE int rfx_decoder_paint(struct rfx_decoder *decoder, const uint8_t *data, size_t len,
		const struct rfx_picture *dst, int left_px, int top_px);

/* The rectangles of the last region of the last message, as sent: not moved,
 * not clipped. Borrowed until the next call of rfx_decoder_paint. */
const struct rfx_rect *rfx_decoder_rects(const struct rfx_decoder *decoder, size_t *count);

#endif
