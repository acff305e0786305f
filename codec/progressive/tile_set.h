/* Tiles of a surface, a bit each. */
#ifndef PROGRESSIVE_TILE_SET_H
#define PROGRESSIVE_TILE_SET_H

#include <codec/rfx.h>

#define TILE_SET_SIDE  (RFX_SIZE_MAX / RFX_TILE_SIZE)
#define TILE_SET_WORDS (TILE_SET_SIDE / 64)

struct tile_set {
	uint64_t rows[TILE_SET_SIDE][TILE_SET_WORDS];
};

void tile_set_add(struct tile_set *set, int x_tile, int y_tile);

/* Every tile in which the rectangle has a pixel; what is outside of the largest
 * surface does not count. Takes a few instructions for each row of tiles. */
void tile_set_add_rect(struct tile_set *set, const struct rfx_rect *rect);

#endif
