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
	ANALYSIS_MOVES_MAX = 16,
	ANALYSIS_ANCHOR_W_PX = 24,
	ANALYSIS_ANCHOR_H_PX = 8,
	ANALYSIS_CLOSE = 24,
};

/* Of pixels and the next ones: how many are equal, how many a little different (by
 * ANALYSIS_CLOSE at most, all colours together) */
struct analysis_neighbours {
	int equal, close;
};

/* What may be done faster per CPU. Fill with analysis_dsp_init once, then share. */
struct analysis_dsp {
	/* true if any of n pixels in a row differ; n 0..16384 */
	bool (*differs)(const uint8_t *a, const uint8_t *b, int n);
	/* Goes down a column of 64 places by one row. The number of a place is made of the
	 * ANALYSIS_ANCHOR_W_PX x ANALYSIS_ANCHOR_H_PX pixels right of it, of which src is the
	 * last row; what was in `numbers` at first is forgotten after that many rows. Returns
	 * a bit for each place (lowest: the first) whose pixel differs from the next and
	 * whose number is one of the rare ones, 1 in 2^rare_bits (1..31). Reads 64 +
	 * ANALYSIS_ANCHOR_W_PX - 1 pixels. */
	uint64_t (*anchor_row)(uint32_t numbers[64], const uint8_t *src, int rare_bits);
	/* Looks at n pixels, 0..63, and reads one more. */
	struct analysis_neighbours (*neighbours)(const uint8_t *src, int n);
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

/* Content that is now elsewhere: `to` holds what was at from_x, from_y. */
struct analysis_move {
	struct analysis_rect to;
	int from_x, from_y;
};

struct analysis_mover;

/* Working memory of one thread: 700 KiB, of which a 1920x1080 picture touches 330.
 * Returns owned, or NULL. */
struct analysis_mover *analysis_mover_create(void);
void analysis_mover_destroy(struct analysis_mover *mover);

/* Looks among the changed tiles for content that has scrolled or been dragged by any
 * distance. Each move is verified pixel by pixel; done in the order given, each on the
 * picture that the ones before have left (RDPGFX_SURFACE_TO_SURFACE_PDU, before anything
 * else of the frame is drawn), they make right what they write. None takes what an
 * earlier one has written, but a move may overlap itself. They begin and end at any pixel,
 * and may reach into tiles that stay marked, or that were not (there the pixels become
 * what `now` has).
 * Finds what has a whole tile in it and makes more than one in 32 of the changed tiles
 * right. Takes 5 to 12 us per changed tile (AVX2; 1080p: 3 to 4 times a memcmp of the
 * picture where much has changed); the time is bounded by the number of tiles, whatever
 * they show.
 * changed  as from analysis_mark_changed; tiles that moves make right become 0
 * moves    room for max, 1..ANALYSIS_MOVES_MAX
 * Returns the number of moves (often 0), or ERR_ARGUMENT (picture size). `pair->now` must
 * not change meanwhile. */
MUST_USE int analysis_find_moves(const struct analysis_dsp *dsp, struct analysis_mover *mover,
		const struct analysis_pair *pair, uint8_t *changed, struct analysis_move *moves, int max);

/* A number for the content of w x h pixels (1..64 each), equal for equal content and
 * size, the same on every CPU. Different contents share one by chance only (2^-64), but a
 * program could search for two that do: it would see its own wrong picture. */
uint64_t analysis_content_hash(const uint8_t *src, ptrdiff_t stride_bytes, int w_px, int h_px);

enum analysis_class {
	ANALYSIS_TEXT,    /* text, flat user interface: wants to be exact */
	ANALYSIS_PICTURE, /* photographs, shades */
	ANALYSIS_VIDEO,   /* pictures that change all the time */
};

/* What is remembered of a tile; all zero at first. */
struct analysis_tile {
	uint8_t class;       /* enum analysis_class without the video */
	uint8_t quick;       /* changes in a row that came soon after each other, up to 255 */
	uint32_t changed_ms; /* when it changed last */
};

/* Tells what a tile shows that has just changed; cheap enough for every changed tile (one
 * row in four is looked at). Near a border between classes it stays what it was.
 * now_ms  any clock that runs evenly; may wrap */
enum analysis_class analysis_classify(const struct analysis_dsp *dsp, struct analysis_tile *tile,
		const uint8_t *src, ptrdiff_t stride_bytes, int w_px, int h_px, uint32_t now_ms);

#endif
