#include "scale.h"
#include "published.h"
#include <stdlib.h>
#include <string.h>

enum {
	PROPERTY_MAX = 1 << 20, /* bytes; real ones have a few thousand */
	DPI_UNIT = 1024,
	DPI_MAX_1024 = 2000 * DPI_UNIT, /* more, or negative, says that there is none */
	OWNER_EVENTS = XCB_EVENT_MASK_PROPERTY_CHANGE | XCB_EVENT_MASK_STRUCTURE_NOTIFY,
};

static void select_events(struct scale *scale, xcb_window_t window, uint32_t mask)
{
	xcb_change_window_attributes(scale->display->conn, window, XCB_CW_EVENT_MASK, &mask);
}

void scale_init(struct scale *scale, struct display *display, uint32_t percent)
{
	*scale = (struct scale){ .display = display, .percent = percent };
	scale->selection = display_atom(display, "_XSETTINGS_S0");
	scale->property = display_atom(display, "_XSETTINGS_SETTINGS");
	scale->manager = display_atom(display, "MANAGER");
	scale->resources = XCB_ATOM_RESOURCE_MANAGER;
	/* A new manager says so to the root window. */
	select_events(scale, display->root, OWNER_EVENTS);
	scale_apply(scale);
}

void scale_set(struct scale *scale, uint32_t percent)
{
	if (percent == scale->percent)
		return;
	scale->percent = percent;
	scale_apply(scale);
}

bool scale_is_event(const struct scale *scale, const xcb_generic_event_t *event)
{
	const xcb_property_notify_event_t *changed = (const void *)event;
	const xcb_client_message_event_t *message = (const void *)event;
	const xcb_destroy_notify_event_t *gone = (const void *)event;

	switch (event->response_type & 0x7f) {
	case XCB_PROPERTY_NOTIFY:
		return changed->atom == scale->property || changed->atom == scale->resources;
	case XCB_CLIENT_MESSAGE: return message->type == scale->manager;
	case XCB_DESTROY_NOTIFY: return gone->window == scale->owner;
	default: return false;
	}
}

static xcb_get_property_reply_t *read_property(struct scale *scale, xcb_window_t window, xcb_atom_t name)
{
	xcb_connection_t *c = scale->display->conn;

	return xcb_get_property_reply(c,
			xcb_get_property(c, 0, window, name, XCB_GET_PROPERTY_TYPE_ANY, 0, PROPERTY_MAX / 4),
			NULL);
}

static void find_owner(struct scale *scale)
{
	xcb_connection_t *c = scale->display->conn;
	xcb_get_selection_owner_reply_t *reply =
			xcb_get_selection_owner_reply(c, xcb_get_selection_owner(c, scale->selection), NULL);
	xcb_window_t owner = reply ? reply->owner : XCB_NONE;

	free(reply);
	if (owner != scale->owner && owner != XCB_NONE)
		select_events(scale, owner, OWNER_EVENTS);
	scale->owner = owner;
}

static void put_u32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* The serial numbers tell some toolkits which settings are new. */
static void write_dpi(struct scale *scale, uint8_t *data, size_t len, const struct published_int *found,
		uint32_t value)
{
	enum { SERIAL_AT = 4 };
	uint32_t serial;

	memcpy(&serial, data + SERIAL_AT, sizeof serial);
	put_u32(data + SERIAL_AT, serial + 1);
	put_u32(data + found->changed_at, serial + 1);
	put_u32(data + found->value_at, value);
	xcb_change_property(scale->display->conn, XCB_PROP_MODE_REPLACE, scale->owner, scale->property,
			scale->property, 8, (uint32_t)len, data);
	scale->made_dpi_1024 = value;
}

static void apply_settings(struct scale *scale)
{
	xcb_get_property_reply_t *reply;
	struct published_int found;
	uint32_t target;
	size_t len;

	find_owner(scale);
	if (scale->owner == XCB_NONE)
		return;
	reply = read_property(scale, scale->owner, scale->property);
	len = reply ? (size_t)xcb_get_property_value_length(reply) : 0;
	if (len > 0 && published_find_int(xcb_get_property_value(reply), len, "Xft/DPI", &found) == 0 &&
			found.value <= DPI_MAX_1024) {
		/* Not what we wrote: the desktop has a value of its own. */
		if (found.value != scale->made_dpi_1024)
			scale->own_dpi_1024 = found.value;
		target = (uint32_t)((uint64_t)scale->own_dpi_1024 * scale->percent / 100);
		if (target != found.value)
			write_dpi(scale, xcb_get_property_value(reply), len, &found, target);
	}
	free(reply);
}

static void apply_resources(struct scale *scale)
{
	uint32_t own = scale->own_dpi_1024 ? scale->own_dpi_1024 / DPI_UNIT : SCALE_DEFAULT_DPI;
	xcb_get_property_reply_t *reply;
	char *fresh;

	if (scale->percent == 100 && !scale->resources_made)
		return; /* as the user has it */
	reply = read_property(scale, scale->display->root, scale->resources);
	if (!reply)
		return;
	fresh = published_set_resource(xcb_get_property_value(reply),
			(size_t)xcb_get_property_value_length(reply), "Xft.dpi", own * scale->percent / 100);
	if (fresh)
		xcb_change_property(scale->display->conn, XCB_PROP_MODE_REPLACE, scale->display->root,
				scale->resources, XCB_ATOM_STRING, 8, (uint32_t)strlen(fresh), fresh);
	scale->resources_made = scale->percent != 100;
	free(fresh);
	free(reply);
}

void scale_apply(struct scale *scale)
{
	apply_settings(scale);
	apply_resources(scale);
}
