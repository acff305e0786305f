#include "pictures.h"
#include <string.h>

uint32_t picture_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	return *state ^= *state << 5;
}

static uint32_t text_pixel(uint32_t seed, int x, int y)
{
	int line = y / 14, column = x / 7;
	uint32_t glyph = seed + 77 * (uint32_t)line + (uint32_t)(column * column) % 23;
	uint32_t bits;

	if (y % 14 >= 9 || x % 7 == 6)
		return 0xffffff;
	glyph = (glyph % 17 + 1) * 2654435761u;
	picture_random(&glyph);
	bits = glyph ^ glyph << (y % 14) % 5 ^ glyph >> (y % 14);
	if (bits >> (x % 7) & 1)
		return line % 4 ? 0x202020 : 0x2040c0;
	return 0xffffff;
}

static uint32_t photo_pixel(uint32_t *state, int x, int y)
{
	uint32_t noise = picture_random(state);
	uint32_t r = (uint32_t)(x * 3 + y) + (noise & 3);
	uint32_t g = (uint32_t)(x + y * 2) + (noise >> 2 & 3);
	uint32_t b = (uint32_t)(x * y / 16) + (noise >> 4 & 3);

	return (r & 0xff) << 16 | (g & 0xff) << 8 | (b & 0xff);
}

static uint32_t flat_pixel(uint32_t seed, int x, int y)
{
	if (x > 9 && x < 30 && y > 4 && y < 20)
		return seed * 40503u & 0xffffff;
	return x % 50 == 49 ? 0x808080 : y > 40 ? 0 : 0xf0f0f0;
}

static uint32_t stripes_pixel(uint32_t *state, uint32_t last)
{
	static const uint32_t colours[] = { 0, 0xffffff, 0x3366cc, 0x3366cd };
	uint32_t number = picture_random(state);

	return number % 3 ? last : colours[number >> 8 & 3];
}

void picture_make(enum picture_kind kind, uint32_t seed, uint8_t *dst, size_t stride_bytes, int w, int h)
{
	uint32_t state = seed * 2654435761u | 1, px = 0;

	for (int y = 0; y < h; y++) {
		for (int x = 0; x < w; x++) {
			switch (kind) {
			case PICTURE_FLAT: px = flat_pixel(seed, x, y); break;
			case PICTURE_TEXT: px = text_pixel(seed, x, y); break;
			case PICTURE_PHOTO: px = photo_pixel(&state, x, y); break;
			case PICTURE_STRIPES: px = stripes_pixel(&state, px); break;
			default: px = picture_random(&state); break;
			}
			px = (px & 0xffffff) | picture_random(&state) << 24;
			memcpy(dst + (size_t)y * stride_bytes + 4 * (size_t)x, &px, 4);
			px &= 0xffffff;
		}
	}
}
