/* Where lines of text begin: a picture is cut into lines in the same way each time, also
 * when it has scrolled, so that its columns are found in the caches again. */
#ifndef CLEAR_LINES_H
#define CLEAR_LINES_H

#include "pixels.h"
#include <codec/clear.h>
#include <stdbool.h>

enum { CLEAR_PITCHES = 4 };

/* Lines begin at phase + k * pitch on the surface. */
struct clear_pitch {
	int pitch, phase;
};

struct clear_lines {
	struct clear_pitch known[CLEAR_PITCHES]; /* the latest first */
	uint16_t edges[CLEAR_SIDE_MAX_PX];       /* changes of colour along the row */
	bool empty[CLEAR_SIDE_MAX_PX];           /* the row is all ground */
	int h_px;
	struct clear_pitch here; /* in rows of this picture; pitch 0 for none */
};

/* What is coded in one piece: rows and columns that hold all the ink of a line. */
struct clear_line {
	int x, y, w, h; /* h 1..52 */
};

/* Looks at a picture whose top is at row y_px of the surface. */
void clear_lines_find(struct clear_lines *lines, const struct pixels *pic, uint32_t ground, int y_px);

/* The first line with ink at or below row y. Returns false if there is none. */
bool clear_lines_next(const struct clear_lines *lines, const struct pixels *pic, uint32_t ground, int y,
		struct clear_line *line);

/* Grows rows of a surface to whole lines, where lines are known. */
void clear_lines_fit(const struct clear_lines *lines, const struct pixels *surface, int *y_px, int *h_px);

/* After clear_lines_find: cuts the picture between lines, at places that scroll with the
 * text. Returns the number of parts, 1..max. */
int clear_lines_parts(const struct clear_lines *lines, int *heights, int max);

#endif
