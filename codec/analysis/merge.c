/* Changed tiles as few rectangles. */
#include <codec/analysis.h>

struct area {
	struct analysis_rect rect; /* in tiles */
	int changed;               /* tiles of it */
};

static struct analysis_rect join(const struct analysis_rect *a, const struct analysis_rect *b)
{
	int left = a->x < b->x ? a->x : b->x;
	int top = a->y < b->y ? a->y : b->y;
	int right = a->x + a->w > b->x + b->w ? a->x + a->w : b->x + b->w;
	int bottom = a->y + a->h > b->y + b->h ? a->y + a->h : b->y + b->h;

	return (struct analysis_rect){ left, top, right - left, bottom - top };
}

/* Unchanged tiles that would come in by joining, beyond what is accepted; <= 0: join. */
static int excess(const struct area *a, const struct area *b)
{
	struct analysis_rect both = join(&a->rect, &b->rect);
	int changed = a->changed + b->changed;

	return both.w * both.h - changed - changed / 2;
}

static void join_into(struct area *a, const struct area *b)
{
	a->rect = join(&a->rect, &b->rect);
	a->changed += b->changed;
}

/* Adds an area to the list, joining it with what suits it; with the least bad if the
 * list is full. */
static int add_area(struct area *areas, int count, int max, struct area area)
{
	for (int i = 0; i < count;) {
		if (excess(&areas[i], &area) > 0) {
			i++;
			continue;
		}
		join_into(&area, &areas[i]);
		areas[i] = areas[--count];
		i = 0; /* it has grown */
	}
	if (count == max) {
		int best = 0;

		for (int i = 1; i < count; i++) {
			if (excess(&areas[i], &area) < excess(&areas[best], &area))
				best = i;
		}
		join_into(&areas[best], &area);
		return count;
	}
	areas[count] = area;
	return count + 1;
}

/* The joined rectangles are cut to the picture and turned into pixels. */
static void to_pixels(struct analysis_rect *rect, int w_px, int h_px)
{
	rect->x *= ANALYSIS_TILE_PX;
	rect->y *= ANALYSIS_TILE_PX;
	rect->w *= ANALYSIS_TILE_PX;
	rect->h *= ANALYSIS_TILE_PX;
	if (rect->w > w_px - rect->x)
		rect->w = w_px - rect->x;
	if (rect->h > h_px - rect->y)
		rect->h = h_px - rect->y;
}

int analysis_merge_tiles(const uint8_t *changed, int w_px, int h_px, struct analysis_rect *rects, int max)
{
	int cols = analysis_tiles_across(w_px), rows = analysis_tiles_across(h_px);
	struct area areas[ANALYSIS_RECTS_MAX];
	int count = 0;

	if (max > ANALYSIS_RECTS_MAX)
		max = ANALYSIS_RECTS_MAX;
	for (int y = 0; y < rows; y++, changed += cols) {
		for (int x = 0; x < cols; x++) {
			int first = x;

			while (x < cols && changed[x])
				x++;
			if (x > first)
				count = add_area(areas, count, max,
						(struct area){ { first, y, x - first, 1 }, x - first });
		}
	}
	for (int i = 0; i < count; i++) {
		rects[i] = areas[i].rect;
		to_pixels(&rects[i], w_px, h_px);
	}
	return count;
}
