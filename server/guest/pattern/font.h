/* A small bitmap font for the text in the test picture. */
#ifndef SERVER_GUEST_PATTERN_FONT_H
#define SERVER_GUEST_PATTERN_FONT_H

#include <stdint.h>

enum {
	FONT_WIDTH_PX = 5,
	FONT_HEIGHT_PX = 7,
	FONT_ADVANCE_PX = 6,
	FONT_LINE_PX = 10,
};

/* Seven rows from the top, the leftmost pixel is bit 4. Letters, digits, a few
 * marks; anything else is blank. */
const uint8_t *font_glyph(char c);

#endif
