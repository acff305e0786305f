#include "scene.h"
#include "font.h"
#include "photo.h"
#include <string.h>

enum {
	TILE_PX = 64, /* areas start at tiles, so that a tile holds one kind of content */
	BORDER_PX = 2,
	NUMBER_SCALE = 8,
	MARGIN_PX = 8,
};

static const char *const words[] = { "oriel", "Window", "house", "Street", "light", "remote", "desk",
	"(3389)", "pixel", "tile:", "frame", "RDP", "the", "of", "and", "a", "is", "to", "Morning", "grass;",
	"1920-1080", "x = 42", "letter", "quick", "Fox", "jumps", "over", "lazy", "dog.", "Bay", "glass",
	"view,", "open", "Key", "Unit", "Zebra", "Julia", "Victor", "Y2026", "57.6", "QWERTZ", "Echo",
	"Hotel", "Line", "India", "Papa", "North", "Mike" };

static uint32_t chance(uint32_t *state)
{
	*state += 0x9e3779b9;
	return hash_u32(*state);
}

/* One line of words from area.x on. */
static void text_line(
		struct canvas *canvas, struct area area, uint32_t scale, uint32_t colour, uint32_t *state)
{
	uint32_t advance = FONT_ADVANCE_PX * scale, x = area.x;
	uint32_t end = area.x + area.width_px;

	for (;;) {
		const char *word = words[chance(state) % (sizeof words / sizeof *words)];
		uint32_t len = (uint32_t)strlen(word) * advance;

		if (x + len > end)
			return;
		for (; *word; word++, x += advance)
			canvas_glyph(canvas, x, area.y, *word, scale, colour);
		x += advance;
	}
}

static void text_page(struct canvas *canvas, struct area area, uint32_t paper, const uint32_t inks[4],
		uint32_t seed)
{
	uint32_t state = seed, bottom = area.y + area.height_px, line = 0;

	canvas_fill(canvas, area, paper);
	for (uint32_t y = area.y + MARGIN_PX;; line++) {
		uint32_t scale = line % 8 == 0 ? 2 : 1;
		struct area place = { area.x + MARGIN_PX, y, 0, 0 };

		y += FONT_LINE_PX * scale;
		if (y > bottom || area.width_px < 2 * MARGIN_PX)
			return;
		place.width_px = area.width_px - 2 * MARGIN_PX;
		text_line(canvas, place, scale, inks[line % 4], &state);
	}
}

/* Black on white above, colours and a dark terminal below. */
static void text_draw(struct canvas *canvas, struct area area, uint32_t seed)
{
	static const uint32_t black[4] = { 0 };
	static const uint32_t coloured[4] = { 0xc00000, 0x0000c0, 0x007000, 0x202020 };
	static const uint32_t terminal[4] = { 0xc8c8c8, 0x60e060, 0xe0c040, 0x70a0ff };
	uint32_t half = area.height_px / 2 / TILE_PX * TILE_PX;
	uint32_t middle = area.width_px / 2 / TILE_PX * TILE_PX;

	text_page(canvas, (struct area){ area.x, area.y, area.width_px, half }, 0xffffff, black, seed);
	area.y += half;
	area.height_px -= half;
	text_page(canvas, (struct area){ area.x, area.y, middle, area.height_px }, 0xffffff, coloured,
			seed + 1);
	area.x += middle;
	area.width_px -= middle;
	text_page(canvas, area, 0x101820, terminal, seed + 2);
}

/* Flat colours with a gradient each fourth. */
static void flat_draw(struct canvas *canvas, struct area area, uint32_t seed)
{
	for (uint32_t y = 0; y < area.height_px; y += 2 * TILE_PX) {
		for (uint32_t x = 0; x < area.width_px; x += 2 * TILE_PX) {
			uint32_t colour = hash_u32(seed ^ (y << 16 | x)) & 0xffffff;
			struct area part = { area.x + x, area.y + y, 2 * TILE_PX, 2 * TILE_PX };

			canvas_fill(canvas, part, colour);
			part.height_px = 1;
			for (uint32_t i = 0; colour % 4 == 0 && i < 2 * TILE_PX; i++, part.y++)
				canvas_fill(canvas, part, i * 0x010101 + 0x202020);
		}
	}
}

static void monitor_draw(struct canvas *canvas, struct area area, uint32_t index)
{
	static const uint32_t colours[] = { 0xe02020, 0x20a020, 0x2020e0, 0xe0a000 };
	uint32_t colour = colours[index % 4];
	uint32_t size = (FONT_WIDTH_PX + 3) * NUMBER_SCALE;
	struct area box = { area.x + area.width_px / 2, area.y + area.height_px / 2, size * 3 / 2, size };
	char tens = index + 1 >= 10 ? '1' : ' ';

	canvas_frame(canvas, area, BORDER_PX, colour);
	canvas_fill(canvas, box, 0xffffff);
	canvas_frame(canvas, box, BORDER_PX, colour);
	canvas_glyph(canvas, box.x + MARGIN_PX, box.y + 4, tens, NUMBER_SCALE, colour);
	canvas_glyph(canvas, box.x + size * 3 / 4, box.y + 4, (char)('0' + (index + 1) % 10), NUMBER_SCALE,
			colour);
}

void scene_draw(struct canvas *canvas, const struct link_layout *layout, uint32_t seed)
{
	uint32_t w = canvas->width_px, h = canvas->height_px;
	uint32_t left = (w / 2 + TILE_PX - 1) / TILE_PX * TILE_PX,
		 top = (h / 2 + TILE_PX - 1) / TILE_PX * TILE_PX;
	uint32_t noise = left / 2 / TILE_PX * TILE_PX;
	uint32_t right = w > left ? w - left : 0, bottom = h > top ? h - top : 0;
	int32_t origin_x, origin_y;

	text_draw(canvas, (struct area){ 0, 0, left, top }, seed);
	photo_draw(canvas, (struct area){ left, 0, right, top }, seed);
	noise_draw(canvas, (struct area){ 0, top, noise, bottom }, seed);
	flat_draw(canvas, (struct area){ noise, top, w - noise, bottom }, seed);
	link_layout_bounds(layout, &w, &h, &origin_x, &origin_y);
	for (uint32_t i = 0; i < layout->count; i++) {
		const struct link_monitor *m = &layout->monitors[i];
		struct area area = { (uint32_t)(m->x - origin_x), (uint32_t)(m->y - origin_y), m->width_px,
			m->height_px };

		monitor_draw(canvas, area, i);
	}
}
