#include "shapes.h"

static void put_pixel(uint8_t *p, uint32_t rgb, uint32_t alpha)
{
	p[0] = (uint8_t)((rgb & 255) * alpha / 255);
	p[1] = (uint8_t)((rgb >> 8 & 255) * alpha / 255);
	p[2] = (uint8_t)((rgb >> 16 & 255) * alpha / 255);
	p[3] = (uint8_t)alpha;
}

/* A triangle that points to the top left, white rim, red to blue inside. */
static void arrow_pixel(uint8_t *p, uint32_t x, uint32_t y)
{
	uint32_t across = x * 2 > y ? x * 2 - y : y - x * 2; /* 0: on the middle line */
	uint32_t rim = y > x ? y - x : 0;

	if (x > y || x + y > 40 || across > 31)
		put_pixel(p, 0, 0);
	else if (rim < 2 || x < 2 || x + y > 38)
		put_pixel(p, 0xffffff, rim == 0 ? 128 : 255);
	else
		put_pixel(p, (255 - y * 8) << 16 | y * 8, 255);
}

/* A ring, so that its middle is transparent; green, softer to the outside. */
static void ring_pixel(uint8_t *p, int32_t x, int32_t y)
{
	int32_t square = x * x + y * y;

	if (square < 40 * 40 || square >= 64 * 64)
		put_pixel(p, 0, 0);
	else
		put_pixel(p, 0x20c040, (uint32_t)(64 * 64 - square) * 255 / (64 * 64 - 40 * 40));
}

void shape_draw(enum shape shape, struct link_cursor *cursor,
		uint8_t pixels[SHAPE_SIZE_MAX_PX * SHAPE_SIZE_MAX_PX * 4])
{
	uint32_t size = shape == SHAPE_LARGE ? 128 : 32;

	if (shape == SHAPE_HIDDEN) {
		*cursor = (struct link_cursor){ .hidden = 1 };
		return;
	}
	*cursor = (struct link_cursor){ .width_px = size, .height_px = size };
	cursor->hot_x = cursor->hot_y = shape == SHAPE_LARGE ? 64 : 0;
	for (uint32_t y = 0; y < size; y++) {
		for (uint32_t x = 0; x < size; x++) {
			uint8_t *p = pixels + ((size_t)y * size + x) * 4;

			if (shape == SHAPE_LARGE)
				ring_pixel(p, (int32_t)x - 64, (int32_t)y - 64);
			else
				arrow_pixel(p, x, y);
		}
	}
}
