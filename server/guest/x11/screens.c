#include "screens.h"
#include <base/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SCREEN_MIN_PX = 64, /* the driver's */
	REFRESH_HZ = 60,    /* nothing is refreshed; programs that wait for a frame ask for it */
	BLANK_PX = 80,
	BLANK_LINES = 8,
};

static void find_outputs(struct screens *screens, const xcb_randr_get_screen_resources_current_reply_t *reply)
{
	int outputs = reply->num_outputs, crtcs = reply->num_crtcs;

	screens->count = outputs < crtcs ? outputs : crtcs;
	if (screens->count > LINK_MONITORS_MAX)
		screens->count = LINK_MONITORS_MAX;
	memcpy(screens->outputs, xcb_randr_get_screen_resources_current_outputs(reply),
			(size_t)screens->count * sizeof *screens->outputs);
	memcpy(screens->crtcs, xcb_randr_get_screen_resources_current_crtcs(reply),
			(size_t)screens->count * sizeof *screens->crtcs);
}

int screens_init(struct screens *screens, struct display *display)
{
	xcb_connection_t *c = display->conn;
	xcb_randr_get_screen_resources_current_reply_t *reply = xcb_randr_get_screen_resources_current_reply(
			c, xcb_randr_get_screen_resources_current(c, display->root), NULL);

	*screens = (struct screens){ .display = display };
	if (!reply)
		return ERR_IO;
	find_outputs(screens, reply);
	free(reply);
	xcb_randr_select_input(c, display->root,
			XCB_RANDR_NOTIFY_MASK_SCREEN_CHANGE | XCB_RANDR_NOTIFY_MASK_CRTC_CHANGE |
					XCB_RANDR_NOTIFY_MASK_OUTPUT_CHANGE);
	screens_read(screens);
	return 0;
}

bool screens_is_event(const struct screens *screens, uint8_t type)
{
	return type == screens->display->randr_event + XCB_RANDR_SCREEN_CHANGE_NOTIFY ||
			type == screens->display->randr_event + XCB_RANDR_NOTIFY;
}

static xcb_randr_mode_t create_mode(struct screens *screens, uint16_t width, uint16_t height)
{
	xcb_connection_t *c = screens->display->conn;
	xcb_randr_create_mode_reply_t *reply;
	xcb_randr_mode_t id = XCB_NONE;
	char name[32];
	int len = snprintf(name, sizeof name, "oriel-%ux%u", width, height);
	uint16_t line = width + BLANK_PX, lines = height + BLANK_LINES;
	xcb_randr_mode_info_t info = {
		.width = width,
		.height = height,
		.dot_clock = (uint32_t)line * lines * REFRESH_HZ,
		.hsync_start = width + BLANK_PX / 4,
		.hsync_end = width + BLANK_PX / 2,
		.htotal = line,
		.vsync_start = height + BLANK_LINES / 4,
		.vsync_end = height + BLANK_LINES / 2,
		.vtotal = lines,
		.name_len = (uint16_t)len,
	};

	reply = xcb_randr_create_mode_reply(
			c, xcb_randr_create_mode(c, screens->display->root, info, (uint32_t)len, name), NULL);
	if (reply)
		id = reply->mode;
	free(reply);
	return id;
}

static xcb_randr_mode_t find_mode(
		const struct screens_mode *modes, int count, uint16_t width, uint16_t height)
{
	for (int i = 0; i < count; i++) {
		if (modes[i].width == width && modes[i].height == height)
			return modes[i].id;
	}
	return XCB_NONE;
}

/* The modes that the layout needs, old ones where they fit. Returns their number. */
static int gather_modes(struct screens *screens, const struct link_layout *want, struct screens_mode *modes)
{
	int count = 0;

	for (uint32_t i = 0; i < want->count; i++) {
		uint16_t width = (uint16_t)want->monitors[i].width_px;
		uint16_t height = (uint16_t)want->monitors[i].height_px;
		xcb_randr_mode_t id;

		if (find_mode(modes, count, width, height) != XCB_NONE)
			continue;
		id = find_mode(screens->modes, screens->mode_count, width, height);
		if (id == XCB_NONE)
			id = create_mode(screens, width, height);
		modes[count++] = (struct screens_mode){ id, width, height };
	}
	return count;
}

