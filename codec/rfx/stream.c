/* The classic frame stream around finished tiles, [MS-RDPRFX] 2.2.2.2, 2.2.2.3. */
#include "blocks.h"
#include "scratch.h"

#include <base/writer.h>
#include <limits.h>

#define FRAME_BEGIN_SIZE 14
#define REGION_SIZE      15 /* and 8 per rectangle */
#define TILESET_SIZE     22 /* and 5 per table */
#define FRAME_END_SIZE   8

#define FLAG_IMAGE_MODE 2

int rfx_size_check(int w_px, int h_px)
{
	bool valid = w_px >= 1 && w_px <= RFX_SIZE_MAX && h_px >= 1 && h_px <= RFX_SIZE_MAX;

	return valid ? 0 : ERR_ARGUMENT;
}

static int stream_check(const struct rfx_stream *stream)
{
	if (stream->entropy != RFX_RLGR1 && stream->entropy != RFX_RLGR3)
		return ERR_ARGUMENT;
	return rfx_size_check(stream->w_px, stream->h_px);
}

int rfx_frame_check(const struct rfx_frame *frame)
{
	if (frame->rect_count < 1 || frame->rect_count > UINT16_MAX || frame->tile_count > UINT16_MAX)
		return ERR_ARGUMENT;
	if (frame->quant_count < 1 || frame->quant_count > RFX_QUANTS_MAX)
		return ERR_ARGUMENT;
	for (size_t i = 0; i < frame->quant_count; i++)
		if (rfx_quant_check(&frame->quants[i]) < 0)
			return ERR_ARGUMENT;
	return 0;
}

size_t rfx_frame_tile_bytes(const struct rfx_frame *frame)
{
	size_t sum = 0;

	for (size_t i = 0; i < frame->tile_count; i++)
		sum += frame->tiles[i].len;
	return sum;
}

/* TS_RFX_BLOCKT; the ids of TS_RFX_CODEC_CHANNELT follow for data messages. */
static void write_block(struct writer *w, enum rfx_block_type type, size_t len)
{
	writer_u16(w, (uint16_t)type);
	writer_u32(w, (uint32_t)len);
}

static void write_channel_block(struct writer *w, enum rfx_block_type type, size_t len)
{
	write_block(w, type, len);
	writer_u8(w, 1);
	writer_u8(w, type == RFX_BLOCK_CONTEXT ? 0xff : 0);
}

/* flags, colour transform 1, wavelet 1, entropy, scalar quantisation 1 */
static uint16_t stream_properties(const struct rfx_stream *stream)
{
	unsigned flags = stream->image_mode ? FLAG_IMAGE_MODE : 0;

	return (uint16_t)(flags | 1u << 3 | 1u << 5 | (unsigned)stream->entropy << 9 | 1u << 13);
}

int rfx_headers_write(const struct rfx_stream *stream, uint8_t *dst, size_t cap)
{
	struct writer w = writer_init(dst, cap);

	if (stream_check(stream) < 0)
		return ERR_ARGUMENT;
	write_block(&w, RFX_BLOCK_SYNC, 12);
	writer_u32(&w, RFX_MAGIC);
	writer_u16(&w, RFX_VERSION_1_0);

	write_block(&w, RFX_BLOCK_CODEC_VERSIONS, 10);
	writer_u8(&w, 1); /* one codec, number 1 */
	writer_u8(&w, 1);
	writer_u16(&w, RFX_VERSION_1_0);

	write_block(&w, RFX_BLOCK_CHANNELS, 12);
	writer_u8(&w, 1); /* one channel, number 0 */
	writer_u8(&w, 0);
	writer_u16(&w, (uint16_t)stream->w_px);
	writer_u16(&w, (uint16_t)stream->h_px);

	write_channel_block(&w, RFX_BLOCK_CONTEXT, 13);
	writer_u8(&w, 0); /* context number */
	writer_u16(&w, RFX_TILE_SIZE);
	writer_u16(&w, stream_properties(stream));
	return writer_len(&w);
}

void rfx_rects_write(struct writer *w, const struct rfx_rect *rects, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		writer_u16(w, rects[i].x);
		writer_u16(w, rects[i].y);
		writer_u16(w, rects[i].w);
		writer_u16(w, rects[i].h);
	}
}

void rfx_tiles_write(struct writer *w, const struct rfx_frame *frame)
{
	for (size_t i = 0; i < frame->tile_count; i++)
		writer_copy(w, frame->tiles[i].data, frame->tiles[i].len);
}

static void write_bands(struct writer *w, const struct rfx_bands *b)
{
	writer_u8(w, (uint8_t)(b->ll3 | b->lh3 << 4));
	writer_u8(w, (uint8_t)(b->hl3 | b->hh3 << 4));
	writer_u8(w, (uint8_t)(b->lh2 | b->hl2 << 4));
	writer_u8(w, (uint8_t)(b->hh2 | b->lh1 << 4));
	writer_u8(w, (uint8_t)(b->hl1 | b->hh1 << 4));
}

static void write_region(struct writer *w, const struct rfx_frame *frame)
{
	write_channel_block(w, RFX_BLOCK_REGION, REGION_SIZE + 8 * frame->rect_count);
	writer_u8(w, 1); /* flags: lrf */
	writer_u16(w, (uint16_t)frame->rect_count);
	rfx_rects_write(w, frame->rects, frame->rect_count);
	writer_u16(w, RFX_SUBTYPE_REGION);
	writer_u16(w, 1); /* one tileset */
}

static void write_tileset(struct writer *w, const struct rfx_stream *stream, const struct rfx_frame *frame)
{
	size_t tile_bytes = rfx_frame_tile_bytes(frame);

	write_channel_block(w, RFX_BLOCK_TILESET, TILESET_SIZE + 10 * frame->quant_count + tile_bytes);
	writer_u16(w, RFX_SUBTYPE_TILESET);
	writer_u16(w, 0);                                              /* context number */
	writer_u16(w, (uint16_t)(1 | stream_properties(stream) << 1)); /* lt: the only tileset */
	writer_u8(w, (uint8_t)(2 * frame->quant_count));
	writer_u8(w, RFX_TILE_SIZE);
	writer_u16(w, (uint16_t)frame->tile_count);
	writer_u32(w, (uint32_t)tile_bytes);
	for (size_t i = 0; i < frame->quant_count; i++) {
		write_bands(w, &frame->quants[i].luma);
		write_bands(w, &frame->quants[i].chroma);
	}
	rfx_tiles_write(w, frame);
}

size_t rfx_frame_size(const struct rfx_frame *frame)
{
	return FRAME_BEGIN_SIZE + REGION_SIZE + 8 * frame->rect_count + TILESET_SIZE +
			10 * frame->quant_count + rfx_frame_tile_bytes(frame) + FRAME_END_SIZE;
}

int rfx_frame_write(const struct rfx_stream *stream, const struct rfx_frame *frame, uint8_t *dst, size_t cap)
{
	struct writer w = writer_init(dst, cap);

	if (stream_check(stream) < 0 || rfx_frame_check(frame) < 0 || rfx_frame_size(frame) > INT_MAX)
		return ERR_ARGUMENT;
	write_channel_block(&w, RFX_BLOCK_FRAME_BEGIN, FRAME_BEGIN_SIZE);
	writer_u32(&w, frame->frame_index);
	writer_u16(&w, 1); /* one region */
	write_region(&w, frame);
	write_tileset(&w, stream, frame);
	write_channel_block(&w, RFX_BLOCK_FRAME_END, FRAME_END_SIZE);
	return writer_len(&w);
}
