/* The blocks around finished tiles, [MS-RDPEGFX] 2.2.4.2.1. */
#include "blocks.h"
#include "pass.h"
#include <codec/progressive.h>
#include <limits.h>
#include <rfx/scratch.h>

#define SYNC_SIZE        12
#define FRAME_BEGIN_SIZE 12
#define CONTEXT_SIZE     10
#define REGION_SIZE      18 /* and 8 per rectangle, 5 per table */
#define FRAME_END_SIZE   6

static void write_block(struct writer *w, enum progressive_block_type type, size_t len)
{
	writer_u16(w, (uint16_t)type);
	writer_u32(w, (uint32_t)len);
}

/* The bands are in another order than in [MS-RDPRFX]: 2.2.4.2.1.5.2. */
static void write_bands(struct writer *w, const struct rfx_bands *b)
{
	writer_u8(w, (uint8_t)(b->ll3 | b->hl3 << 4));
	writer_u8(w, (uint8_t)(b->lh3 | b->hh3 << 4));
	writer_u8(w, (uint8_t)(b->hl2 | b->lh2 << 4));
	writer_u8(w, (uint8_t)(b->hh2 | b->hl1 << 4));
	writer_u8(w, (uint8_t)(b->lh1 | b->hh1 << 4));
}

/* Tables of the qualities but the last are sent when a tile needs them. */
static int quality_count(const struct rfx_frame *frame)
{
	for (size_t i = 0; i < frame->tile_count; i++)
		if (frame->tiles[i].len > 0 && frame->tiles[i].data[0] != (PROGRESSIVE_TILE_SIMPLE & 0xff))
			return PASS_FULL;
	return 0;
}

static void write_positions(struct writer *w, const struct pass_positions *positions)
{
	const uint8_t *of = positions->of;

	write_bands(w,
			&(struct rfx_bands){ of[BAND_LL3], of[BAND_LH3], of[BAND_HL3], of[BAND_HH3],
					of[BAND_LH2], of[BAND_HL2], of[BAND_HH2], of[BAND_LH1], of[BAND_HL1],
					of[BAND_HH1] });
}

static void write_qualities(struct writer *w, int count)
{
	static const uint8_t per_cent[PASS_FULL] = { 25, 25, 60 }; /* decoders ignore it */

	for (int i = 0; i < count; i++) {
		writer_u8(w, per_cent[i]);
		write_positions(w, &pass_qualities[i][0]);
		write_positions(w, &pass_qualities[i][1]);
		write_positions(w, &pass_qualities[i][1]);
	}
}

static size_t region_size(const struct rfx_frame *frame)
{
	return REGION_SIZE + 8 * frame->rect_count + 10 * frame->quant_count +
			16 * (size_t)quality_count(frame) + rfx_frame_tile_bytes(frame);
}

static void write_region(struct writer *w, const struct rfx_frame *frame)
{
	write_block(w, PROGRESSIVE_REGION, region_size(frame));
	writer_u8(w, RFX_TILE_SIZE);
	writer_u16(w, (uint16_t)frame->rect_count);
	writer_u8(w, (uint8_t)(2 * frame->quant_count));
	writer_u8(w, (uint8_t)quality_count(frame));
	writer_u8(w, PROGRESSIVE_EXTRAPOLATE);
	writer_u16(w, (uint16_t)frame->tile_count);
	writer_u32(w, (uint32_t)rfx_frame_tile_bytes(frame));
	rfx_rects_write(w, frame->rects, frame->rect_count);
	for (size_t i = 0; i < frame->quant_count; i++) {
		write_bands(w, &frame->quants[i].luma);
		write_bands(w, &frame->quants[i].chroma);
	}
	write_qualities(w, quality_count(frame));
	rfx_tiles_write(w, frame);
}

size_t progressive_frame_size(const struct rfx_frame *frame)
{
	return SYNC_SIZE + CONTEXT_SIZE + FRAME_BEGIN_SIZE + region_size(frame) + FRAME_END_SIZE;
}

int progressive_frame_write(int w_px, int h_px, const struct rfx_frame *frame, uint8_t *dst, size_t cap)
{
	struct writer w = writer_init(dst, cap);

	if (rfx_size_check(w_px, h_px) < 0 || rfx_frame_check(frame) < 0 ||
			progressive_frame_size(frame) > INT_MAX)
		return ERR_ARGUMENT;
	write_block(&w, PROGRESSIVE_SYNC, SYNC_SIZE);
	writer_u32(&w, PROGRESSIVE_MAGIC);
	writer_u16(&w, PROGRESSIVE_VERSION_1_0);

	write_block(&w, PROGRESSIVE_CONTEXT, CONTEXT_SIZE);
	writer_u8(&w, 0);
	writer_u16(&w, RFX_TILE_SIZE);
	writer_u8(&w, PROGRESSIVE_SUBBAND_DIFFING);

	write_block(&w, PROGRESSIVE_FRAME_BEGIN, FRAME_BEGIN_SIZE);
	writer_u32(&w, frame->frame_index);
	writer_u16(&w, 1);
	write_region(&w, frame);
	write_block(&w, PROGRESSIVE_FRAME_END, FRAME_END_SIZE);
	return writer_len(&w);
}
