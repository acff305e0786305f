#include <base/reader.h>
#include <proto/disp.h>

enum {
	TYPE_MONITOR_LAYOUT = 2, /* DISPLAYCONTROL_HEADER, 2.2.1.1 */
	TYPE_CAPS = 5,
	MONITOR_BYTES = 40,
};

void disp_caps_write(struct writer *w)
{
	writer_u32(w, TYPE_CAPS);
	writer_u32(w, DISP_CAPS_BYTES);
	/* The greatest area is the product of the three. */
	writer_u32(w, DISP_MONITORS_MAX);
	writer_u32(w, DISP_SIZE_MAX_PX);
	writer_u32(w, DISP_SIZE_MAX_PX);
}

static void parse_monitor(struct disp_monitor *m, struct reader *r)
{
	m->flags = reader_u32(r);
	m->left = reader_s32(r);
	m->top = reader_s32(r);
	m->width_px = reader_u32(r);
	m->height_px = reader_u32(r);
	m->width_mm = reader_u32(r);
	m->height_mm = reader_u32(r);
	m->orientation_degrees = reader_u32(r);
	m->desktop_scale_percent = reader_u32(r);
	m->device_scale_percent = reader_u32(r);
}

int disp_layout_parse(struct disp_layout *layout, const void *message, size_t len)
{
	struct reader r = reader_init(message, len);
	uint32_t type = reader_u32(&r), length = reader_u32(&r), monitor_bytes = reader_u32(&r);

	*layout = (struct disp_layout){ .count = reader_u32(&r) };
	if (type != TYPE_MONITOR_LAYOUT || length != len || monitor_bytes != MONITOR_BYTES ||
			layout->count < 1 || layout->count > DISP_MONITORS_MAX)
		return ERR_FORMAT;
	for (uint32_t i = 0; i < layout->count; i++)
		parse_monitor(&layout->monitors[i], &r);
	return reader_done(&r) ? 0 : ERR_FORMAT;
}

static bool size_ok(const struct disp_monitor *m)
{
	return m->width_px >= DISP_SIZE_MIN_PX && m->width_px <= DISP_SIZE_MAX_PX && m->width_px % 2 == 0 &&
			m->height_px >= DISP_SIZE_MIN_PX && m->height_px <= DISP_SIZE_MAX_PX;
}

/* How far apart two spans are: negative when they overlap, 0 when they touch. */
static int64_t gap(int64_t a, uint32_t a_len, int64_t b, uint32_t b_len)
{
	return a < b ? b - (a + a_len) : a - (b + b_len);
}

/* Monitor i overlaps none, and touches another if there is one; a corner will do. 3.1.5.2 */
static bool place_ok(const struct disp_layout *layout, uint32_t i)
{
	const struct disp_monitor *a = &layout->monitors[i];
	bool touches = layout->count == 1;

	for (uint32_t j = 0; j < layout->count; j++) {
		const struct disp_monitor *b = &layout->monitors[j];
		int64_t x = gap(a->left, a->width_px, b->left, b->width_px);
		int64_t y = gap(a->top, a->height_px, b->top, b->height_px);

		if (j == i)
			continue;
		if (x < 0 && y < 0)
			return false;
		touches |= x <= 0 && y <= 0;
	}
	return touches;
}

/* Both scales count only when both are in bounds: 2.2.2.2.1. */
static uint32_t scale_percent(const struct disp_monitor *m)
{
	uint32_t device = m->device_scale_percent;
	bool valid = m->desktop_scale_percent >= 100 && m->desktop_scale_percent <= 500 &&
			(device == 100 || device == 140 || device == 180);

	return valid ? m->desktop_scale_percent : 100;
}

/* The primary, when there is exactly one; else NULL. */
static const struct disp_monitor *find_primary(const struct disp_layout *layout)
{
	const struct disp_monitor *primary = NULL;

	for (uint32_t i = 0; i < layout->count; i++) {
		if (!(layout->monitors[i].flags & DISP_MONITOR_PRIMARY))
			continue;
		if (primary)
			return NULL;
		primary = &layout->monitors[i];
	}
	return primary;
}

int disp_layout_to_link(struct link_layout *link, const struct disp_layout *layout)
{
	const struct disp_monitor *primary = find_primary(layout);

	if (!primary)
		return ERR_ARGUMENT;
	*link = (struct link_layout){ .count = layout->count };
	for (uint32_t i = 0; i < layout->count; i++) {
		const struct disp_monitor *m = &layout->monitors[i];
		int64_t x = (int64_t)m->left - primary->left, y = (int64_t)m->top - primary->top;

		if (!size_ok(m) || !place_ok(layout, i) || x != (int32_t)x || y != (int32_t)y)
			return ERR_ARGUMENT;
		link->monitors[i] = (struct link_monitor){
			.x = (int32_t)x,
			.y = (int32_t)y,
			.width_px = m->width_px,
			.height_px = m->height_px,
			.scale_percent = scale_percent(m),
			.flags = m == primary ? LINK_MONITOR_PRIMARY : 0,
		};
	}
	return link_layout_check(link) < 0 ? ERR_ARGUMENT : 0;
}
