#include <proto/link.h>

static bool monitor_ok(const struct link_monitor *m)
{
	return m->width_px >= 1 && m->width_px <= LINK_SIZE_MAX_PX && m->height_px >= 1 &&
			m->height_px <= LINK_SIZE_MAX_PX && m->scale_percent >= 100 &&
			m->scale_percent <= 500 && !(m->flags & ~(uint32_t)LINK_MONITOR_PRIMARY);
}

int link_layout_check(const struct link_layout *layout)
{
	/* 64 bits: x and y are any number. */
	int64_t left = 0, top = 0, right = 0, bottom = 0;
	int primaries = 0;

	if (layout->count < 1 || layout->count > LINK_MONITORS_MAX)
		return ERR_FORMAT;
	for (uint32_t i = 0; i < layout->count; i++) {
		const struct link_monitor *m = &layout->monitors[i];

		if (!monitor_ok(m))
			return ERR_FORMAT;
		if (m->flags & LINK_MONITOR_PRIMARY) {
			primaries++;
			if (m->x != 0 || m->y != 0)
				return ERR_FORMAT;
		}
		/* The primary is at 0,0: the box that holds all holds 0,0. */
		left = m->x < left ? m->x : left;
		top = m->y < top ? m->y : top;
		right = m->x + (int64_t)m->width_px > right ? m->x + (int64_t)m->width_px : right;
		bottom = m->y + (int64_t)m->height_px > bottom ? m->y + (int64_t)m->height_px : bottom;
	}
	if (primaries != 1 || right - left > LINK_SIZE_MAX_PX || bottom - top > LINK_SIZE_MAX_PX)
		return ERR_FORMAT;
	return 0;
}

void link_layout_bounds(const struct link_layout *layout, uint32_t *width_px, uint32_t *height_px,
		int32_t *left, int32_t *top)
{
	int32_t x0 = 0, y0 = 0, x1 = 0, y1 = 0;

	for (uint32_t i = 0; i < layout->count; i++) {
		const struct link_monitor *m = &layout->monitors[i];
		int32_t right = m->x + (int32_t)m->width_px, bottom = m->y + (int32_t)m->height_px;

		x0 = m->x < x0 ? m->x : x0;
		y0 = m->y < y0 ? m->y : y0;
		x1 = right > x1 ? right : x1;
		y1 = bottom > y1 ? bottom : y1;
	}
	*width_px = (uint32_t)(x1 - x0);
	*height_px = (uint32_t)(y1 - y0);
	if (left)
		*left = x0;
	if (top)
		*top = y0;
}

struct link_layout link_layout_single(uint32_t width_px, uint32_t height_px)
{
	return (struct link_layout){
		.count = 1,
		.monitors = { { .width_px = width_px,
				.height_px = height_px,
				.scale_percent = 100,
				.flags = LINK_MONITOR_PRIMARY } },
	};
}
