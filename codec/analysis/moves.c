/* Scrolling and dragging. guess.c tells a few likely distances. Each is tried on every
 * changed tile, pixel by pixel, and tiles that fit are joined to large rectangles. These
 * are then fitted to what has moved, pixel by pixel, so that tiles which the border of a
 * window or pane cuts come right as well. */
#include "moves.h"
#include <stdlib.h>
#include <string.h>

enum {
	TILE = ANALYSIS_TILE_PX,
	TILES_ACROSS_MAX = ANALYSIS_SIDE_MAX_PX / ANALYSIS_TILE_PX,
	TRIES_MAX = 2 * ANALYSIS_MOVES_MAX, /* rectangles that are tried per distance */
	WORTH_PART = 32,                    /* of the changed tiles */
	ASKED = 1 << ANALYSIS_DISTANCES_MAX,
};

struct analysis_mover {
	struct analysis_guess guess;
	/* per tile: a bit for each distance at which all of it fits; ASKED: they are known */
	uint8_t fits[TILES_ACROSS_MAX * TILES_ACROSS_MAX];
	/* changed tiles that fit, above and left of a tile */
	uint32_t sums[(TILES_ACROSS_MAX + 1) * (TILES_ACROSS_MAX + 1)];
};

struct analysis_mover *analysis_mover_create(void)
{
	return calloc(1, sizeof(struct analysis_mover));
}

void analysis_mover_destroy(struct analysis_mover *mover)
{
	free(mover);
}

/* What is being worked on */
struct search {
	const struct analysis_dsp *dsp;
	struct analysis_mover *mover;
	const struct analysis_pair *pair;
	uint8_t *changed;
	int cols, rows;
	struct analysis_distance by[ANALYSIS_DISTANCES_MAX];
	int distances;
	struct analysis_move *moves;
	int count, max;
};

static int min_int(int a, int b)
{
	return a < b ? a : b;
}

static int max_int(int a, int b)
{
	return a > b ? a : b;
}

/* Are n pixels what was there before, or that far away from there? */
static bool is_same(const struct search *s, int x, int y, int n, struct analysis_distance by)
{
	const struct analysis_pair *p = s->pair;

	return !s->dsp->differs(p->now + y * p->now_stride_bytes + 4 * x,
			p->before + (y - by.dy) * p->before_stride_bytes + 4 * (x - by.dx), n);
}

static struct analysis_rect to_pixels(const struct search *s, const struct analysis_rect *tiles)
{
	struct analysis_rect px = { tiles->x * TILE, tiles->y * TILE, tiles->w * TILE, tiles->h * TILE };

	px.w = min_int(px.w, s->pair->w_px - px.x);
	px.h = min_int(px.h, s->pair->h_px - px.y);
	return px;
}

static bool tile_fits(const struct search *s, int tile, struct analysis_distance by)
{
	struct analysis_rect at = { tile % s->cols, tile / s->cols, 1, 1 };
	int x, y;

	at = to_pixels(s, &at);
	x = at.x - by.dx;
	y = at.y - by.dy;
	if (x < 0 || y < 0 || x + at.w > s->pair->w_px || y + at.h > s->pair->h_px)
		return false;
	for (int i = 0; i < at.h; i++)
		if (!is_same(s, at.x, at.y + i, at.w, by))
			return false;
	return true;
}

static void try_changed(struct search *s)
{
	uint8_t *fits = s->mover->fits;

	for (int i = 0; i < s->cols * s->rows; i++) {
		fits[i] = 0;
		if (!s->changed[i])
			continue;
		fits[i] = ASKED;
		for (int k = 0; k < s->distances; k++)
			fits[i] |= (uint8_t)(tile_fits(s, i, s->by[k]) << k);
	}
}

static bool is_gain(const struct search *s, int tile, int k)
{
	return s->changed[tile] && s->mover->fits[tile] >> k & 1;
}

/* The distance at which most tiles come right that are still wrong, or -1. One that helps
 * few of them is not worth its time: between flat tiles any distance is good for some. */