/* Takes over the new list and removes from the server what is no more in it. */
static void replace_modes(struct screens *screens, const struct screens_mode *modes, int count)
{
	xcb_connection_t *c = screens->display->conn;

	for (int i = 0; i < screens->mode_count; i++) {
		const struct screens_mode *old = &screens->modes[i];

		if (find_mode(modes, count, old->width, old->height) != XCB_NONE)
			continue;
		for (int k = 0; k < screens->count; k++)
			xcb_randr_delete_output_mode(c, screens->outputs[k], old->id);
		xcb_randr_destroy_mode(c, old->id);
	}
	memcpy(screens->modes, modes, (size_t)count * sizeof *modes);
	screens->mode_count = count;
}

static bool set_crtc(struct screens *screens, int index, int16_t x, int16_t y, xcb_randr_mode_t mode)
{
	xcb_connection_t *c = screens->display->conn;
	xcb_randr_set_crtc_config_reply_t *reply = xcb_randr_set_crtc_config_reply(c,
			xcb_randr_set_crtc_config(c, screens->crtcs[index], XCB_CURRENT_TIME,
					XCB_CURRENT_TIME, x, y, mode, XCB_RANDR_ROTATION_ROTATE_0,
					mode != XCB_NONE, &screens->outputs[index]),
			NULL);
	bool good = reply && reply->status == XCB_RANDR_SET_CONFIG_SUCCESS;

	free(reply);
	return good;
}

static uint16_t millimetres(uint32_t px)
{
	return (uint16_t)(px * 254 / 960); /* at 96 per inch, as X programs assume */
}

static bool set_size(struct screens *screens, uint32_t width, uint32_t height)
{
	struct display *d = screens->display;

	return display_check(d,
			xcb_randr_set_screen_size_checked(d->conn, d->root, (uint16_t)width, (uint16_t)height,
					millimetres(width), millimetres(height)));
}

static bool set_monitors(struct screens *screens, const struct link_layout *want,
		const struct screens_mode *modes, int mode_count)
{
	xcb_connection_t *c = screens->display->conn;
	uint32_t width, height;
	int32_t left, top;
	bool good = true;

	link_layout_bounds(want, &width, &height, &left, &top);
	for (uint32_t i = 0; i < want->count; i++) {
		const struct link_monitor *m = &want->monitors[i];
		xcb_randr_mode_t mode =
				find_mode(modes, mode_count, (uint16_t)m->width_px, (uint16_t)m->height_px);

		xcb_randr_add_output_mode(c, screens->outputs[i], mode);
		if (!set_crtc(screens, (int)i, (int16_t)(m->x - left), (int16_t)(m->y - top), mode))
			good = false;
		if (m->flags & LINK_MONITOR_PRIMARY)
			xcb_randr_set_output_primary(c, screens->display->root, screens->outputs[i]);
	}
	return good;
}

/* The driver takes a new size only while no monitor reaches beyond it, so all of
 * them go dark first; the grab keeps programs from seeing that. */
static bool apply(struct screens *screens, const struct link_layout *want)
{
	struct screens_mode modes[LINK_MONITORS_MAX];
	int mode_count = gather_modes(screens, want, modes);
	uint32_t width, height;
	bool good;

	link_layout_bounds(want, &width, &height, NULL, NULL);
	xcb_grab_server(screens->display->conn);
	for (int i = 0; i < screens->count; i++)
		set_crtc(screens, i, 0, 0, XCB_NONE);
	good = set_size(screens, width, height);
	if (good)
		good = set_monitors(screens, want, modes, mode_count);
	xcb_ungrab_server(screens->display->conn);
	replace_modes(screens, modes, mode_count);
	return good;
}

static bool same_monitors(const struct link_layout *a, const struct link_layout *b)
{
	bool same = a->count == b->count;

	for (uint32_t i = 0; same && i < a->count; i++) {
		const struct link_monitor *m = &a->monitors[i], *n = &b->monitors[i];

		same = m->x == n->x && m->y == n->y && m->width_px == n->width_px &&
				m->height_px == n->height_px && m->flags == n->flags;
	}
	return same;
}

