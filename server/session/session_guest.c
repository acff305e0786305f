/* The connection's desktop: attached once the log-in is done, then what it tells. */
#include "session_parts.h"
#include <base/loop.h>
#include <base/text.h>
#include <freerdp/error.h>
#include <stdio.h>

enum {
	LAYOUT_TIMEOUT_MS = 8000, /* a guest answers within milliseconds; FreeRDP's clients wait 9 s */
};

static void on_layout(void *user, const struct link_layout *layout)
{
	session_take_layout(user, layout);
}

static void on_frame(void *user, const struct link_frame *frame)
{
	struct session *s = user;

	pictures_on_frame(s->pictures, frame, guest_picture(s->guest));
	session_advance(s);
}

static void on_cursor(void *user, const struct link_cursor *shape, const uint8_t *pixels)
{
	struct session *s = user;

	if (cursor_set(s->cursor, shape, pixels) < 0)
		session_fail(s, ERRINFO_OUT_OF_MEMORY, "no memory for the cursor");
	session_send_cursor(s);
}

static void on_cursor_moved(void *user, uint32_t x, uint32_t y)
{
	struct session *s = user;

	cursor_move(s->cursor, x, y);
	session_send_cursor(s);
}

static void on_gone(void *user, uint32_t reason, const char *text)
{
	struct session *s = user;
	char why[160];

	switch (reason) {
	case LINK_BYE_TAKEN_OVER:
		snprintf(why, sizeof why, "taken over by a connection from %s", text);
		session_fail(s, ERRINFO_DISCONNECTED_BY_OTHER_CONNECTION, why);
		break;
	case LINK_BYE_ENDED: session_fail(s, ERRINFO_LOGOFF_BY_USER, "the desktop session ended"); break;
	default:
		snprintf(why, sizeof why, "the desktop was lost: %s", text);
		session_fail(s, ERRINFO_CLOSE_STACK_ON_DRIVER_FAILURE, why);
		break;
	}
}

bool session_attach_guest(struct session *s, rdpSettings *settings)
{
	const struct guest_handlers handlers = { .on_layout = on_layout,
		.on_frame = on_frame,
		.on_cursor = on_cursor,
		.on_cursor_moved = on_cursor_moved,
		.on_gone = on_gone,
		.user = s };
	struct link_hello hello = { .version = LINK_VERSION };
	struct link_layout monitors = layout_of_client(settings);
	struct control_attach wish;
	bool shared;
	int fd;

	link_layout_bounds(&monitors, &wish.width_px, &wish.height_px, NULL, NULL);
	wish.scale_percent = monitors.monitors[0].scale_percent;
	fd = login_attach(&s->login, &wish, &shared);
	if (fd < 0)
		return false;
	hello.flags = shared ? LINK_HELLO_SHARED : 0;
	text_copy(hello.from, sizeof hello.from, s->options->address);
	s->guest = guest_create(s->event, fd, &hello, &handlers);
	if (!s->guest)
		return false;
	input_send_keymap(&s->input, settings);
	layout_wish(&s->layout, &monitors);
	return true;
}

bool session_settle_layout(struct session *s, rdpSettings *settings)
{
	uint64_t end_us = loop_now_us() + LAYOUT_TIMEOUT_MS * 1000u;
	uint32_t width_px, height_px;

	while (layout_is_open(&s->layout) && loop_now_us() < end_us &&
			guest_turn(s->guest, LAYOUT_TIMEOUT_MS))
		;
	if (layout_is_open(&s->layout) || !s->layout.now.count) {
		s->login.refusal = "the desktop does not answer";
		return false;
	}
	link_layout_bounds(&s->layout.now, &width_px, &height_px, NULL, NULL);
	return freerdp_settings_set_uint32(settings, FreeRDP_DesktopWidth, width_px) &&
			freerdp_settings_set_uint32(settings, FreeRDP_DesktopHeight, height_px);
}
