#include "codec_bench.h"
#include "codec_clock.h"
#include "results.h"

#include <codec/analysis.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS = 8 };

static double speed_of(int64_t px, int64_t ns)
{
	return ns > 0 ? (double)px * 1e3 / (double)ns : 0;
}

static struct analysis_pair pair_of(const struct codec_frame *f, const uint8_t *before)
{
	return (struct analysis_pair){ f->pixels, before, f->stride_bytes, f->stride_bytes, f->w_px,
		f->h_px };
}

/* Finds no change in a picture and its copy. Returns the time or ERR_*. */
static int64_t time_changed(const struct codec_frame *f, const uint8_t *copy, const struct analysis_dsp *dsp,
		const struct codec_clock *clock)
{
	struct analysis_pair pair = pair_of(f, copy);
	struct analysis_rect all = { 0, 0, f->w_px, f->h_px };
	struct codec_time begin = codec_clock_read(clock);

	for (int i = 0; i < REPEATS; i++) {
		int marked = analysis_mark_changed(dsp, &pair, &all, f->changed);

		if (marked < 0)
			return marked;
	}
	return codec_clock_since(clock, &begin).cpu_ns;
}

static int64_t time_memcmp(const struct codec_frame *f, const uint8_t *copy, const struct codec_clock *clock)
{
	size_t bytes = (size_t)f->stride_bytes * (size_t)f->h_px;
	struct codec_time begin = codec_clock_read(clock);
	int differs = 0;

	for (int i = 0; i < REPEATS; i++) {
		differs |= memcmp(f->pixels, copy, bytes);
		__asm__ volatile("" ::: "memory"); /* or one comparison would do for all */
	}
	return differs ? ERR_UNEXPECTED : codec_clock_since(clock, &begin).cpu_ns;
}

static int run_unchanged(struct codec_bench *b, const struct codec_frames *frames, const char *name)
{
	struct codec_frame f = frames->frames[0];
	size_t bytes = (size_t)f.stride_bytes * (size_t)f.h_px;
	int64_t px = (int64_t)REPEATS * f.w_px * f.h_px;
	uint8_t *copy = malloc(bytes);
	double own[CODEC_ROUNDS_MAX], theirs[CODEC_ROUNDS_MAX], ratios[CODEC_ROUNDS_MAX];
	struct analysis_dsp dsp;
	struct codec_clock clock;
	int err = copy ? 0 : ERR_MEMORY;

	f.changed = calloc((size_t)(analysis_tiles_across(f.w_px) * analysis_tiles_across(f.h_px)), 1);
	analysis_dsp_init(&dsp, b->cpu_flags);
	codec_clock_open(&clock);
	if (copy)
		memcpy(copy, f.pixels, bytes);
	for (int r = 0; r < b->rounds && !err; r++) {
		int64_t a = f.changed ? time_changed(&f, copy, &dsp, &clock) : ERR_MEMORY;
		int64_t m = time_memcmp(&f, copy, &clock);

		err = a < 0 ? (int)a : m < 0 ? (int)m : 0;
		own[r] = speed_of(px, a);
		theirs[r] = speed_of(px, m);
		ratios[r] = theirs[r] > 0 ? own[r] / theirs[r] : 0;
	}
	if (!err) {
		codec_rows_add(&b->rows, name, "mpix_per_cpu_s",
				results_percentile(own, (size_t)b->rounds, 0.5), "Mpix/s", "");
		codec_rows_add(&b->rows, name, "mpix_per_cpu_s",
				results_percentile(theirs, (size_t)b->rounds, 0.5), "Mpix/s", "memcmp");
		codec_rows_add(&b->rows, name, "speed_ratio",
				results_percentile(ratios, (size_t)b->rounds, 0.5), "x", "");
	}
	codec_clock_close(&clock);
	free(f.changed);
	free(copy);
	return err;
}

/* What analysis_find_moves did, over all frames. */
struct moves {
	int found, wrong;
	int64_t cleared_tiles, tiles, cpu_ns, worst_ns, memcmp_ns, px;
};

/* What it takes to compare a picture with an equal one. */
static int64_t time_one_memcmp(const struct codec_frame *f, uint8_t *copy, const struct codec_clock *clock)
{
	size_t bytes = (size_t)f->stride_bytes * (size_t)f->h_px;
	struct codec_time begin;

	memcpy(copy, f->pixels, bytes);
	begin = codec_clock_read(clock);
	if (memcmp(f->pixels, copy, bytes))
		return 0;
	return codec_clock_since(clock, &begin).cpu_ns;
}

