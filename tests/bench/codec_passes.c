#include "codec_bench.h"
#include "codec_quality.h"

#include <codec/progressive.h>
#include <stdlib.h>

enum { FIRST_BYTES = 16384 }; /* of a tile, on average: several times what there is */

/* first: the tiles' first passes of one picture, one after the other */
struct passes {
	struct rfx_scratch *scratch;
	struct progressive_decoder *decoder;
	struct rfx_chunk *chunks;
	uint8_t *first, *upgrade, *message, *shown;
	size_t cap, used;
	int64_t first_bytes, all_bytes;
	struct codec_quality quality; /* of the first passes */
};

static int init(struct passes *p, const struct codec_frame *frame, unsigned cpu_flags)
{
	size_t tiles = (size_t)(analysis_tiles_across(frame->w_px) * analysis_tiles_across(frame->h_px));

	*p = (struct passes){ .cap = tiles * FIRST_BYTES + PROGRESSIVE_TILE_BYTES_MAX };
	p->scratch = rfx_scratch_create(cpu_flags);
	p->decoder = progressive_decoder_create(frame->w_px, frame->h_px, cpu_flags);
	p->chunks = calloc(tiles, sizeof *p->chunks);
	p->first = malloc(p->cap);
	p->message = malloc(2 * p->cap);
	p->upgrade = malloc(PROGRESSIVE_TILE_BYTES_MAX);
	p->shown = calloc((size_t)frame->h_px, (size_t)frame->stride_bytes);
	return p->scratch && p->decoder && p->chunks && p->first && p->message && p->upgrade && p->shown
			? 0
			: ERR_MEMORY;
}

static void finish(struct passes *p)
{
	rfx_scratch_destroy(p->scratch);
	progressive_decoder_destroy(p->decoder);
	free(p->chunks);
	free(p->first);
	free(p->message);
	free(p->upgrade);
	free(p->shown);
}

/* A tile from nothing to its full quality; returns the first pass's bytes. */
static int add_tile(struct passes *p, const struct rfx_tile_job *job)
{
	struct progressive_tile *tile = progressive_tile_create();
	int first = tile ? progressive_tile_first(tile, job, p->scratch, p->first + p->used, p->cap - p->used)
			 : ERR_MEMORY;
	int len = first;

	while (len > 0) {
		p->all_bytes += len;
		if (progressive_tile_passes_left(tile) == 0)
			break;
		len = progressive_tile_upgrade(tile, job, p->scratch, p->upgrade, PROGRESSIVE_TILE_BYTES_MAX);
	}
	progressive_tile_destroy(tile);
	return len < 0 ? len : first;
}

/* What a client shows after the first passes */
static int show(struct passes *p, const struct codec_frame *frame, const struct rfx_frame *message)
{
	struct rfx_picture picture = { p->shown, frame->stride_bytes, frame->w_px, frame->h_px };
	int len = progressive_frame_write(frame->w_px, frame->h_px, message, p->message, 2 * p->cap);
	int err = len < 0 ? len
			  : progressive_decoder_paint(p->decoder, message->frame_index, p->message,
					    (size_t)len, &picture);

	if (!err)
		codec_quality_add(&p->quality, frame, p->shown);
	return err;
}

static int add_frame(struct passes *p, const struct codec_frame *frame, uint32_t index,
		const struct rfx_quant *quant)
{
	int across = analysis_tiles_across(frame->w_px), down = analysis_tiles_across(frame->h_px);
	struct rfx_rect all = { 0, 0, (uint16_t)frame->w_px, (uint16_t)frame->h_px };
	struct rfx_frame message = { .frame_index = index,
		.rects = &all,
		.rect_count = 1,
		.quants = quant,
		.quant_count = 1,
		.tiles = p->chunks };

	p->used = 0;
	for (int i = 0; i < across * down; i++) {
		int x = i % across * RFX_TILE_SIZE, y = i / across * RFX_TILE_SIZE, len;
		struct rfx_tile_job job = { .src = frame->pixels + y * frame->stride_bytes + x * 4,
			.stride_bytes = frame->stride_bytes,
			.w_px = frame->w_px - x < RFX_TILE_SIZE ? frame->w_px - x : RFX_TILE_SIZE,
			.h_px = frame->h_px - y < RFX_TILE_SIZE ? frame->h_px - y : RFX_TILE_SIZE,
			.x_tile = x / RFX_TILE_SIZE,
			.y_tile = y / RFX_TILE_SIZE,
			.quant = quant };

		if (!frame->changed[i])
			continue;
		len = add_tile(p, &job);
		if (len < 0)
			return len;
		p->chunks[message.tile_count++] = (struct rfx_chunk){ p->first + p->used, (size_t)len };
		p->used += (size_t)len;
	}
	p->first_bytes += (int64_t)p->used;
	return show(p, frame, &message);
}

static int run(struct codec_bench *b, const struct codec_frames *frames, const char *name,
		enum rfx_quality quality)
{
	struct passes p;
	int err = init(&p, &frames->frames[0], b->cpu_flags);

	for (int i = 0; i < frames->count && !err; i++)
		err = add_frame(&p, &frames->frames[i], (uint32_t)i, rfx_quant_preset(quality));
	if (!err && p.all_bytes) {
		codec_rows_add(&b->rows, name, "first_bytes_per_frame", (double)p.first_bytes / frames->count,
				"B", "");
		codec_rows_add(&b->rows, name, "bytes_per_frame", (double)p.all_bytes / frames->count, "B",
				"");
		codec_rows_add(&b->rows, name, "first_of_all", (double)p.first_bytes / (double)p.all_bytes,
				"", "");
		codec_rows_add(&b->rows, name, "first_psnr", codec_quality_psnr(&p.quality), "dB", "");
		codec_rows_add(&b->rows, name, "first_ssim", codec_quality_ssim(&p.quality), "", "");
	}
	finish(&p);
	return err;
}

int codec_bench_passes(struct codec_bench *b, const struct codec_frames *frames)
{
	char name[48];
	int err = 0;

	if (codec_case_name(b, name, sizeof name, "progressive-passes", frames))
		err = run(b, frames, name, RFX_QUALITY_HIGH);
	if (!err && codec_case_name(b, name, sizeof name, "progressive-passes-medium", frames))
		err = run(b, frames, name, RFX_QUALITY_MEDIUM);
	return err;
}
