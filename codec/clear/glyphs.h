/* The glyph cache, [MS-RDPEGFX] 2.2.4.1 glyphIndex: small pictures that the client
 * keeps. Of its 4000 places we use the first ones, to save memory. */
#ifndef CLEAR_GLYPHS_H
#define CLEAR_GLYPHS_H

#include "pixels.h"
#include <stdbool.h>

struct clear_glyphs;

/* Owned, or NULL without memory. */
struct clear_glyphs *clear_glyphs_create(void);
void clear_glyphs_destroy(struct clear_glyphs *glyphs);

/* The place of this picture (at most 1024 pixels); *hit tells whether it was there or
 * has just been put there, as the client must now do. */
int clear_glyphs_place(struct clear_glyphs *glyphs, const struct pixels *pic, bool *hit);

#endif