static void apply(uint8_t *picture, const struct codec_frame *f, const struct analysis_move *m)
{
	bool down = m->to.y > m->from_y;

	for (int i = 0; i < m->to.h; i++) {
		int row = down ? m->to.h - 1 - i : i;

		memmove(picture + (m->to.y + row) * f->stride_bytes + m->to.x * 4,
				picture + (m->from_y + row) * f->stride_bytes + m->from_x * 4,
				(size_t)m->to.w * 4);
	}
}

static bool is_inside(const struct codec_frame *f, const struct analysis_move *m)
{
	return m->to.x >= 0 && m->to.y >= 0 && m->from_x >= 0 && m->from_y >= 0 && m->to.w > 0 &&
			m->to.h > 0 && m->to.x + m->to.w <= f->w_px && m->to.y + m->to.h <= f->h_px &&
			m->from_x + m->to.w <= f->w_px && m->from_y + m->to.h <= f->h_px;
}

/* Whether the largest move is the one that happened in frame i. */
static bool is_the_motion(corpus_motion *motion, int i, const struct analysis_move *moves, int count)
{
	const struct analysis_move *largest = moves;

	for (int m = 1; m < count; m++)
		if (moves[m].to.w * moves[m].to.h > largest->to.w * largest->to.h)
			largest = &moves[m];
	return motion && count > 0 &&
			motion(i, largest->to.x - largest->from_x, largest->to.y - largest->from_y);
}

/* Whether the tiles that moves claim to have made right are so. */
static bool is_right(const struct codec_frame *f, const uint8_t *picture, const uint8_t *changed)
{
	int across = analysis_tiles_across(f->w_px), down = analysis_tiles_across(f->h_px);
	struct analysis_pair pair = pair_of(f, picture);
	uint8_t *differs = calloc((size_t)(across * down), 1);
	struct analysis_rect all = { 0, 0, f->w_px, f->h_px };
	struct analysis_dsp dsp;
	bool right = differs;

	analysis_dsp_init(&dsp, 0);
	right = right && analysis_mark_changed(&dsp, &pair, &all, differs) >= 0;
	for (int i = 0; right && i < across * down; i++)
		right = !differs[i] || changed[i];
	free(differs);
	return right;
}

static int find(struct moves *sum, corpus_motion *motion, int number, const struct codec_frame *f,
		const struct analysis_dsp *dsp, struct analysis_mover *mover, const struct codec_clock *clock)
{
	size_t bytes = (size_t)f->stride_bytes * (size_t)f->h_px;
	int tiles = analysis_tiles_across(f->w_px) * analysis_tiles_across(f->h_px), count;
	struct analysis_pair pair = pair_of(f, f->before);
	struct analysis_move moves[ANALYSIS_MOVES_MAX];
	uint8_t *changed = malloc((size_t)tiles), *picture = malloc(bytes);
	struct codec_time begin, spent;
	bool right = true;

	if (!changed || !picture) {
		free(changed);
		free(picture);
		return ERR_MEMORY;
	}
	sum->memcmp_ns += time_one_memcmp(f, picture, clock);
	memcpy(changed, f->changed, (size_t)tiles);
	memcpy(picture, f->before, bytes);
	begin = codec_clock_read(clock);
	count = analysis_find_moves(dsp, mover, &pair, changed, moves, ANALYSIS_MOVES_MAX);
	spent = codec_clock_since(clock, &begin);
	for (int i = 0; i < count; i++) {
		right = right && is_inside(f, &moves[i]);
		if (right)
			apply(picture, f, &moves[i]);
	}
	sum->found += is_the_motion(motion, number, moves, count);
	sum->wrong += !right || !is_right(f, picture, changed);
	for (int i = 0; i < tiles; i++)
		sum->cleared_tiles += f->changed[i] && !changed[i];
	sum->tiles += f->tile_count;
	sum->cpu_ns += spent.cpu_ns;
	sum->worst_ns = spent.cpu_ns > sum->worst_ns ? spent.cpu_ns : sum->worst_ns;
	sum->px += f->changed_px;
	free(changed);
	free(picture);
	return count < 0 ? count : 0;
}

