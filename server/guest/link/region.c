#include "region.h"

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint64_t rect_area(const struct link_rect *r)
{
	return (uint64_t)r->width * r->height;
}

static struct link_rect rect_join(const struct link_rect *a, const struct link_rect *b)
{
	uint32_t right = max_u32(a->x + a->width, b->x + b->width);
	uint32_t bottom = max_u32(a->y + a->height, b->y + b->height);
	struct link_rect joined = { .x = min_u32(a->x, b->x), .y = min_u32(a->y, b->y) };

	joined.width = right - joined.x;
	joined.height = bottom - joined.y;
	return joined;
}

/* A rectangle whose join with r covers no more pixels than the two by themselves:
 * one contains the other, they are neighbours, or they overlap a lot. -1: none. */
static int find_free_join(const struct region *region, const struct link_rect *r)
{
	for (uint32_t i = 0; i < region->count; i++) {
		const struct link_rect *have = &region->rects[i];
		struct link_rect joined = rect_join(have, r);

		if (rect_area(&joined) <= rect_area(have) + rect_area(r))
			return (int)i;
	}
	return -1;
}

static int find_cheapest_join(const struct region *region, const struct link_rect *r)
{
	uint64_t best_cost = UINT64_MAX;
	uint32_t best = 0;

	for (uint32_t i = 0; i < region->count; i++) {
		struct link_rect joined = rect_join(&region->rects[i], r);
		uint64_t cost = rect_area(&joined) - rect_area(&region->rects[i]);

		if (cost < best_cost) {
			best_cost = cost;
			best = i;
		}
	}
	return (int)best;
}

void region_add(struct region *region, const struct link_rect *rect)
{
	struct link_rect r = *rect;
	int i;

	/* A join may make further ones possible; each makes the list shorter. */
	for (;;) {
		i = find_free_join(region, &r);
		if (i < 0 && region->count == LINK_RECTS_MAX)
			i = find_cheapest_join(region, &r);
		if (i < 0)
			break;
		r = rect_join(&region->rects[i], &r);
		region->rects[i] = region->rects[--region->count];
	}
	region->rects[region->count++] = r;
}

bool region_rect_clip(struct link_rect *rect, uint32_t width_px, uint32_t height_px)
{
	if (rect->x >= width_px || rect->y >= height_px)
		return false;
	rect->width = min_u32(rect->width, width_px - rect->x);
	rect->height = min_u32(rect->height, height_px - rect->y);
	return rect->width && rect->height;
}
