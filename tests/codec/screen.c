#include "screen.h"
#include <stdlib.h>
#include <string.h>

enum {
	LETTER_W = 6,
	LETTER_H = 13,
	LINE_H = 19,
	VOCABULARY = 40,
	BLOCK_LINES = 7,
	ID_AT = 20,
	ID_LETTERS = 8
};

static uint32_t mix(uint32_t v)
{
	v = (v ^ v >> 16) * 0x7feb352d;
	v = (v ^ v >> 15) * 0x846ca68b;
	return v ^ v >> 16;
}

/* The letter at a column of a line of words; 0: none. */
static uint32_t word_letter(uint32_t line, int column)
{
	uint32_t indent = line % 4 * 4, words = 1 + line / 4 % 9;
	uint32_t at = (uint32_t)column - indent, word;

	if ((uint32_t)column < indent || at / 8 >= words || at % 8 > 2 + line % 5)
		return 0;
	word = mix(line + at / 8) % VOCABULARY;
	return 1 + mix(word * 8 + at % 8) % 26;
}

static uint32_t letter(const struct screen_text *text, int line, int column)
{
	uint32_t random = mix(text->seed * 77777 + (uint32_t)line);

	if (column < 0 || column >= 500 || random % 100 < text->blank_percent)
		return 0;
	if (column >= ID_AT && column < ID_AT + ID_LETTERS && line % BLOCK_LINES == 2)
		return 1 + mix(text->seed + (uint32_t)(line / BLOCK_LINES / 2 * 100 + column)) % 26;
	if (text->style == SCREEN_BLOCKS)
		return word_letter(mix((uint32_t)(line % BLOCK_LINES)), column);
	if (text->style == SCREEN_LISTING && column >= ID_AT + ID_LETTERS)
		return column < 90 ? 1 + mix(random + (uint32_t)column) % 26 : 0;
	if (text->style == SCREEN_LISTING)
		return 1 + mix((uint32_t)column) % 26;
	return word_letter(random, column);
}

static uint32_t text_pixel(const struct screen_text *text, int x, int y)
{
	int row = y % LINE_H, at = x % LETTER_W;
	uint32_t which = letter(text, y / LINE_H, x / LETTER_W);

	if (!which || row < 2 || row >= LETTER_H - 2 || at == LETTER_W - 1)
		return 0xffffff;
	return mix(which * 64 + (uint32_t)row / 2) >> at & 1 ? 0x000000 : 0xffffff;
}

static void set_pixel(uint8_t *screen, int x, int y, uint32_t colour)
{
	memcpy(screen + y * SCREEN_STRIDE + 4 * x, &colour, 4);
}

void screen_fill(uint8_t *screen, const struct analysis_rect *r, uint32_t colour)
{
	for (int y = r->y; y < r->y + r->h; y++)
		for (int x = r->x; x < r->x + r->w; x++)
			set_pixel(screen, x, y, colour);
}

void screen_clear(uint8_t *screen)
{
	screen_fill(screen, &(struct analysis_rect){ 0, 0, SCREEN_W, SCREEN_H }, 0xffffff);
}

void screen_draw_text(
		uint8_t *screen, const struct analysis_rect *r, const struct screen_text *text, int x, int y)
{
	for (int i = 0; i < r->h; i++)
		for (int j = 0; j < r->w; j++)
			set_pixel(screen, r->x + j, r->y + i, text_pixel(text, x + j, y + i));
}

void screen_copy(uint8_t *dst, int x, int y, const uint8_t *src, const struct analysis_rect *from)
{
	size_t row = (size_t)from->w * 4;
	uint8_t *block = malloc(row * (size_t)from->h);

	for (int i = 0; i < from->h; i++)
		memcpy(block + (size_t)i * row, src + (from->y + i) * SCREEN_STRIDE + from->x * 4, row);
	for (int i = 0; i < from->h; i++)
		memcpy(dst + (y + i) * SCREEN_STRIDE + x * 4, block + (size_t)i * row, row);
	free(block);
}
