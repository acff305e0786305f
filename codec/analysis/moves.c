/* Scrolling and dragging. Anchors are places that their surroundings single out; those of
 * the picture before are kept in a table, those of the picture now are looked up, and
 * each pair votes for a distance. The distances with most votes are then tried on every
 * changed tile, pixel by pixel: votes only decide what is tried, never what is sent. */
#include <codec/analysis.h>
#include <stdlib.h>
#include <string.h>

enum {
	TILE = ANALYSIS_TILE_PX,
	TABLE_BITS = 12,
	VOTES_BITS = 10,
	VOTES_MIN = 6,
	TILES_MAX = 96,    /* that are looked at for anchors; more would only cost time */
	CANDIDATES = 3,    /* distances that are tried */
	ANCHOR_SHIFT = 26, /* one place in 64 is an anchor */
};

struct anchor {
	uint32_t hash; /* 0: free */
	uint16_t x, y;
	bool twice; /* seen at several places: no anchor */
};

struct vote {
	int dx, dy, count;
};

struct analysis_mover {
	struct anchor anchors[1 << TABLE_BITS];
	struct vote votes[1 << VOTES_BITS];
};

struct analysis_mover *analysis_mover_create(void)
{
	return calloc(1, sizeof(struct analysis_mover));
}

void analysis_mover_destroy(struct analysis_mover *mover)
{
	free(mover);
}

static void keep_anchor(struct analysis_mover *mover, uint32_t hash, int x, int y)
{
	struct anchor *a = &mover->anchors[hash * 0x9e3779b1 >> (32 - TABLE_BITS)];

	if (a->hash == hash && (a->x != x || a->y != y))
		a->twice = true;
	else if (!a->hash)
		*a = (struct anchor){ hash, (uint16_t)x, (uint16_t)y, false };
}

static void vote(struct analysis_mover *mover, uint32_t hash, int x, int y)
{
	const struct anchor *a = &mover->anchors[hash * 0x9e3779b1 >> (32 - TABLE_BITS)];
	int dx = x - a->x, dy = y - a->y;
	struct vote *v;

	if (a->hash != hash || a->twice || (!dx && !dy))
		return;
	v = &mover->votes[((uint32_t)dx * 0x9e3779b1 ^ (uint32_t)dy * 0x85ebca6b) >> (32 - VOTES_BITS)];
	if (v->count && (v->dx != dx || v->dy != dy)) {
		v->count--; /* the more frequent one stays */
		return;
	}
	v->dx = dx;
	v->dy = dy;
	v->count++;
}

/* Flat places all look alike; where the first two pixels differ there is an edge. */
static void find_anchors(struct analysis_mover *mover, const uint32_t hashes[TILE], const uint8_t *row, int x,
		int y, void (*found)(struct analysis_mover *, uint32_t hash, int x, int y))
{
	for (int i = 0; i < TILE; i++) {
		const uint8_t *px = row + 4 * i;

		if (hashes[i] * 0x2c1b3c6d >> ANCHOR_SHIFT || !hashes[i])
			continue;
		if (px[0] != px[4] || px[1] != px[5] || px[2] != px[6])
			found(mover, hashes[i], x + i, y);
	}
}

static void scan_tile(const struct analysis_dsp *dsp, struct analysis_mover *mover, const uint8_t *picture,
		ptrdiff_t stride_bytes, const struct analysis_rect *tile,
		void (*found)(struct analysis_mover *, uint32_t hash, int x, int y))
{
	uint32_t state[TILE] = { 0 }, oldest[ANALYSIS_ANCHOR_H_PX][TILE] = { 0 };
	const uint8_t *at = picture + tile->y * stride_bytes + 4 * tile->x;

	for (int y = 0; y < tile->h + ANALYSIS_ANCHOR_H_PX - 1; y++) {
		int top = y - (ANALYSIS_ANCHOR_H_PX - 1);

		dsp->anchor_row(state, oldest[y % ANALYSIS_ANCHOR_H_PX], at + y * stride_bytes);
		if (top >= 0)
			find_anchors(mover, state, at + top * stride_bytes, tile->x, tile->y + top, found);
	}
}

static int count_changed(const uint8_t *changed, int tiles)
{
	int count = 0;

	for (int i = 0; i < tiles; i++)
		count += changed[i] != 0;
	return count;
}

/* All anchors of some of the changed tiles, whose surroundings must be in the picture.
 * The choice has no pattern that a movement by whole tiles could miss. */
static void scan_changed(const struct analysis_dsp *dsp, struct analysis_mover *mover,
		const struct analysis_pair *pair, const uint8_t *changed, bool now)
{
	int cols = analysis_tiles_across(pair->w_px), rows = analysis_tiles_across(pair->h_px);
	unsigned every = 1 + (unsigned)count_changed(changed, cols * rows) / TILES_MAX;

	for (int i = 0; i < cols * rows; i++) {
		struct analysis_rect tile = { i % cols * TILE, i / cols * TILE, TILE, TILE };

		if (!changed[i] || ((uint32_t)i * 0x9e3779b1 >> 16) % every ||
				tile.x + TILE + ANALYSIS_ANCHOR_W_PX > pair->w_px)
			continue;
		if (tile.h > pair->h_px - ANALYSIS_ANCHOR_H_PX - tile.y)
			tile.h = pair->h_px - ANALYSIS_ANCHOR_H_PX - tile.y;
		if (now)
			scan_tile(dsp, mover, pair->now, pair->now_stride_bytes, &tile, vote);
		else
			scan_tile(dsp, mover, pair->before, pair->before_stride_bytes, &tile, keep_anchor);
	}
}

