/* Questions about the tiles of a picture, asked before anything is encoded. All
 * pictures are XRGB8888 (memory B, G, R, X); the X byte never counts, since
 * programs leave junk in it. Tiles are 64x64 on a grid from the picture's top left;
 * those at the right and bottom edge are cut. No allocation, no I/O, no state: any
 * thread. */
#ifndef CODEC_ANALYSIS_H
#define CODEC_ANALYSIS_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ANALYSIS_TILE_PX = 64,
	ANALYSIS_SIDE_MAX_PX = 16384,
	ANALYSIS_RECTS_MAX = 64,
};

/* What may be done faster per CPU. Fill with analysis_dsp_init once, then share. */
struct analysis_dsp {
	/* true if any of n pixels in a row differ; n 0..16384 */
	bool (*differs)(const uint8_t *a, const uint8_t *b, int n);
};

/* cpu_flags: codec/cpu.h. */
void analysis_dsp_init(struct analysis_dsp *dsp, unsigned cpu_flags);

/* A picture and the one before it, of the same size; borrowed. Strides may be
 * negative. `now` may change while it is read (a guest's shared memory): the answer
 * is then that of one of the moments, never a fault. */
struct analysis_pair {
	const uint8_t *now, *before;
	ptrdiff_t now_stride_bytes, before_stride_bytes;
	int w_px, h_px; /* 1..ANALYSIS_SIDE_MAX_PX */
};

struct analysis_rect {
	int x, y, w, h; /* pixels; may reach beyond the picture */
};

static inline int analysis_tiles_across(int px)
{
	return (px + ANALYSIS_TILE_PX - 1) / ANALYSIS_TILE_PX;
}

/* Looks at the part of the pictures inside `damage` and marks the tiles that really
 * changed.
 * changed  one byte per tile, row by row, analysis_tiles_across(w_px) to a row:
 *          set to 1 where pixels differ, left alone elsewhere, so that calls for
 *          several rectangles add up. A tile that is already 1 is not read again.
 * Returns the number of tiles newly marked, or ERR_ARGUMENT (picture size). */
MUST_USE int analysis_mark_changed(const struct analysis_dsp *dsp, const struct analysis_pair *pair,
		const struct analysis_rect *damage, uint8_t *changed);

/* Few rectangles (in pixels, cut to the picture) that together hold all tiles marked in
 * `changed` and at most half as many others, or more where max asks for it: what
 * ClearCodec wants. They may overlap.
 * max  room in rects, 1..ANALYSIS_RECTS_MAX
 * Returns their number. */
int analysis_merge_tiles(const uint8_t *changed, int w_px, int h_px, struct analysis_rect *rects, int max);

#endif
