#include "layout.h"
#include <string.h>

enum {
	SIDE_MIN_PX = 64, /* clients that ask for less are guessing */
};

static uint32_t in_bounds(uint32_t side_px)
{
	if (side_px < SIDE_MIN_PX)
		return SIDE_MIN_PX;
	return side_px > LINK_SIZE_MAX_PX ? LINK_SIZE_MAX_PX : side_px;
}

struct link_layout layout_of_client(const rdpSettings *settings)
{
	UINT32 count = freerdp_settings_get_uint32(settings, FreeRDP_MonitorCount);
	UINT32 width_px = freerdp_settings_get_uint32(settings, FreeRDP_DesktopWidth);
	UINT32 height_px = freerdp_settings_get_uint32(settings, FreeRDP_DesktopHeight);
	struct link_layout layout = { .count = count };

	for (UINT32 i = 0; i < count && i < LINK_MONITORS_MAX; i++) {
		const rdpMonitor *m =
				freerdp_settings_get_pointer_array(settings, FreeRDP_MonitorDefArray, i);
		UINT32 scale = m->attributes.desktopScaleFactor;

		layout.monitors[i] = (struct link_monitor){ .x = m->x,
			.y = m->y,
			.width_px = (uint32_t)m->width,
			.height_px = (uint32_t)m->height,
			.scale_percent = scale >= 100 && scale <= 500 ? scale : 100,
			.flags = m->is_primary ? LINK_MONITOR_PRIMARY : 0 };
	}
	if (count > 0 && count <= LINK_MONITORS_MAX && link_layout_check(&layout) == 0)
		return layout;
	return link_layout_single(in_bounds(width_px), in_bounds(height_px));
}

static bool same(const struct link_layout *a, const struct link_layout *b)
{
	return a->count == b->count && memcmp(a->monitors, b->monitors, a->count * sizeof *a->monitors) == 0;
}

static void ask(struct layout *layout)
{
	struct link_message m = { .type = LINK_LAYOUT_SET, .layout = layout->wished };

	layout->wished.count = 0;
	layout->asked_serial = m.layout.serial = ++layout->last_serial;
	layout->send(layout->user, &m);
}

void layout_wish(struct layout *layout, const struct link_layout *wish)
{
	if (!layout->asked_serial && same(wish, &layout->now))
		return;
	layout->wished = *wish;
	if (!layout->asked_serial)
		ask(layout);
}

bool layout_take(struct layout *layout, const struct link_layout *now)
{
	bool changed = !same(now, &layout->now);

	layout->now = *now;
	if (now->serial == layout->asked_serial)
		layout->asked_serial = 0;
	if (layout->wished.count && !layout->asked_serial)
		ask(layout); /* the size in between need not be shown */
	return changed;
}

bool layout_is_open(const struct layout *layout)
{
	return layout->asked_serial != 0;
}
