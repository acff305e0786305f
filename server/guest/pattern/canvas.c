#include "canvas.h"
#include "font.h"

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

struct area canvas_clip(const struct canvas *canvas, struct area area)
{
	if (area.x >= canvas->width_px || area.y >= canvas->height_px)
		return (struct area){ 0 };
	area.width_px = min_u32(area.width_px, canvas->width_px - area.x);
	area.height_px = min_u32(area.height_px, canvas->height_px - area.y);
	return area;
}

void canvas_fill(struct canvas *canvas, struct area area, uint32_t colour)
{
	area = canvas_clip(canvas, area);
	for (uint32_t y = area.y; y < area.y + area.height_px; y++) {
		uint32_t *row = canvas->pixels + (uint64_t)y * canvas->width_px;

		for (uint32_t x = area.x; x < area.x + area.width_px; x++)
			row[x] = colour;
	}
}

void canvas_frame(struct canvas *canvas, struct area area, uint32_t width_px, uint32_t colour)
{
	uint32_t w = min_u32(width_px, min_u32(area.width_px, area.height_px));
	uint32_t right = area.x + area.width_px - w, bottom = area.y + area.height_px - w;

	canvas_fill(canvas, (struct area){ area.x, area.y, area.width_px, w }, colour);
	canvas_fill(canvas, (struct area){ area.x, bottom, area.width_px, w }, colour);
	canvas_fill(canvas, (struct area){ area.x, area.y, w, area.height_px }, colour);
	canvas_fill(canvas, (struct area){ right, area.y, w, area.height_px }, colour);
}

void canvas_glyph(struct canvas *canvas, uint32_t x, uint32_t y, char c, uint32_t scale, uint32_t colour)
{
	const uint8_t *rows = font_glyph(c);

	for (uint32_t row = 0; row < FONT_HEIGHT_PX; row++) {
		for (uint32_t column = 0; column < FONT_WIDTH_PX; column++) {
			struct area dot = { x + column * scale, y + row * scale, scale, scale };

			if (rows[row] >> (FONT_WIDTH_PX - 1 - column) & 1)
				canvas_fill(canvas, dot, colour);
		}
	}
}
