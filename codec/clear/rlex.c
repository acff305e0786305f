#include "rlex.h"
#include <stdlib.h>

enum { PLACES = sizeof((struct clear_palette){ 0 }.places) };

/* The place of a colour or, if it is not there, of where it would go */
static unsigned find_place(const struct clear_palette *palette, uint32_t colour)
{
	unsigned at = (colour * 0x9e3779b1) >> 23;

	while (palette->places[at] && palette->colours[palette->places[at] - 1] != colour)
		at = (at + 1) % PLACES;
	return at;
}

static int compare_colours(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

/* Shades of a ramp then also follow each other. */
static void sort_palette(struct clear_palette *palette)
{
	qsort(palette->colours, (size_t)palette->count, sizeof *palette->colours, compare_colours);
	memset(palette->places, 0, sizeof palette->places);
	for (int i = 0; i < palette->count; i++)
		palette->places[find_place(palette, palette->colours[i])] = (uint8_t)(i + 1);
}

bool clear_palette_make(struct clear_palette *palette, const struct pixels *block)
{
	uint32_t last = 0x1000000;

	palette->count = 0;
	memset(palette->places, 0, sizeof palette->places);
	for (int y = 0; y < block->h_px; y++) {
		for (int x = 0; x < block->w_px; x++) {
			uint32_t px = pixel_at(block, x, y);
			unsigned at;

			if (px == last)
				continue;
			last = px;
			at = find_place(palette, px);
			if (palette->places[at])
				continue;
			if (palette->count == CLEAR_PALETTE_MAX)
				return false;
			palette->colours[palette->count++] = px;
			palette->places[at] = (uint8_t)palette->count;
		}
	}
	sort_palette(palette);
	return true;
}

/* The block as one line of indices */
struct index_line {
	const struct clear_palette *palette;
	const struct pixels *block;
	int at, end;
};

static int index_at(const struct index_line *line, int at)
{
	uint32_t px = pixel_at(line->block, at % line->block->w_px, at / line->block->w_px);

	return line->palette->places[find_place(line->palette, px)] - 1;
}

struct segment {
	int stop, depth;
	uint32_t run;
};

static bool next_segment(struct index_line *line, int depth_max, struct segment *segment)
{
	int start, index = -1;

	if (line->at == line->end)
		return false;
	start = index_at(line, line->at++);
	*segment = (struct segment){ .stop = start };
	while (line->at < line->end && (index = index_at(line, line->at)) == start) {
		line->at++;
		segment->run++;
	}
	while (line->at < line->end && index == segment->stop + 1 && segment->depth < depth_max) {
		segment->stop = index;
		segment->depth++;
		line->at++;
		if (line->at < line->end)
			index = index_at(line, line->at);
	}
	return true;
}

static int index_bits(int count)
{
	return count < 3 ? 1 : 32 - __builtin_clz((unsigned)count - 1);
}

static struct index_line index_line(const struct clear_palette *palette, const struct pixels *block)
{
	return (struct index_line){ palette, block, 0, block->w_px * block->h_px };
}

int clear_rlex_estimate(const struct clear_palette *palette, const struct pixels *block)
{
	struct index_line line = index_line(palette, block);
	struct segment segment;
	int depth_max = (1 << (8 - index_bits(palette->count))) - 1;
	int bytes = 1 + 3 * palette->count;

	while (next_segment(&line, depth_max, &segment))
		bytes += segment.run < 0xff ? 2 : 4;
	return bytes;
}

void clear_rlex_put(const struct clear_palette *palette, const struct pixels *block, struct writer *w)
{
	struct index_line line = index_line(palette, block);
	struct segment segment;
	int bits = index_bits(palette->count);

	writer_u8(w, (uint8_t)palette->count);
	for (int i = 0; i < palette->count; i++)
		put_colour(w, palette->colours[i]);
	while (next_segment(&line, (1 << (8 - bits)) - 1, &segment)) {
		writer_u8(w, (uint8_t)(segment.stop | segment.depth << bits));
		put_run_length(w, segment.run);
	}
}