static int best_distance(const struct search *s, unsigned done)
{
	int gains[ANALYSIS_DISTANCES_MAX] = { 0 };
	int best = -1, most = 0;

	for (int i = 0; i < s->cols * s->rows; i++) {
		most += s->changed[i] != 0;
		for (int k = 0; k < s->distances; k++)
			gains[k] += is_gain(s, i, k);
	}
	most /= WORTH_PART;
	for (int k = 0; k < s->distances; k++) {
		if (done >> k & 1 || gains[k] <= most)
			continue;
		most = gains[k];
		best = k;
	}
	return best;
}

/* The tiles that hold all changes; there are some. */
static struct analysis_rect bounds_of_changes(const struct search *s)
{
	int left = s->cols, top = s->rows, right = 0, bottom = 0;

	for (int i = 0; i < s->cols * s->rows; i++) {
		if (!s->changed[i])
			continue;
		left = min_int(left, i % s->cols);
		right = max_int(right, i % s->cols + 1);
		top = min_int(top, i / s->cols);
		bottom = max_int(bottom, i / s->cols + 1);
	}
	return (struct analysis_rect){ left, top, right - left, bottom - top };
}

/* Tiles that have not changed may fit as well, as blank ones do: with them the rectangles
 * become fewer, and reach the far side of a window whose middle is blank. */
static void try_unchanged(struct search *s, const struct analysis_rect *bounds, int k)
{
	for (int y = bounds->y; y < bounds->y + bounds->h; y++) {
		for (int x = bounds->x; x < bounds->x + bounds->w; x++) {
			int tile = y * s->cols + x;

			if (!(s->mover->fits[tile] & ASKED) && tile_fits(s, tile, s->by[k]))
				s->mover->fits[tile] |= (uint8_t)(1 << k);
		}
	}
}

static void sum_gains(struct search *s, int k)
{
	uint32_t *sums = s->mover->sums;
	int pitch = s->cols + 1;

	memset(sums, 0, (size_t)pitch * sizeof *sums);
	for (int y = 0; y < s->rows; y++) {
		uint32_t along = 0;

		sums[(y + 1) * pitch] = 0;
		for (int x = 0; x < s->cols; x++) {
			along += is_gain(s, y * s->cols + x, k);
			sums[(y + 1) * pitch + x + 1] = sums[y * pitch + x + 1] + along;
		}
	}
}

static uint32_t gain_of(const struct search *s, const struct analysis_rect *tiles)
{
	const uint32_t *top = s->mover->sums + tiles->y * (s->cols + 1) + tiles->x;
	const uint32_t *bottom = top + tiles->h * (s->cols + 1);

	return bottom[tiles->w] - bottom[0] - top[tiles->w] + top[0];
}

/* A column of tiles that fit, from `y` up to the row in work, that may begin further left */
struct bar {
	int left, tiles;
};

/* The rectangle of tiles that all fit and gain most, the largest of such. Returns its gain. Row by row: what
 * stands on a row is a skyline, and each rectangle ends where the skyline falls. */
static uint32_t best_rect(
		const struct search *s, const struct analysis_rect *bounds, int k, struct analysis_rect *best)
{
	int heights[TILES_ACROSS_MAX] = { 0 };
	struct bar bars[TILES_ACROSS_MAX + 1];
	uint32_t most = 0;

	for (int y = bounds->y; y < bounds->y + bounds->h; y++) {
		int count = 0;

		for (int x = bounds->x; x <= bounds->x + bounds->w; x++) {
			bool ends = x == bounds->x + bounds->w;
			struct bar bar = { x, 0 };

			if (!ends && s->mover->fits[y * s->cols + x] >> k & 1)
				bar.tiles = ++heights[x];
			else if (!ends)
				heights[x] = 0;
			while (count && bars[count - 1].tiles >= bar.tiles) {
				struct bar last = bars[--count];
				struct analysis_rect rect = { last.left, y + 1 - last.tiles, x - last.left,
					last.tiles };
				uint32_t gain = gain_of(s, &rect);

				bar.left = last.left;
				if (gain > most || (gain == most && rect.w * rect.h > best->w * best->h)) {
					most = gain;
					*best = rect;
				}
			}
			bars[count++] = bar;
		}
	}
	return most;
}

