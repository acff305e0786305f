/* Rows between lines of text have few edges. If cuts at equal distances meet few edges
 * all over the picture, lines are cut there, whatever stands in the way, so that a
 * letter is cut alike whatever stands beside it. Otherwise lines are what lies between
 * empty rows. */
#include "lines.h"
#include "format.h"

enum {
	PITCH_MIN_PX = 8,
	PITCH_MAX_PX = 40,
	CUTS_MIN = 4, /* fewer prove nothing */
	PART_MIN_LINES = 3,
};

/* Edges at the cuts, in 1/256 of the picture's mean */
static int score(const struct clear_lines *lines, int pitch, int phase, uint32_t total)
{
	uint64_t edges = 0;
	int cuts = 0;

	for (int y = phase ? phase : pitch; y < lines->h_px; y += pitch, cuts++)
		edges += lines->edges[y];
	if (!cuts)
		return 0;
	return (int)(edges * 256 * (uint64_t)lines->h_px / (uint64_t)cuts / total);
}

static int modulo(int a, int b)
{
	return ((a % b) + b) % b;
}

static void remember(struct clear_lines *lines, int at, struct clear_pitch pitch)
{
	memmove(lines->known + 1, lines->known, (size_t)at * sizeof *lines->known);
	lines->known[0] = pitch;
}

/* What was found before is kept as long as it is good enough, since another phase would
 * make all columns new. A small picture, too short to prove anything, takes the latest that
 * does not cut through its ink. */
static bool use_known(struct clear_lines *lines, int y_px, uint32_t total)
{
	for (int i = 0; i < CLEAR_PITCHES && lines->known[i].pitch; i++) {
		struct clear_pitch known = lines->known[i];
		int phase = modulo(known.phase - y_px, known.pitch);
		int edges = score(lines, known.pitch, phase, total);

		if (edges > 96)
			continue;
		lines->here = (struct clear_pitch){ known.pitch, phase };
		remember(lines, i, known);
		return true;
	}
	return false;
}

static void find_new(struct clear_lines *lines, int y_px, uint32_t total)
{
	int best = 65;

	for (int pitch = PITCH_MIN_PX; pitch <= PITCH_MAX_PX; pitch++) {
		if (lines->h_px < CUTS_MIN * pitch)
			break;
		for (int phase = 0; phase < pitch; phase++) {
			int edges = score(lines, pitch, phase, total);

			if (edges * 5 / 4 >= best) /* twice the pitch is no better */
				continue;
			best = edges;
			lines->here = (struct clear_pitch){ pitch, phase };
		}
	}
	if (lines->here.pitch)
		remember(lines, CLEAR_PITCHES - 1,
				(struct clear_pitch){ lines->here.pitch,
						modulo(lines->here.phase + y_px, lines->here.pitch) });
}

/* Changes of colour from each of n pixels to the next */
static inline int count_edges(const uint8_t *px, int n)
{
	int edges = 0;

	for (int x = 0; x < n; x++) {
		uint32_t here, next;

		memcpy(&here, px + 4 * x, sizeof here);
		memcpy(&next, px + 4 * x + 4, sizeof next);
		edges += ((here ^ next) & 0xffffff) != 0;
	}
	return edges;
}

/* In blocks, which compilers make vectors of */
static void measure_row(struct clear_lines *lines, const struct pixels *pic, uint32_t ground, int y)
{
	enum { BLOCK = 32 };
	const uint8_t *px = pic->first + y * pic->stride_bytes;
	int x = 0, edges = 0;

	for (; x + BLOCK < pic->w_px; x += BLOCK)
		edges += count_edges(px + 4 * x, BLOCK);
	edges += count_edges(px + 4 * x, pic->w_px - 1 - x);
	lines->edges[y] = (uint16_t)edges;
	lines->empty[y] = !edges && pixel_at(pic, 0, y) == ground;
}

/* What all rows have, borders for instance, does not count. Returns the sum. */
static uint32_t remove_least(struct clear_lines *lines)
{
	uint32_t total = 0;
	int least = lines->edges[0];

	for (int y = 0; y < lines->h_px; y++)
		least = lines->edges[y] < least ? lines->edges[y] : least;
	for (int y = 0; y < lines->h_px; y++) {
		lines->edges[y] = (uint16_t)(lines->edges[y] - least);
		total += lines->edges[y];
	}
	return total;
}

/* One line of text is all that changed, its cursor or selection fills it: the next line
 * begins where it ends. */
