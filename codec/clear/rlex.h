/* The RLEX scheme of the subcodecs layer, [MS-RDPEGFX] 2.2.4.1.1.3.1.1: a palette, then
 * runs of one index followed by indices that count up. */
#ifndef CLEAR_RLEX_H
#define CLEAR_RLEX_H

#include "format.h"
#include "pixels.h"
#include <stdbool.h>

struct clear_palette {
	int count;
	uint32_t colours[CLEAR_PALETTE_MAX];
	uint8_t places[512]; /* hash to index + 1 */
};

/* The colours of the block, sorted, so that the same pixels become the same bytes and
 * ZGFX finds them again. Returns false if there are too many. */
bool clear_palette_make(struct clear_palette *palette, const struct pixels *block);

/* Bytes that clear_rlex_put would write. */
int clear_rlex_estimate(const struct clear_palette *palette, const struct pixels *block);

/* CLEARCODEC_SUBCODEC_RLEX */
void clear_rlex_put(const struct clear_palette *palette, const struct pixels *block, struct writer *w);

#endif
