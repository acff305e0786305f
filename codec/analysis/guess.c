/* How far has something moved? An anchor is a place with an edge whose surroundings,
 * made into a number, pass a test that few numbers pass: so the same places are anchors
 * before and after a movement, wherever it went. Anchors of the picture now are kept in a
 * table, those of the picture before are looked up there, and each pair votes for its
 * distance.
 *
 * Text repeats itself: on a page of C headers nearly every anchor is there several times
 * (104 of 105 were, measured on `less`). So a repeated anchor is no reason to drop it: it
 * votes for all its distances, for each the less the more there are, and only the true
 * one adds up. What is repeated more often than a bucket holds is a pattern and says
 * nothing. Votes only decide what is tried, so mistakes cost time and nothing else.
 *
 * Few tiles are enough to know where things went, so the table is made from some of the
 * tiles; but they may have come from anywhere, so all are looked up. */
#include "moves.h"
#include <string.h>

enum {
	TILE = ANALYSIS_TILE_PX,
	SPAN_PX = TILE + ANALYSIS_ANCHOR_W_PX - 1, /* what a row of places reads */
	TABLE_TILES_MAX = 64,
	RARE_BITS = 4, /* one place in 16 */
	FEW_TILES = 16,
	FEW_RARE_BITS = 2,        /* one in 4, for a little text may be all there is */
	ANCHORS_WANTED = 1024,    /* looked up, of those in the table; more: rarer places */
	VOTES_MAX = 1 << 16,      /* more only cost time */
	WEIGHT = ANALYSIS_BUCKET, /* of an anchor that is there once */
};

static unsigned bucket_of(uint32_t number)
{
	return number * 0x9e3779b1 >> (32 - ANALYSIS_BUCKETS_BITS);
}

/* How many anchors of a bucket have this number. */
static int count_same(const struct analysis_anchor *bucket, int count, uint32_t number)
{
	int same = 0;

	for (int i = 0; i < count; i++)
		same += bucket[i].number == number;
	return same;
}

static void keep_anchor(struct analysis_guess *guess, uint32_t number, int x, int y)
{
	unsigned bucket = bucket_of(number);
	struct analysis_anchor *anchors = guess->anchors[bucket];
	uint8_t *count = &guess->counts[bucket];

	guess->anchor_count++;
	if (*count < ANALYSIS_BUCKET)
		anchors[(*count)++] = (struct analysis_anchor){ number, (uint16_t)x, (uint16_t)y };
	else if (*count == ANALYSIS_BUCKET && count_same(anchors, *count, number) == ANALYSIS_BUCKET)
		++*count;
}

/* The most frequent distances stay, whatever the order: a vote that finds no room weakens
 * those that are in its way (Misra and Gries). */
static void vote(struct analysis_guess *guess, int dx, int dy, int weight)
{
	uint32_t hash = (uint32_t)dx * 0x9e3779b1 ^ (uint32_t)dy * 0x85ebca6b;
	struct analysis_vote *votes = guess->votes[hash * 0xc2b2ae35 >> (32 - ANALYSIS_BALLOTS_BITS)];
	struct analysis_vote *free = NULL;

	guess->vote_count++;
	for (int i = 0; i < ANALYSIS_BALLOT; i++) {
		if (votes[i].weight <= 0) {
			free = &votes[i];
		} else if (votes[i].by.dx == dx && votes[i].by.dy == dy) {
			votes[i].weight += weight;
			return;
		}
	}
	if (free) {
		*free = (struct analysis_vote){ { dx, dy }, weight };
		return;
	}
	for (int i = 0; i < ANALYSIS_BALLOT; i++)
		votes[i].weight -= weight;
}

static void look_up(struct analysis_guess *guess, uint32_t number, int x, int y)
{
	unsigned bucket = bucket_of(number);
	const struct analysis_anchor *anchors = guess->anchors[bucket];
	int count = guess->counts[bucket], same;

	if (count > ANALYSIS_BUCKET || guess->vote_count >= VOTES_MAX)
		return;
	same = count_same(anchors, count, number);
	for (int i = 0; same && i < count; i++)
		if (anchors[i].number == number && (anchors[i].x != x || anchors[i].y != y))
			vote(guess, anchors[i].x - x, anchors[i].y - y, WEIGHT / same);
}

typedef void on_anchor(struct analysis_guess *guess, uint32_t number, int x, int y);

/* A picture and how its anchors are wanted. */
struct scan {
	const struct analysis_dsp *dsp;
	struct analysis_guess *guess;
	const uint8_t *picture;
	ptrdiff_t stride_bytes;
	int w_px, h_px;
	int rare_bits;
	on_anchor *found;
};

