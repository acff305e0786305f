#include "caches.h"
#include <stdlib.h>

enum { ROOM_MIN = 128 };

void clear_caches_finish(struct clear_caches *caches)
{
	for (int i = 0; i < CLEAR_GLYPHS; i++) {
		if (caches->glyphs[i])
			free(caches->glyphs[i]);
	}
	free(caches->vbars.of);
	free(caches->shorts.of);
}

static int grow(struct clear_columns *columns)
{
	int room = columns->room ? 2 * columns->room : ROOM_MIN;
	struct clear_column *of = realloc(columns->of, (size_t)room * sizeof *of);

	if (!of)
		return ERR_MEMORY;
	columns->of = of;
	columns->room = room;
	return 0;
}

struct clear_column *clear_columns_next(struct clear_columns *columns, int max)
{
	int at = columns->cursor;

	if (at == columns->room && grow(columns) < 0)
		return NULL;
	if (at == columns->stored)
		columns->stored++;
	columns->cursor = (at + 1) % max;
	return &columns->of[at];
}

struct clear_glyph *clear_glyph_replace(struct clear_caches *caches, int place, int count)
{
	struct clear_glyph *glyph = malloc(sizeof *glyph + (size_t)count * sizeof *glyph->px);

	if (!glyph)
		return NULL;
	free(caches->glyphs[place]);
	glyph->count = count;
	return caches->glyphs[place] = glyph;
}
