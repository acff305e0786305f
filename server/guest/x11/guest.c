#include "guest.h"
#include "cursor.h"
#include <base/log.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <xcb/damage.h>

static void *on_buffer_attach(void *user, int memfd, const struct link_buffer *buffer)
{
	struct guest *guest = user;

	return picture_buffer_create(&guest->picture, memfd, buffer);
}

static void on_buffer_detach(void *user, void *handle)
{
	struct guest *guest = user;

	picture_buffer_destroy(&guest->picture, handle);
}

/* A program may warp the pointer; there is no event for that, but it paints
 * something as a rule, so each copy looks. */
static void note_pointer(struct guest *guest, const struct picture_pointer *now)
{
	struct pointer *pointer = &guest->input.pointer;
	int x = now->x - guest->picture.left, y = now->y - guest->picture.top;

	if ((now->x == pointer->x && now->y == pointer->y) || x < 0 || y < 0)
		return;
	pointer->x = now->x;
	pointer->y = now->y;
	guest_link_cursor_moved(guest->link, (uint32_t)x, (uint32_t)y);
}

static int on_capture(void *user, void *handle, const struct link_rect *rects, size_t count)
{
	struct guest *guest = user;
	struct picture_pointer pointer;
	int err = picture_capture(&guest->picture, handle, rects, count, &pointer);

	if (err == 0)
		note_pointer(guest, &pointer);
	return err;
}

/* The layout in force, in the link's terms. */
static struct link_layout present_layout(const struct guest *guest, uint32_t serial)
{
	struct link_layout layout = guest->screens.layout;

	layout.serial = serial;
	for (uint32_t i = 0; i < layout.count; i++)
		layout.monitors[i].scale_percent = guest->scale.percent;
	return layout;
}

static void take_origin(struct guest *guest)
{
	guest->picture.left = guest->screens.left;
	guest->picture.top = guest->screens.top;
}

static uint32_t primary_scale(const struct link_layout *layout)
{
	for (uint32_t i = 0; i < layout->count; i++) {
		if (layout->monitors[i].flags & LINK_MONITOR_PRIMARY)
			return layout->monitors[i].scale_percent;
	}
	return 100;
}

static int on_layout_set(void *user, const struct link_layout *want)
{
	struct guest *guest = user;
	struct link_layout layout;

	if (screens_set(&guest->screens, want) == 0)
		scale_set(&guest->scale, primary_scale(want));
	take_origin(guest);
	layout = present_layout(guest, want->serial);
	guest_link_layout_changed(guest->link, &layout);
	return 0;
}

static void on_key(void *user, const struct link_key *key)
{
	struct guest *guest = user;

	input_submit(&guest->input, INPUT_KEY, key->scancode, key->flags);
}

static void on_unicode(void *user, uint32_t code_point)
{
	struct guest *guest = user;

	input_submit(&guest->input, INPUT_TEXT, code_point, 0);
}

static void on_pointer(void *user, uint32_t x, uint32_t y)
{
	struct guest *guest = user;

	input_submit(&guest->input, INPUT_POINTER, x + (uint32_t)guest->picture.left,
			y + (uint32_t)guest->picture.top);
}

static void on_button(void *user, enum link_button_name button, bool down)
{
	struct guest *guest = user;

	input_submit(&guest->input, INPUT_BUTTON, button, down);
}

static void on_wheel(void *user, int32_t vertical_120, int32_t horizontal_120)
{
	struct guest *guest = user;

	input_submit(&guest->input, INPUT_WHEEL, (uint32_t)vertical_120, (uint32_t)horizontal_120);
}

static void on_locks(void *user, uint32_t flags)
{
	struct guest *guest = user;

	input_submit(&guest->input, INPUT_LOCKS, flags, 0);
}

static void on_keymap(void *user, const struct link_keymap *keymap)
{
	struct guest *guest = user;

	input_submit(&guest->input, INPUT_LAYOUT, keymap->klid, 0);
}

static void on_attended(void *user, bool attended)
{
	struct guest *guest = user;

	picture_watch(&guest->picture, attended);
}

static const struct guest_ops ops = {
	.kind = "x11",
	.buffer_attach = on_buffer_attach,
	.buffer_detach = on_buffer_detach,
	.capture = on_capture,
	.layout_set = on_layout_set,
	.key = on_key,
	.unicode = on_unicode,
	.pointer = on_pointer,
	.button = on_button,
	.wheel = on_wheel,
	.locks = on_locks,
	.keymap = on_keymap,
	.attended = on_attended,
};