/* How many pixels from x on, at most n, to the right or (step -1) to the left, are what
 * was that far away. */
static int same_run(const struct search *s, int x, int y, int n, int step, struct analysis_distance by)
{
	int run = 0;

	for (int ahead; run < n; run += ahead) {
		int at = x + run * step;

		ahead = min_int(n - run, TILE);
		if (is_same(s, step < 0 ? at + 1 - ahead : at, y, ahead, by))
			continue;
		while (is_same(s, at, y, 1, by)) {
			at += step;
			run++;
		}
		break;
	}
	return run;
}

/* The shortest such run of all rows of a rectangle. */
static int same_columns(const struct search *s, const struct analysis_rect *r, int x, int n, int step,
		struct analysis_distance by)
{
	for (int y = r->y; y < r->y + r->h && n > 0; y++)
		n = same_run(s, x, y, n, step, by);
	return n;
}

/* How many rows from y on, downwards or (step -1) upwards, are the same. */
static int same_rows(const struct search *s, const struct analysis_rect *r, int y, int n, int step,
		struct analysis_distance by)
{
	int rows = 0;

	while (rows < n && is_same(s, r->x, y + rows * step, r->w, by))
		rows++;
	return rows;
}

static const struct analysis_distance nowhere = { 0, 0 };

/* Takes in the columns on both sides that have moved along, leaves out those that have
 * not changed. A rectangle of tiles needs no more than a tile on each side. */
static void fit_columns(const struct search *s, struct analysis_rect *r, struct analysis_distance by)
{
	int left_room = min_int(min_int(r->x, r->x - by.dx), TILE);
	int right = r->x + r->w;
	int right_room = min_int(s->pair->w_px - max_int(right, right - by.dx), TILE);
	int cut;

	left_room = same_columns(s, r, r->x - 1, left_room, -1, by);
	right_room = same_columns(s, r, right, right_room, 1, by);
	r->x -= left_room;
	r->w += left_room + right_room;
	cut = same_columns(s, r, r->x, r->w, 1, nowhere);
	r->x += cut;
	r->w -= cut;
	r->w -= same_columns(s, r, r->x + r->w - 1, r->w, -1, nowhere);
}

/* The same for rows. */
static void fit_rows(const struct search *s, struct analysis_rect *r, struct analysis_distance by)
{
	int above_room = min_int(min_int(r->y, r->y - by.dy), TILE);
	int below = r->y + r->h;
	int below_room = min_int(s->pair->h_px - max_int(below, below - by.dy), TILE);
	int cut;

	above_room = same_rows(s, r, r->y - 1, above_room, -1, by);
	below_room = same_rows(s, r, below, below_room, 1, by);
	r->y -= above_room;
	r->h += above_room + below_room;
	cut = same_rows(s, r, r->y, r->h, 1, nowhere);
	r->y += cut;
	r->h -= cut;
	r->h -= same_rows(s, r, r->y + r->h - 1, r->h, -1, nowhere);
}

static bool overlap(const struct analysis_rect *a, const struct analysis_rect *b)
{
	return a->x < b->x + b->w && b->x < a->x + a->w && a->y < b->y + b->h && b->y < a->y + a->h;
}

/* Does `later` take something that `earlier` overwrites? */
static bool is_spoilt(const struct analysis_move *earlier, const struct analysis_move *later)
{
	struct analysis_rect from = { later->from_x, later->from_y, later->to.w, later->to.h };

	return overlap(&earlier->to, &from);
}

