/* Damage gathered between two frames: a bounded list of rectangles that cover
 * all of it. Not minimal: rectangles may overlap, and more than LINK_RECTS_MAX
 * are joined, which covers too much. Memory of the caller; zeroed is empty. */
#ifndef SERVER_GUEST_LINK_REGION_H
#define SERVER_GUEST_LINK_REGION_H

#include <proto/link.h>

struct region {
	uint32_t count;
	struct link_rect rects[LINK_RECTS_MAX];
};

static inline void region_clear(struct region *region)
{
	region->count = 0;
}

/* rect is not empty and inside LINK_SIZE_MAX_PX. */
void region_add(struct region *region, const struct link_rect *rect);

/* Cuts rect down to a picture of that size; false: nothing is left of it. */
bool region_rect_clip(struct link_rect *rect, uint32_t width_px, uint32_t height_px);

#endif
