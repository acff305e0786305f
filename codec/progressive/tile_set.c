#include "tile_set.h"

void tile_set_add(struct tile_set *set, int x_tile, int y_tile)
{
	set->rows[y_tile][x_tile / 64] |= 1ull << (x_tile % 64);
}

/* The bits of a word of columns (64 of them, from first) that lie in left..right - 1 */
static uint64_t columns(int first, int left, int right)
{
	int from = left > first ? left - first : 0, to = right - first;

	if (from >= 64 || to <= from)
		return 0;
	return (to >= 64 ? ~0ull : (1ull << to) - 1) & ~0ull << from;
}

void tile_set_add_rect(struct tile_set *set, const struct rfx_rect *rect)
{
	int left = rect->x / RFX_TILE_SIZE, right = (rect->x + rect->w + RFX_TILE_SIZE - 1) / RFX_TILE_SIZE;
	int top = rect->y / RFX_TILE_SIZE, bottom = (rect->y + rect->h + RFX_TILE_SIZE - 1) / RFX_TILE_SIZE;

	uint64_t row[TILE_SET_WORDS];

	if (rect->w == 0 || rect->h == 0)
		return;
	for (int i = 0; i < TILE_SET_WORDS; i++)
		row[i] = columns(64 * i, left, right);
	for (int y = top; y < bottom && y < TILE_SET_SIDE; y++)
		for (int i = 0; i < TILE_SET_WORDS; i++)
			set->rows[y][i] |= row[i];
}