static int run_moves(struct codec_bench *b, const struct codec_frames *frames, const char *name,
		corpus_motion *motion)
{
	struct analysis_mover *mover = analysis_mover_create();
	struct moves sum = { 0 };
	struct analysis_dsp dsp;
	struct codec_clock clock;
	int err = mover ? 0 : ERR_MEMORY;

	analysis_dsp_init(&dsp, b->cpu_flags);
	codec_clock_open(&clock);
	for (int i = 0; i < frames->count && !err; i++)
		err = find(&sum, motion, i, &frames->frames[i], &dsp, mover, &clock);
	if (!err) {
		if (motion)
			codec_rows_add(&b->rows, name, "found", (double)sum.found / frames->count, "", "");
		codec_rows_add(&b->rows, name, "wrong", sum.wrong, "", "");
		codec_rows_add(&b->rows, name, "tiles_saved",
				sum.tiles ? (double)sum.cleared_tiles / (double)sum.tiles : 0, "", "");
		codec_rows_add(&b->rows, name, "mpix_per_cpu_s", speed_of(sum.px, sum.cpu_ns), "Mpix/s", "");
		codec_rows_add(&b->rows, name, "frame_to_memcmp",
				sum.memcmp_ns ? (double)sum.cpu_ns / (double)sum.memcmp_ns : 0, "x", "");
		codec_rows_add(&b->rows, name, "worst_frame", (double)sum.worst_ns / 1e3, "us", "");
	}
	codec_clock_close(&clock);
	analysis_mover_destroy(mover);
	return err;
}

typedef uint64_t ask_tile(const struct analysis_dsp *dsp, const uint8_t *px, ptrdiff_t stride_bytes, int w_px,
		int h_px);

static uint64_t ask_class(
		const struct analysis_dsp *dsp, const uint8_t *px, ptrdiff_t stride_bytes, int w_px, int h_px)
{
	struct analysis_tile tile = { 0 };

	return analysis_classify(dsp, &tile, px, stride_bytes, w_px, h_px, 0);
}

static uint64_t ask_hash(
		const struct analysis_dsp *dsp, const uint8_t *px, ptrdiff_t stride_bytes, int w_px, int h_px)
{
	return analysis_content_hash(px, stride_bytes, w_px, h_px);
}

/* Microseconds per changed tile. */
static double time_tiles(const struct codec_bench *b, const struct codec_frames *frames, ask_tile *ask)
{
	struct analysis_dsp dsp;
	struct codec_clock clock;
	struct codec_time begin;
	int64_t ns, tiles = 0;
	uint64_t sum = 0;

	analysis_dsp_init(&dsp, b->cpu_flags);
	codec_clock_open(&clock);
	begin = codec_clock_read(&clock);
	for (int i = 0; i < frames->count; i++) {
		const struct codec_frame *f = &frames->frames[i];

		for (int r = 0; r < f->run_count; r++) {
			const struct analysis_rect *run = &f->runs[r];

			for (int x = run->x; x < run->x + run->w; x += ANALYSIS_TILE_PX) {
				int w = run->x + run->w - x;

				sum += ask(&dsp, f->pixels + run->y * f->stride_bytes + 4 * x,
						f->stride_bytes, w < ANALYSIS_TILE_PX ? w : ANALYSIS_TILE_PX,
						run->h);
			}
		}
		tiles += f->tile_count;
	}
	ns = codec_clock_since(&clock, &begin).cpu_ns;
	codec_clock_close(&clock);
	__asm__ volatile("" ::"r"(sum)); /* or nothing would be asked */
	return tiles ? (double)ns / 1e3 / (double)tiles : 0;
}

static void run_tiles(struct codec_bench *b, const struct codec_frames *frames, const char *name)
{
	double class_us[CODEC_ROUNDS_MAX], hash_us[CODEC_ROUNDS_MAX];

	for (int r = 0; r < b->rounds; r++) {
		class_us[r] = time_tiles(b, frames, ask_class);
		hash_us[r] = time_tiles(b, frames, ask_hash);
	}
	codec_rows_add(&b->rows, name, "classify", results_percentile(class_us, (size_t)b->rounds, 0.5),
			"us/tile", "");
	codec_rows_add(&b->rows, name, "content_hash", results_percentile(hash_us, (size_t)b->rounds, 0.5),
			"us/tile", "");
}

int codec_bench_analysis(struct codec_bench *b, const struct codec_frames *frames, corpus_motion *motion)
{
	char name[48];
	int err = 0;

	if (codec_case_name(b, name, sizeof name, "changed", frames))
		err = run_unchanged(b, frames, name);
	if (!err && codec_case_name(b, name, sizeof name, "moves", frames))
		err = run_moves(b, frames, name, motion);
	if (!err && codec_case_name(b, name, sizeof name, "tiles", frames))
		run_tiles(b, frames, name);
	return err;
}
