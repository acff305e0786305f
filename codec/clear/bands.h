/* The bands layer, [MS-RDPEGFX] 2.2.4.1.1.2: columns of text lines ("V-Bars") that the
 * client keeps, whole and cut to their ink. */
#ifndef CLEAR_BANDS_H
#define CLEAR_BANDS_H

#include "pixels.h"

struct clear_bands;

/* Owned, or NULL without memory. */
struct clear_bands *clear_bands_create(void);
void clear_bands_destroy(struct clear_bands *bands);

struct clear_bands_cost {
	int bytes; /* with what the caches hold now, apart from repeats inside the block */
	int worst; /* if nothing is found in the caches */
};

/* What clear_bands_put would write for the block, of at most 52 rows. Changes nothing. */
struct clear_bands_cost clear_bands_estimate(
		const struct clear_bands *bands, const struct pixels *block, uint32_t background);

/* Writes a CLEARCODEC_BAND for the block, whose top left is at x, y of the bitmap, and
 * follows the client's caches. */
void clear_bands_put(struct clear_bands *bands, const struct pixels *block, uint32_t background, int x, int y,
		struct writer *w);

#endif
