/* Made-up screens with text on them, SCREEN_W x SCREEN_H, XRGB8888. */
#ifndef TESTS_SCREEN_H
#define TESTS_SCREEN_H

#include <codec/analysis.h>
#include <stdint.h>

enum { SCREEN_W = 1000, SCREEN_H = 700, SCREEN_STRIDE = SCREEN_W * 4 };

enum screen_style {
	SCREEN_WORDS,   /* lines of a few words from a small vocabulary */
	SCREEN_BLOCKS,  /* the same seven lines again and again; one word is new in every other block */
	SCREEN_LISTING, /* long lines with equal beginnings, as `ls -l` prints */
};

/* An endless text in 6x13 letters, 19 pixels a line, the same for the same seed. */
struct screen_text {
	uint32_t seed;
	uint32_t blank_percent; /* of the lines */
	enum screen_style style;
};

void screen_clear(uint8_t *screen);

void screen_fill(uint8_t *screen, const struct analysis_rect *r, uint32_t colour);

/* Fills a part of the screen with the part of the text that is x, y pixels away from the
 * text's top left. */
void screen_draw_text(
		uint8_t *screen, const struct analysis_rect *r, const struct screen_text *text, int x, int y);

/* Copies a part of one screen to x, y of another or itself. */
void screen_copy(uint8_t *dst, int x, int y, const uint8_t *src, const struct analysis_rect *from);

#endif
