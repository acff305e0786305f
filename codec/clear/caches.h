/* What a ClearCodec client keeps, [MS-RDPEGFX] 3.3.1.9 to 3.3.1.13. Pixels are XRGB8888
 * with X 0xFF. Memory is taken as the caches fill: 26 MiB when all is full, 32 KiB at
 * first, since most sessions use little of it. */
#ifndef CLEAR_CACHES_H
#define CLEAR_CACHES_H

#include "format.h"
#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

struct clear_glyph {
	int count; /* pixels */
	uint32_t px[];
};

struct clear_column {
	uint8_t count;
	uint32_t px[CLEAR_BAND_MAX_PX];
};

/* A ring of columns: places below `stored` hold one, the next one goes to `cursor`. */
struct clear_columns {
	struct clear_column *of;
	int stored, room, cursor;
};

struct clear_caches {
	struct clear_glyph *glyphs[CLEAR_GLYPHS]; /* NULL: never used */
	struct clear_columns vbars, shorts;
};

/* Caches of zeros are empty. */
void clear_caches_finish(struct clear_caches *caches);

/* The place of the next column in a ring of max, or NULL without memory. It holds the
 * column that it replaces, or anything; pointers into the ring are no longer valid. */
struct clear_column *clear_columns_next(struct clear_columns *columns, int max);

/* The column at this place, or NULL if there never was one */
static inline const struct clear_column *clear_columns_get(const struct clear_columns *columns, int place)
{
	return place < columns->stored ? &columns->of[place] : NULL;
}

/* Makes room for count pixels in a glyph's place. Returns it, or NULL without memory. */
struct clear_glyph *clear_glyph_replace(struct clear_caches *caches, int place, int count);

#endif