static void on_x_event(struct guest *guest, const xcb_generic_event_t *event)
{
	enum keymap_change change = keymap_event(&guest->input.keyboard.keymap, event);
	uint8_t type = event->response_type & 0x7f;
	struct link_rect rect;

	if (type == guest->display.damage_event + XCB_DAMAGE_NOTIFY) {
		guest->damaged = true;
		if (picture_on_damage(&guest->picture, event, &rect))
			guest_link_damage(guest->link, &rect, 1);
	} else if (cursor_is_event(&guest->display, type)) {
		guest->cursor_stale = true;
	} else if (screens_is_event(&guest->screens, type)) {
		guest->screens_stale = true;
	} else if (change != KEYMAP_SAME) {
		if (change > guest->keymap_change)
			guest->keymap_change = change;
	} else if (scale_is_event(&guest->scale, event)) {
		guest->scale_stale = true;
	}
	/* Errors of unchecked requests (event 0) come of windows and modes that went
	 * away in between. */
}

static void send_cursor(struct guest *guest)
{
	struct cursor_image image;

	if (cursor_fetch(&guest->display, &image) < 0 ||
			guest_link_cursor(guest->link, &image.head, image.pixels) < 0)
		log_warn("a change of the cursor is lost");
	cursor_release(&image);
}

static void send_layout(struct guest *guest)
{
	struct link_layout layout;

	if (!screens_read(&guest->screens))
		return;
	take_origin(guest);
	layout = present_layout(guest, 0);
	guest_link_layout_changed(guest->link, &layout);
}

/* Does what a batch of events asks for, once. */
static void settle(struct guest *guest)
{
	if (guest->damaged)
		picture_rearm(&guest->picture);
	if (guest->screens_stale)
		send_layout(guest);
	if (guest->cursor_stale)
		send_cursor(guest);
	if (guest->keymap_change != KEYMAP_SAME)
		keyboard_reread(&guest->input.keyboard, guest->keymap_change);
	if (guest->scale_stale)
		scale_apply(&guest->scale);
	guest->damaged = guest->screens_stale = guest->cursor_stale = false;
	guest->scale_stale = false;
	guest->keymap_change = KEYMAP_SAME;
}

/* Until nothing is left: settling waits for answers, and events come with them. */
static void drain(struct guest *guest, xcb_generic_event_t *(*next)(xcb_connection_t *))
{
	xcb_generic_event_t *event = next(guest->display.conn);

	while (event) {
		while (event) {
			on_x_event(guest, event);
			free(event);
			event = xcb_poll_for_queued_event(guest->display.conn);
		}
		settle(guest);
		event = xcb_poll_for_queued_event(guest->display.conn);
	}
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct guest *guest = user;

	drain(guest, xcb_poll_for_event);
	if (xcb_connection_has_error(guest->display.conn))
		sd_event_exit(guest->event, GUEST_EXIT_XORG);
	return 0;
}

/* Before the loop waits: events that came along with answers, and one write for all
 * that this turn has asked of the server. */
static int on_prepare(sd_event_source *source, void *user)
{
	struct guest *guest = user;

	drain(guest, xcb_poll_for_queued_event);
	xcb_flush(guest->display.conn);
	return 0;
}

static int watch_connection(struct guest *guest)
{
	int fd = xcb_get_file_descriptor(guest->display.conn);

	if (sd_event_add_io(guest->event, &guest->io, fd, EPOLLIN, on_readable, guest) < 0 ||
			sd_event_source_set_prepare(guest->io, on_prepare) < 0)
		return ERR_MEMORY;
	return 0;
}

static int join_display(struct guest *guest, const struct link_layout *want)
{
	struct display *display = &guest->display;
	int err = display_open(display);

	if (err == 0)
		err = screens_init(&guest->screens, display);
	if (err == 0 && screens_set(&guest->screens, want) < 0)
		log_warn("the X server keeps its own size");
	if (err == 0)
		err = picture_init(&guest->picture, display);
	if (err == 0)
		err = input_init(&guest->input, display, guest->event);
	if (err < 0) {
		log_error("the X server does not work with this guest: %s", err_text(err));
		return err;
	}
	take_origin(guest);
	cursor_watch(display);
	scale_init(&guest->scale, display, primary_scale(want));
	return 0;
}

int guest_init(struct guest *guest, sd_event *event, const struct link_layout *want)
{
	*guest = (struct guest){ .event = event };
	return join_display(guest, want);
}

int guest_serve(struct guest *guest, const char *path)
{
	struct link_layout layout = present_layout(guest, 0);

	guest->link = guest_link_create(guest->event, path, &ops, guest, &layout);
	if (!guest->link)
		return ERR_IO;
	send_cursor(guest);
	return watch_connection(guest);
}

void guest_finish(struct guest *guest)
{
	guest_link_destroy(guest->link);
	guest->io = sd_event_source_disable_unref(guest->io);
	input_finish(&guest->input);
	display_close(&guest->display);
}