int screens_set(struct screens *screens, const struct link_layout *want)
{
	struct link_layout before = screens->layout;
	uint32_t width, height;
	bool good;

	link_layout_bounds(want, &width, &height, NULL, NULL);
	if (want->count > (uint32_t)screens->count || width < SCREEN_MIN_PX || height < SCREEN_MIN_PX ||
			width > LINK_SIZE_MAX_PX || height > LINK_SIZE_MAX_PX)
		return ERR_ARGUMENT;
	if (same_monitors(want, &screens->layout))
		return 0; /* nothing flickers when a session comes back */
	good = apply(screens, want);
	if (!good) {
		log_warn("the X server refused a layout of %ux%u", width, height);
		good = apply(screens, &before);
	}
	screens_read(screens);
	return good ? 0 : ERR_IO;
}

/* One monitor for each output that shows something. */
static void read_monitors(struct screens *screens, struct link_layout *layout, xcb_randr_output_t primary)
{
	xcb_connection_t *c = screens->display->conn;
	xcb_randr_get_crtc_info_cookie_t cookies[LINK_MONITORS_MAX];

	for (int i = 0; i < screens->count; i++)
		cookies[i] = xcb_randr_get_crtc_info(c, screens->crtcs[i], XCB_CURRENT_TIME);
	for (int i = 0; i < screens->count; i++) {
		xcb_randr_get_crtc_info_reply_t *info = xcb_randr_get_crtc_info_reply(c, cookies[i], NULL);

		if (info && info->mode != XCB_NONE && info->width <= LINK_SIZE_MAX_PX &&
				info->height <= LINK_SIZE_MAX_PX)
			layout->monitors[layout->count++] = (struct link_monitor){
				.x = info->x,
				.y = info->y,
				.width_px = info->width,
				.height_px = info->height,
				.scale_percent = 100,
				.flags = screens->outputs[i] == primary ? LINK_MONITOR_PRIMARY : 0,
			};
		free(info);
	}
}

/* The link places monitors relative to the primary one; where that one is in the
 * root window comes back in x and y. */
static void place_by_primary(struct link_layout *layout, int32_t *x, int32_t *y)
{
	uint32_t primary = 0;

	for (uint32_t i = 0; i < layout->count; i++) {
		if (layout->monitors[i].flags & LINK_MONITOR_PRIMARY)
			primary = i;
	}
	layout->monitors[primary].flags = LINK_MONITOR_PRIMARY;
	*x = layout->monitors[primary].x;
	*y = layout->monitors[primary].y;
	for (uint32_t i = 0; i < layout->count; i++) {
		layout->monitors[i].x -= *x;
		layout->monitors[i].y -= *y;
	}
}

static xcb_randr_output_t read_primary(struct screens *screens)
{
	xcb_connection_t *c = screens->display->conn;
	xcb_randr_get_output_primary_reply_t *reply = xcb_randr_get_output_primary_reply(
			c, xcb_randr_get_output_primary(c, screens->display->root), NULL);
	xcb_randr_output_t output = reply ? reply->output : XCB_NONE;

	free(reply);
	return output;
}

/* For when a program has switched off every output, or arranged them in a way
 * that the link cannot say: the root window is one monitor. */
static struct link_layout read_root(struct screens *screens)
{
	xcb_connection_t *c = screens->display->conn;
	xcb_get_geometry_reply_t *reply =
			xcb_get_geometry_reply(c, xcb_get_geometry(c, screens->display->root), NULL);
	uint32_t width = reply ? reply->width : SCREEN_MIN_PX, height = reply ? reply->height : SCREEN_MIN_PX;

	free(reply);
	return link_layout_single(width < LINK_SIZE_MAX_PX ? width : LINK_SIZE_MAX_PX,
			height < LINK_SIZE_MAX_PX ? height : LINK_SIZE_MAX_PX);
}

bool screens_read(struct screens *screens)
{
	struct link_layout layout = { 0 }, before = screens->layout;
	int32_t x = 0, y = 0, left = 0, top = 0;
	uint32_t width, height;

	read_monitors(screens, &layout, read_primary(screens));
	if (layout.count > 0)
		place_by_primary(&layout, &x, &y);
	if (link_layout_check(&layout) == 0) {
		link_layout_bounds(&layout, &width, &height, &left, &top);
	} else {
		layout = read_root(screens);
		x = y = 0;
	}
	screens->left = (int16_t)(x + left);
	screens->top = (int16_t)(y + top);
	screens->layout = layout;
	return memcmp(&before, &layout, sizeof layout) != 0;
}
