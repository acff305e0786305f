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
	int x, y;
	uint32_t px; /* the latest, and its index */
	int index;
};

/* The next index, or -1 behind the end */
static int next_index(struct index_line *line)
{
	uint32_t px;

	if (line->x == line->block->w_px) {
		line->x = 0;
		line->y++;
	}
	if (line->y == line->block->h_px)
		return -1;
	px = pixel_at(line->block, line->x++, line->y);
	if (px != line->px) {
		line->px = px;
		line->index = line->palette->places[find_place(line->palette, px)] - 1;
	}
	return line->index;
}

struct segment {
	int stop, depth;
	uint32_t run;
};

/* *next: the index it begins with, then that of the one behind it. Returns false at the
 * end. */
static bool next_segment(struct index_line *line, int depth_max, int *next, struct segment *segment)
{
	int start = *next;

	if (start < 0)
		return false;
	*segment = (struct segment){ .stop = start };
	while ((*next = next_index(line)) == start)
		segment->run++;
	while (*next == segment->stop + 1 && segment->depth < depth_max) {
		segment->stop = *next;
		segment->depth++;
		*next = next_index(line);
	}
	return true;
}

static int index_bits(int count)
{
	return count < 3 ? 1 : 32 - __builtin_clz((unsigned)count - 1);
}

static struct index_line index_line(const struct clear_palette *palette, const struct pixels *block)
{
	return (struct index_line){ palette, block, .px = palette->colours[0], .index = 0 };
}

int clear_rlex_estimate(const struct clear_palette *palette, const struct pixels *block)
{
	struct index_line line = index_line(palette, block);
	struct segment segment;
	int depth_max = (1 << (8 - index_bits(palette->count))) - 1;
	int bytes = 1 + 3 * palette->count, next = next_index(&line);

	while (next_segment(&line, depth_max, &next, &segment))
		bytes += 1 + run_length_bytes(segment.run);
	return bytes;
}

void clear_rlex_put(const struct clear_palette *palette, const struct pixels *block, struct writer *w)
{
	struct index_line line = index_line(palette, block);
	struct segment segment;
	int bits = index_bits(palette->count), next = next_index(&line);

	writer_u8(w, (uint8_t)palette->count);
	for (int i = 0; i < palette->count; i++)
		put_colour(w, palette->colours[i]);
	while (next_segment(&line, (1 << (8 - bits)) - 1, &next, &segment)) {
		writer_u8(w, (uint8_t)(segment.stop | segment.depth << bits));
		put_run_length(w, segment.run);
	}
}
