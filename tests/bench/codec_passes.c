#include "codec_bench.h"

#include <codec/progressive.h>
#include <stdlib.h>

struct totals {
	int64_t first, all;
};

/* A tile from nothing to its full quality. */
static int add_tile(
		struct totals *t, const struct rfx_tile_job *job, struct rfx_scratch *scratch, uint8_t *out)
{
	struct progressive_tile *tile = progressive_tile_create();
	int len = tile ? progressive_tile_first(tile, job, scratch, out, PROGRESSIVE_TILE_BYTES_MAX)
		       : ERR_MEMORY;

	if (len > 0)
		t->first += len;
	while (len > 0) {
		t->all += len;
		if (progressive_tile_passes_left(tile) == 0)
			break;
		len = progressive_tile_upgrade(tile, job, scratch, out, PROGRESSIVE_TILE_BYTES_MAX);
	}
	progressive_tile_destroy(tile);
	return len < 0 ? len : 0;
}

static int add_frame(struct totals *t, const struct codec_frame *frame, enum rfx_quality quality,
		struct rfx_scratch *scratch, uint8_t *out)
{
	int across = analysis_tiles_across(frame->w_px), down = analysis_tiles_across(frame->h_px), err = 0;

	for (int i = 0; i < across * down && !err; i++) {
		int x = i % across * RFX_TILE_SIZE, y = i / across * RFX_TILE_SIZE;
		struct rfx_tile_job job = { .src = frame->pixels + y * frame->stride_bytes + x * 4,
			.stride_bytes = frame->stride_bytes,
			.w_px = frame->w_px - x < RFX_TILE_SIZE ? frame->w_px - x : RFX_TILE_SIZE,
			.h_px = frame->h_px - y < RFX_TILE_SIZE ? frame->h_px - y : RFX_TILE_SIZE,
			.x_tile = x / RFX_TILE_SIZE,
			.y_tile = y / RFX_TILE_SIZE,
			.quant = rfx_quant_preset(quality) };

		if (frame->changed[i])
			err = add_tile(t, &job, scratch, out);
	}
	return err;
}

static int run(struct codec_bench *b, const struct codec_frames *frames, const char *name,
		enum rfx_quality quality)
{
	struct rfx_scratch *scratch = rfx_scratch_create(b->cpu_flags);
	uint8_t *out = malloc(PROGRESSIVE_TILE_BYTES_MAX);
	struct totals t = { 0 };
	int err = scratch && out ? 0 : ERR_MEMORY;

	for (int i = 0; i < frames->count && !err; i++)
		err = add_frame(&t, &frames->frames[i], quality, scratch, out);
	if (!err && t.all) {
		codec_rows_add(&b->rows, name, "first_bytes_per_frame", (double)t.first / frames->count, "B",
				"");
		codec_rows_add(&b->rows, name, "bytes_per_frame", (double)t.all / frames->count, "B", "");
		codec_rows_add(&b->rows, name, "first_of_all", (double)t.first / (double)t.all, "", "");
	}
	rfx_scratch_destroy(scratch);
	free(out);
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
