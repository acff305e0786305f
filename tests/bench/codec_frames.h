/* A sequence of raw pictures (BGRX, rows and pictures without gaps) mapped from a file,
 * and what changes from one to the next. */
#ifndef BENCH_CODEC_FRAMES_H
#define BENCH_CODEC_FRAMES_H

#include <base/err.h>
#include <codec/analysis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One picture as encoders get it. */
struct codec_frame {
	const uint8_t *pixels, *before;
	ptrdiff_t stride_bytes;
	int w_px, h_px;
	uint8_t *changed;           /* one byte per tile, as codec/analysis.h has it */
	struct analysis_rect *runs; /* the changed tiles, neighbours in a row as one; cut to the picture */
	int run_count, tile_count;
	struct analysis_rect *rects; /* few that hold the changed tiles */
	struct analysis_rect *areas; /* those, cut to the pixels that differ */
	int rect_count;
	int64_t changed_px;
};

struct codec_frames {
	const char *name; /* borrowed */
	uint8_t *map;
	size_t map_bytes;
	struct codec_frame *frames; /* from the second picture of the file on */
	int count;
	int64_t changed_px; /* of all */
};

/* full: all tiles count as changed. most: pictures taken at most. Returns 0 or ERR_*
 * (ERR_FORMAT: the file is no two pictures of that size); close in either case. */
MUST_USE int codec_frames_open(struct codec_frames *f, const char *name, const char *path, int w_px, int h_px,
		bool full, int most);
void codec_frames_close(struct codec_frames *f);

#endif