/* Takes the distance with most votes out of the ballot. */
static bool next_candidate(struct analysis_mover *mover, struct vote *best)
{
	struct vote *most = &mover->votes[0];

	for (int i = 1; i < 1 << VOTES_BITS; i++) {
		if (mover->votes[i].count > most->count)
			most = &mover->votes[i];
	}
	*best = *most;
	most->count = 0;
	return best->count >= VOTES_MIN;
}

static bool tile_moved(const struct analysis_dsp *dsp, const struct analysis_pair *pair, int col, int row,
		const struct vote *by)
{
	int x = col * TILE, y = row * TILE;
	int w = pair->w_px - x < TILE ? pair->w_px - x : TILE;
	int h = pair->h_px - y < TILE ? pair->h_px - y : TILE;
	int from_x = x - by->dx, from_y = y - by->dy;

	if (from_x < 0 || from_y < 0 || from_x + w > pair->w_px || from_y + h > pair->h_px)
		return false;
	for (int i = 0; i < h; i++) {
		if (dsp->differs(pair->now + (y + i) * pair->now_stride_bytes + 4 * x,
				    pair->before + (from_y + i) * pair->before_stride_bytes + 4 * from_x, w))
			return false;
	}
	return true;
}

static bool overlap(const struct analysis_rect *a, const struct analysis_rect *b)
{
	return a->x < b->x + b->w && b->x < a->x + a->w && a->y < b->y + b->h && b->y < a->y + a->h;
}

/* Would an earlier move have overwritten what this one takes? */
static bool is_spoilt(const struct analysis_move *moves, int count, const struct analysis_move *move)
{
	struct analysis_rect from = { move->from_x, move->from_y, move->to.w, move->to.h };

	for (int i = 0; i < count; i++) {
		if (overlap(&moves[i].to, &from))
			return true;
	}
	return false;
}

/* Tiles in the order of a movement: the foremost come first, so that a move seldom
 * overwrites what a later one needs. */
struct walk {
	const struct analysis_dsp *dsp;
	const struct analysis_pair *pair;
	uint8_t *changed;
	const struct vote *by;
	int cols, rows;
	bool from_right, from_bottom;
};

static int walk_tile(const struct walk *walk, int col, int row)
{
	if (walk->from_right)
		col = walk->cols - 1 - col;
	if (walk->from_bottom)
		row = walk->rows - 1 - row;
	return row * walk->cols + col;
}

static bool walk_moved(const struct walk *walk, int col, int row)
{
	int tile;

	if (col >= walk->cols || row >= walk->rows)
		return false;
	tile = walk_tile(walk, col, row);
	return walk->changed[tile] &&
			tile_moved(walk->dsp, walk->pair, tile % walk->cols, tile / walk->cols, walk->by);
}

/* A large rectangle of tiles that have moved: along the row first, then as many rows as
 * are alike. In tiles of the picture. */
static struct analysis_rect grow(const struct walk *walk, int col, int row)
{
	int w = 1, h = 0, i = 0;
	int first, last;

	while (walk_moved(walk, col + w, row))
		w++;
	do {
		h++;
		for (i = 0; i < w && walk_moved(walk, col + i, row + h);)
			i++;
	} while (i == w);
	first = walk_tile(walk, col, row);
	last = walk_tile(walk, col + w - 1, row + h - 1);
	return (struct analysis_rect){
		(walk->from_right ? last : first) % walk->cols,
		(walk->from_bottom ? last : first) / walk->cols,
		w,
		h,
	};
}

static struct analysis_move make_move(
		const struct analysis_pair *pair, const struct analysis_rect *tiles, const struct vote *by)
{
	struct analysis_rect to = { tiles->x * TILE, tiles->y * TILE, tiles->w * TILE, tiles->h * TILE };

	if (to.w > pair->w_px - to.x)
		to.w = pair->w_px - to.x;
	if (to.h > pair->h_px - to.y)
		to.h = pair->h_px - to.y;
	return (struct analysis_move){ to, to.x - by->dx, to.y - by->dy };
}

static int add_moves(const struct walk *walk, struct analysis_move *moves, int count, int max)
{
	for (int i = 0; i < walk->cols * walk->rows && count < max; i++) {
		struct analysis_rect tiles;
		struct analysis_move move;

		if (!walk_moved(walk, i % walk->cols, i / walk->cols))
			continue;
		tiles = grow(walk, i % walk->cols, i / walk->cols);
		move = make_move(walk->pair, &tiles, walk->by);
		if (is_spoilt(moves, count, &move))
			continue;
		moves[count++] = move;
		for (int y = 0; y < tiles.h; y++)
			memset(walk->changed + (tiles.y + y) * walk->cols + tiles.x, 0, (size_t)tiles.w);
	}
	return count;
}

int analysis_find_moves(const struct analysis_dsp *dsp, struct analysis_mover *mover,
		const struct analysis_pair *pair, uint8_t *changed, struct analysis_move *moves, int max)
{
	struct vote by;
	int count = 0;

	if (pair->w_px < 1 || pair->h_px < 1 || pair->w_px > ANALYSIS_SIDE_MAX_PX ||
			pair->h_px > ANALYSIS_SIDE_MAX_PX)
		return ERR_ARGUMENT;
	memset(mover, 0, sizeof *mover);
	scan_changed(dsp, mover, pair, changed, false);
	scan_changed(dsp, mover, pair, changed, true);
	for (int i = 0; i < CANDIDATES && next_candidate(mover, &by); i++) {
		struct walk walk = { dsp, pair, changed, &by, analysis_tiles_across(pair->w_px),
			analysis_tiles_across(pair->h_px), by.dx > 0, by.dy > 0 };

		count = add_moves(&walk, moves, count, max);
	}
	return count;
}