static void guess(struct clear_lines *lines, int y_px)
{
	if (lines->h_px < PITCH_MIN_PX || lines->h_px > PITCH_MAX_PX)
		return;
	for (int y = 0; y < lines->h_px; y++) {
		if (lines->empty[y])
			return;
	}
	remember(lines, CLEAR_PITCHES - 1, (struct clear_pitch){ lines->h_px, modulo(y_px, lines->h_px) });
}

static bool row_is_flat(const struct pixels *surface, int y)
{
	uint32_t colour = pixel_at(surface, 0, y);

	for (int x = 1; x < surface->w_px; x++) {
		if (pixel_at(surface, x, y) != colour)
			return false;
	}
	return true;
}

/* Between rows y - 1 and y */
static bool cut_is_free(const struct pixels *surface, int y)
{
	return y > 0 && y < surface->h_px && (row_is_flat(surface, y) || row_is_flat(surface, y - 1));
}

/* Only where cuts are free: there may be other text than the one with this pitch. */
void clear_lines_fit(const struct clear_lines *lines, const struct pixels *surface, int *y_px, int *h_px)
{
	for (int i = 0; i < CLEAR_PITCHES && lines->known[i].pitch; i++) {
		struct clear_pitch known = lines->known[i];
		int end = *y_px + *h_px;
		int above = modulo(*y_px - known.phase, known.pitch);
		int below = modulo(known.phase - end, known.pitch);

		if (above && !cut_is_free(surface, *y_px - above))
			continue;
		*y_px -= above;
		if (cut_is_free(surface, end + below))
			end += below;
		*h_px = end - *y_px;
		return;
	}
}

void clear_lines_find(struct clear_lines *lines, const struct pixels *pic, uint32_t ground, int y_px)
{
	uint32_t total;

	lines->h_px = pic->h_px;
	lines->here = (struct clear_pitch){ 0 };
	for (int y = 0; y < pic->h_px; y++)
		measure_row(lines, pic, ground, y);
	total = remove_least(lines);
	y_px &= 0xffff; /* a hint, so it may be anything; sums stay small */
	if (!total || use_known(lines, y_px, total))
		return;
	find_new(lines, y_px, total);
	if (!lines->here.pitch)
		guess(lines, y_px);
}

/* The end of the line that begins at row y */
static int line_end(const struct clear_lines *lines, int y)
{
	int end = y + CLEAR_BAND_MAX_PX;

	if (lines->here.pitch) {
		end = y + lines->here.pitch - modulo(y - lines->here.phase, lines->here.pitch);
	} else {
		for (int row = y; row < end && row < lines->h_px; row++) {
			if (lines->empty[row])
				end = row;
		}
	}
	return end < lines->h_px ? end : lines->h_px;
}

static bool column_is(const struct pixels *pic, const struct clear_line *line, int x, uint32_t colour)
{
	for (int y = line->y; y < line->y + line->h; y++) {
		if (pixel_at(pic, x, y) != colour)
			return false;
	}
	return true;
}

bool clear_lines_next(const struct clear_lines *lines, const struct pixels *pic, uint32_t ground, int y,
		struct clear_line *line)
{
	int first = y;

	while (first < lines->h_px && lines->empty[first])
		first++;
	if (first == lines->h_px)
		return false;
	if (lines->here.pitch) { /* whole, also if its upper rows are empty */
		int top = first - modulo(first - lines->here.phase, lines->here.pitch);

		first = top > y ? top : y;
	}
	*line = (struct clear_line){ 0, first, pic->w_px, line_end(lines, first) - first };
	while (column_is(pic, line, line->x, ground)) {
		line->x++;
		line->w--;
	}
	while (column_is(pic, line, line->x + line->w - 1, ground))
		line->w--;
	return true;
}

/* A mark that scrolls with the text: about one line in eight has it. */
static bool line_is_marked(const struct clear_lines *lines, int y, int end)
{
	uint32_t hash = 0;

	for (; y < end; y++)
		hash = (hash ^ lines->edges[y]) * 0x9e3779b1;
	return hash >> 29 == 0;
}

int clear_lines_parts(const struct clear_lines *lines, int *heights, int max)
{
	int count = 0, start = 0;

	for (int y = 0; y < lines->h_px && count < max - 1 && lines->here.pitch;) {
		int end = line_end(lines, y);

		if (end - start >= PART_MIN_LINES * lines->here.pitch && line_is_marked(lines, y, end)) {
			heights[count++] = end - start;
			start = end;
		}
		y = end;
	}
	if (start < lines->h_px)
		heights[count++] = lines->h_px - start;
	return count;
}
