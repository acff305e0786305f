#include "heads.h"
#include <string.h>

void heads_want(struct heads *heads, const struct link_layout *layout)
{
	struct link_layout *wanted = &heads->wanted;
	uint32_t primary = 0;

	*wanted = *layout;
	wanted->serial = 0;
	if (wanted->count <= heads->max)
		return;
	while (!(wanted->monitors[primary].flags & LINK_MONITOR_PRIMARY))
		primary++;
	wanted->count = heads->max;
	if (primary >= heads->max)
		wanted->monitors[heads->max - 1] = layout->monitors[primary];
}

void heads_scanout(struct heads *heads, const struct screen_scanout *scanout)
{
	heads->scanouts[scanout->head].width_px = scanout->width_px;
	heads->scanouts[scanout->head].height_px = scanout->height_px;
}

bool heads_settled(const struct heads *heads)
{
	bool dark = true, equal = true;

	for (uint32_t i = 0; i < SCREEN_HEADS_MAX; i++) {
		const struct link_monitor *m = &heads->wanted.monitors[i];
		uint32_t width_px = i < heads->wanted.count ? m->width_px : 0;
		uint32_t height_px = i < heads->wanted.count ? m->height_px : 0;

		dark &= heads->scanouts[i].width_px == 0;
		equal &= heads->scanouts[i].width_px == width_px && heads->scanouts[i].height_px == height_px;
	}
	return dark || equal;
}

void heads_layout(const struct heads *heads, struct link_layout *layout)
{
	*layout = heads->wanted;
	for (uint32_t i = 0; i < layout->count; i++) {
		if (heads->scanouts[i].width_px) {
			layout->monitors[i].width_px = heads->scanouts[i].width_px;
			layout->monitors[i].height_px = heads->scanouts[i].height_px;
		}
	}
	/* A guest that makes a head larger than there is room is shown in part. */
	if (link_layout_check(layout) < 0)
		*layout = heads->wanted;
}

static void place(const struct link_layout *layout, uint32_t head, struct link_rect *rect)
{
	const struct link_monitor *m = &layout->monitors[head];
	int32_t left, top;
	uint32_t width_px, height_px;

	link_layout_bounds(layout, &width_px, &height_px, &left, &top);
	*rect = (struct link_rect){ (uint32_t)(m->x - left), (uint32_t)(m->y - top), m->width_px,
		m->height_px };
}

void heads_for_front(const struct heads *heads, struct screen_heads *wanted)
{
	*wanted = (struct screen_heads){ .count = heads->wanted.count };
	for (uint32_t i = 0; i < wanted->count; i++)
		place(&heads->wanted, i, &wanted->heads[i]);
}

void heads_for_agent(const struct heads *heads, struct agent_layout *wanted)
{
	*wanted = (struct agent_layout){ .count = heads->wanted.count };
	for (uint32_t i = 0; i < wanted->count; i++) {
		place(&heads->wanted, i, &wanted->heads[i]);
		if (heads->wanted.monitors[i].flags & LINK_MONITOR_PRIMARY)
			wanted->scale_percent = heads->wanted.monitors[i].scale_percent;
	}
}

bool heads_rect(const struct heads *heads, uint32_t head, const struct link_rect *rect,
		struct link_rect *picture)
{
	struct link_layout layout;
	struct link_rect at;

	heads_layout(heads, &layout);
	if (head >= layout.count)
		return false;
	place(&layout, head, &at);
	if (rect->x >= at.width || rect->y >= at.height)
		return false;
	picture->x = at.x + rect->x;
	picture->y = at.y + rect->y;
	picture->width = rect->width < at.width - rect->x ? rect->width : at.width - rect->x;
	picture->height = rect->height < at.height - rect->y ? rect->height : at.height - rect->y;
	return picture->width && picture->height;
}