/* Puts a move in among the others where none spoils it and it spoils none. */
static bool place(struct search *s, const struct analysis_rect *to, struct analysis_distance by)
{
	struct analysis_move move = { *to, to->x - by.dx, to->y - by.dy };
	int at = s->count;

	for (; at >= 0; at--) {
		bool fits = true;

		for (int i = 0; i < s->count && fits; i++)
			fits = i < at ? !is_spoilt(&s->moves[i], &move) : !is_spoilt(&move, &s->moves[i]);
		if (fits)
			break;
	}
	if (at < 0)
		return false;
	memmove(s->moves + at + 1, s->moves + at, (size_t)(s->count - at) * sizeof *s->moves);
	s->moves[at] = move;
	s->count++;
	return true;
}

/* How many pixels from x, y on are covered by a move or, negative, are not. */
static int covered_span(const struct search *s, int x, int y, int right)
{
	int next = right;

	for (int i = 0; i < s->count; i++) {
		const struct analysis_rect *to = &s->moves[i].to;

		if (y < to->y || y >= to->y + to->h || x >= to->x + to->w)
			continue;
		if (x >= to->x)
			return min_int(to->x + to->w, right) - x;
		next = min_int(next, to->x);
	}
	return x - next;
}

/* Is what no move covers as it was before? */
static bool comes_right(const struct search *s, int tile)
{
	struct analysis_rect at = { tile % s->cols, tile / s->cols, 1, 1 };

	at = to_pixels(s, &at);
	for (int y = at.y; y < at.y + at.h; y++) {
		for (int x = at.x, n; x < at.x + at.w; x += abs(n)) {
			n = covered_span(s, x, y, at.x + at.w);
			if (n < 0 && !is_same(s, x, y, -n, nowhere))
				return false;
		}
	}
	return true;
}

static void clear_changed(struct search *s, const struct analysis_rect *to)
{
	for (int row = to->y / TILE; row * TILE < to->y + to->h; row++) {
		for (int col = to->x / TILE; col * TILE < to->x + to->w; col++) {
			int tile = row * s->cols + col;

			if (s->changed[tile] && comes_right(s, tile))
				s->changed[tile] = 0;
		}
	}
}

/* Tiles of a rectangle that cannot be moved: whether before or after another, one would
 * spoil the other. Or they were marked without a change. */
static void give_up(struct search *s, const struct analysis_rect *tiles, int k)
{
	for (int y = tiles->y; y < tiles->y + tiles->h; y++)
		for (int x = tiles->x; x < tiles->x + tiles->w; x++)
			s->mover->fits[y * s->cols + x] &= (uint8_t) ~(1 << k);
}

static void add_moves(struct search *s, int k)
{
	struct analysis_rect bounds = bounds_of_changes(s), tiles = { 0 };

	try_unchanged(s, &bounds, k);
	for (int i = 0; i < TRIES_MAX && s->count < s->max; i++) {
		struct analysis_rect rect;

		sum_gains(s, k);
		if (!best_rect(s, &bounds, k, &tiles))
			break;
		rect = to_pixels(s, &tiles);
		fit_columns(s, &rect, s->by[k]);
		fit_rows(s, &rect, s->by[k]);
		if (rect.w && rect.h && place(s, &rect, s->by[k]))
			clear_changed(s, &rect);
		else
			give_up(s, &tiles, k);
	}
}

int analysis_find_moves(const struct analysis_dsp *dsp, struct analysis_mover *mover,
		const struct analysis_pair *pair, uint8_t *changed, struct analysis_move *moves, int max)
{
	struct search s = { .dsp = dsp, .mover = mover, .pair = pair, .changed = changed, .moves = moves };
	unsigned done = 0;

	if (pair->w_px < 1 || pair->h_px < 1 || pair->w_px > ANALYSIS_SIDE_MAX_PX ||
			pair->h_px > ANALYSIS_SIDE_MAX_PX)
		return ERR_ARGUMENT;
	s.max = min_int(max, ANALYSIS_MOVES_MAX);
	s.cols = analysis_tiles_across(pair->w_px);
	s.rows = analysis_tiles_across(pair->h_px);
	s.distances = analysis_guess_distances(dsp, &mover->guess, pair, changed, s.by);
	try_changed(&s);
	for (int k; (k = best_distance(&s, done)) >= 0; done |= 1u << k)
		add_moves(&s, k);
	return s.count;
}
