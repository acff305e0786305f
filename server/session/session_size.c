/* The desktop's size: what the client wishes, what the guest has, and the steps from one
 * to the other. */
#include "session_parts.h"
#include <freerdp/error.h>

bool session_enter_layout(struct session *s)
{
	uint32_t width_px, height_px;
	int err;

	link_layout_bounds(&s->layout.now, &width_px, &height_px, NULL, NULL);
	s->resizing = false;
	s->input.width_px = s->status.record.width_px = width_px;
	s->input.height_px = s->status.record.height_px = height_px;
	err = guest_lend(s->guest, width_px, height_px);
	if (err == 0)
		err = pictures_resize(s->pictures, &s->layout.now);
	if (err < 0) {
		session_fail(s, ERRINFO_OUT_OF_MEMORY, "no memory for the desktop's picture");
		return false;
	}
	if (s->activated)
		status_write(&s->status);
	session_flush(s);
	pictures_hold(s->pictures, s->unwanted);
	return true;
}

void session_try_resize(struct session *s)
{
	uint32_t width_px, height_px;

	if (!s->resizing || s->reactivating || !s->activated || layout_is_open(&s->layout) || !s->sink)
		return;
	if (s->pipeline) {
		session_enter_layout(s);
		return;
	}
	if (!freerdp_settings_get_bool(rdp_context(s->rdp)->settings, FreeRDP_DesktopResize)) {
		session_fail(s, ERRINFO_RPC_INITIATED_DISCONNECT,
				"the desktop's size changed and this client cannot follow");
		return;
	}
	link_layout_bounds(&s->layout.now, &width_px, &height_px, NULL, NULL);
	s->reactivating = true;
	if (rdp_resize(s->rdp, width_px, height_px) < 0)
		session_fail(s, 0, "cannot resize the desktop");
	rdp_written(s->rdp);
}

/* The size went away and came back before the guest could say so: it has dropped the
 * memory that it was lent. */
static void lend_again(struct session *s)
{
	struct guest_picture picture = guest_picture(s->guest);

	if (guest_lend(s->guest, picture.width_px, picture.height_px) < 0)
		session_fail(s, ERRINFO_OUT_OF_MEMORY, "no memory for the desktop's picture");
	else
		pictures_pull_again(s->pictures);
}

void session_take_layout(struct session *s, const struct link_layout *layout)
{
	bool changed = layout_take(&s->layout, layout);

	if (!s->activated)
		return;
	if (!changed && !s->resizing) {
		lend_again(s);
		return;
	}
	s->resizing = true;
	pictures_hold(s->pictures, true);
	session_advance(s);
}

static bool can_resize(struct session *s)
{
	return s->pipeline || freerdp_settings_get_bool(rdp_context(s->rdp)->settings, FreeRDP_DesktopResize);
}

void session_wish_layout(struct session *s, const struct link_layout *wish)
{
	if (s->guest && can_resize(s))
		layout_wish(&s->layout, wish);
}

bool session_size_is_told(struct session *s)
{
	const rdpSettings *settings = rdp_context(s->rdp)->settings;
	uint32_t width_px, height_px;

	link_layout_bounds(&s->layout.now, &width_px, &height_px, NULL, NULL);
	return freerdp_settings_get_uint32(settings, FreeRDP_DesktopWidth) == width_px &&
			freerdp_settings_get_uint32(settings, FreeRDP_DesktopHeight) == height_px;
}
