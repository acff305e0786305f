/* The photograph is value noise: random values on three grids, coarse to fine,
 * interpolated and added, per colour, and a little grain. A pixel's cost matters,
 * because a full-screen change draws all of it: values are interpolated down a
 * column of the grid once a row, and then stepped along the row. */
#include "photo.h"

enum {
	OCTAVES = 3,
	BAND_PX = 256, /* width that is drawn at a time; a multiple of the coarsest grid */
	FIXED = 8,     /* fraction bits of a value */
};

static const struct {
	uint32_t grid_px, weight_64th;
} octaves[OCTAVES] = { { 128, 40 }, { 32, 16 }, { 8, 8 } };

static int32_t lattice(uint32_t seed, uint32_t gx, uint32_t gy)
{
	return (int32_t)(hash_u32(seed ^ hash_u32(gx ^ hash_u32(gy))) & 255);
}

/* The value of one grid column at row y. */
static int32_t column_value(uint32_t seed, uint32_t grid_px, uint32_t gx, uint32_t y)
{
	int32_t above = lattice(seed, gx, y / grid_px), below = lattice(seed, gx, y / grid_px + 1);
	int32_t part = (int32_t)(y % grid_px), grid = (int32_t)grid_px;

	return (above * (grid - part) + below * part) * (1 << FIXED) / grid;
}

static void add_octave(int32_t *sums, uint32_t x0, uint32_t y, uint32_t seed, uint32_t octave)
{
	uint32_t grid_px = octaves[octave].grid_px;
	int32_t weight = (int32_t)octaves[octave].weight_64th;

	for (uint32_t x = 0; x < BAND_PX; x += grid_px) {
		int32_t value = column_value(seed, grid_px, (x0 + x) / grid_px, y);
		int32_t next = column_value(seed, grid_px, (x0 + x) / grid_px + 1, y);
		int32_t step = (next - value) / (int32_t)grid_px;

		for (uint32_t i = 0; i < grid_px; i++)
			sums[x + i] += (value + step * (int32_t)i) * weight;
	}
}

static void photo_band_row(uint32_t *row, uint32_t width_px, uint32_t x0, uint32_t y, uint32_t seed)
{
	int32_t sums[3][BAND_PX] = { { 0 } };

	for (uint32_t colour = 0; colour < 3; colour++) {
		for (uint32_t octave = 0; octave < OCTAVES; octave++)
			add_octave(sums[colour], x0, y, seed * 16 + colour * OCTAVES + octave, octave);
	}
	for (uint32_t x = 0; x < width_px; x++) {
		uint32_t grain = hash_u32(seed ^ (y << 16 | (x0 + x))) & 3;
		uint32_t r = (uint32_t)sums[0][x] >> (FIXED + 6), g = (uint32_t)sums[1][x] >> (FIXED + 6);
		uint32_t b = (uint32_t)sums[2][x] >> (FIXED + 6);

		row[x] = (r & 0xfc) << 16 | (g & 0xfc) << 8 | (b & 0xfc) | grain * 0x010101;
	}
}

void photo_draw(struct canvas *canvas, struct area area, uint32_t seed)
{
	area = canvas_clip(canvas, area);
	for (uint32_t y = 0; y < area.height_px; y++) {
		uint32_t *row = canvas->pixels + (uint64_t)(area.y + y) * canvas->width_px + area.x;

		for (uint32_t x = 0; x < area.width_px; x += BAND_PX) {
			uint32_t left = area.width_px - x;

			photo_band_row(row + x, left < BAND_PX ? left : BAND_PX, x, y, seed);
		}
	}
}

/* Not the full range: no camera or film makes that, and clipping would help codecs. */
void noise_draw(struct canvas *canvas, struct area area, uint32_t seed)
{
	area = canvas_clip(canvas, area);
	for (uint32_t y = 0; y < area.height_px; y++) {
		uint32_t *row = canvas->pixels + (uint64_t)(area.y + y) * canvas->width_px + area.x;

		for (uint32_t x = 0; x < area.width_px; x++)
			row[x] = (hash_u32(seed + hash_u32(y << 16 | x)) & 0x7f7f7f) + 0x404040;
	}
}