/* One row of the places of a tile; `top` is where they start to count. */
static void scan_places(const struct scan *scan, uint32_t *numbers, int x, int y, bool counts)
{
	/* At the right edge the places start further left, for nothing to be read beyond; those
	 * of the tile before are left out then. */
	int first = x + SPAN_PX <= scan->w_px ? x : scan->w_px - SPAN_PX;
	uint64_t anchors = scan->dsp->anchor_row(
			numbers, scan->picture + y * scan->stride_bytes + 4 * first, scan->rare_bits);

	if (!counts || x - first >= TILE)
		return;
	anchors &= UINT64_MAX << (x - first);
	for (; anchors; anchors &= anchors - 1) {
		int i = __builtin_ctzll(anchors);

		scan->found(scan->guess, numbers[i], first + i, y);
	}
}

/* Neighbouring tiles together, row by row: memory likes that better than tiles. The
 * numbers of the first row need the rows above. */
static void scan_tiles(const struct scan *scan, int col, int row, int tiles)
{
	int top = row * TILE < ANALYSIS_ANCHOR_H_PX - 1 ? ANALYSIS_ANCHOR_H_PX - 1 : row * TILE;
	int bottom = scan->h_px - row * TILE < TILE ? scan->h_px : (row + 1) * TILE;

	for (int y = top - (ANALYSIS_ANCHOR_H_PX - 1); y < bottom; y++)
		for (int i = 0; i < tiles; i++)
			scan_places(scan, scan->guess->numbers + i * TILE, (col + i) * TILE, y, y >= top);
}

static bool is_chosen(const uint8_t *changed, int tile, unsigned every)
{
	return changed[tile] && ((uint32_t)tile * 0x9e3779b1 >> 16) % every == 0;
}

/* Every so many of the changed tiles; the choice has no pattern that a movement could
 * miss. */
static void scan_changed(const struct scan *scan, const uint8_t *changed, unsigned every)
{
	int cols = analysis_tiles_across(scan->w_px), rows = analysis_tiles_across(scan->h_px);

	for (int row = 0; row < rows; row++) {
		for (int col = 0; col < cols; col++) {
			int first = col;

			while (col < cols && is_chosen(changed, row * cols + col, every))
				col++;
			if (col > first)
				scan_tiles(scan, first, row, col - first);
		}
	}
}

static int count_changed(const uint8_t *changed, int tiles)
{
	int count = 0;

	for (int i = 0; i < tiles; i++)
		count += changed[i] != 0;
	return count;
}

static void collect_votes(const struct analysis_dsp *dsp, struct analysis_guess *guess,
		const struct analysis_pair *pair, const uint8_t *changed)
{
	int tiles = analysis_tiles_across(pair->w_px) * analysis_tiles_across(pair->h_px);
	int count = count_changed(changed, tiles);
	struct scan scan = { dsp, guess, pair->now, pair->now_stride_bytes, pair->w_px, pair->h_px,
		count > FEW_TILES ? RARE_BITS : FEW_RARE_BITS, keep_anchor };

	scan_changed(&scan, changed, 1 + (unsigned)count / TABLE_TILES_MAX);
	for (; guess->anchor_count > ANCHORS_WANTED; guess->anchor_count /= 2)
		scan.rare_bits++;
	scan.picture = pair->before;
	scan.stride_bytes = pair->before_stride_bytes;
	scan.found = look_up;
	if (guess->anchor_count)
		scan_changed(&scan, changed, 1);
}

/* Puts a vote among the heaviest. Returns their number. */
static int rank(struct analysis_vote best[ANALYSIS_DISTANCES_MAX], int count,
		const struct analysis_vote *vote)
{
	int at = count;

	for (; at > 0 && best[at - 1].weight < vote->weight; at--)
		if (at < ANALYSIS_DISTANCES_MAX)
			best[at] = best[at - 1];
	if (at < ANALYSIS_DISTANCES_MAX)
		best[at] = *vote;
	return count < ANALYSIS_DISTANCES_MAX ? count + 1 : count;
}

int analysis_guess_distances(const struct analysis_dsp *dsp, struct analysis_guess *guess,
		const struct analysis_pair *pair, const uint8_t *changed,
		struct analysis_distance by[ANALYSIS_DISTANCES_MAX])
{
	struct analysis_vote best[ANALYSIS_DISTANCES_MAX];
	int count = 0;

	if (pair->w_px < SPAN_PX || pair->h_px < ANALYSIS_ANCHOR_H_PX)
		return 0;
	memset(guess->counts, 0, sizeof guess->counts);
	memset(guess->votes, 0, sizeof guess->votes);
	guess->anchor_count = guess->vote_count = 0;
	collect_votes(dsp, guess, pair, changed);
	for (int i = 0; i < 1 << ANALYSIS_BALLOTS_BITS; i++)
		for (int j = 0; j < ANALYSIS_BALLOT; j++)
			if (guess->votes[i][j].weight >= WEIGHT)
				count = rank(best, count, &guess->votes[i][j]);
	for (int i = 0; i < count; i++)
		by[i] = best[i].by;
	return count;
}
