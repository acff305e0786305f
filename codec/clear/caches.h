/* What a ClearCodec client keeps, [MS-RDPEGFX] 3.3.1.9 to 3.3.1.13. Pixels are XRGB8888
 * with X 0xFF. */
#ifndef CLEAR_CACHES_H
#define CLEAR_CACHES_H

#include "format.h"
#include <stdint.h>

struct clear_glyph {
	uint16_t count; /* pixels; 0 for never used */
	uint32_t px[CLEAR_GLYPH_MAX_PX];
};

struct clear_column {
	uint8_t count;
	uint32_t px[CLEAR_BAND_MAX_PX];
};

struct clear_caches {
	struct clear_glyph glyphs[CLEAR_GLYPHS];
	struct clear_column vbars[CLEAR_VBARS];
	struct clear_column shorts[CLEAR_SHORT_VBARS];
	uint16_t vbar_cursor, short_cursor;
};

#endif
