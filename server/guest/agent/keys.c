/* oriel-guest-keys: runs inside a virtual machine (as /usr/lib/oriel/keys) beside an X
 * desktop, and does what the machine's virtual devices cannot: loads the client's
 * keyboard layout, sets lock keys, types any character, turns the horizontal wheel. Reads
 * lines of the agent (proto/agent.h) on its standard input, and says on its standard
 * output how much it has typed; ends with them, or with the X server. */
#include <base/log.h>
#include <base/loop.h>
#include <errno.h>
#include <fcntl.h>
#include <input.h>
#include <proto/agent.h>
#include <stdlib.h>
#include <unistd.h>
#include <xcb/xkb.h>
#include <xcb/xtest.h>

struct keys {
	sd_event *event;
	struct display display;
	struct input input;
	struct agent_lines lines;
	uint32_t taken, told; /* characters */
};

/* Less than display_open wants: no pictures are taken here. */
static int open_display(struct display *display)
{
	const xcb_query_extension_reply_t *xkb, *test;
	xcb_xkb_use_extension_reply_t *use;
	bool used;

	*display = (struct display){ .conn = xcb_connect(NULL, NULL) };
	if (xcb_connection_has_error(display->conn))
		return ERR_MISSING;
	display->screen = xcb_setup_roots_iterator(xcb_get_setup(display->conn)).data;
	display->root = display->screen->root;
	xkb = xcb_get_extension_data(display->conn, &xcb_xkb_id);
	test = xcb_get_extension_data(display->conn, &xcb_test_id);
	use = xcb_xkb_use_extension_reply(display->conn, xcb_xkb_use_extension(display->conn, 1, 0), NULL);
	used = use;
	free(use);
	if (!xkb || !xkb->present || !test || !test->present || !used)
		return ERR_ARGUMENT;
	display->xkb_event = xkb->first_event;
	return 0;
}

static void take(struct keys *keys, const struct agent_message *msg)
{
	switch (msg->type) {
	case AGENT_KEYMAP: input_submit(&keys->input, INPUT_LAYOUT, msg->klid, 0); break;
	case AGENT_LOCKS: input_submit(&keys->input, INPUT_LOCKS, msg->locks, 0); break;
	case AGENT_WHEEL: input_submit(&keys->input, INPUT_WHEEL, 0, (uint32_t)msg->horizontal_120); break;
	case AGENT_TEXT:
		input_submit(&keys->input, INPUT_TEXT, msg->code_point, 0);
		keys->taken++;
		break;
	default: break;
	}
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct keys *keys = user;
	struct agent_message msg;
	char bytes[512];
	size_t len;
	ssize_t n = read(fd, bytes, sizeof bytes);

	for (ssize_t i = 0; i < n; i++) {
		if (agent_lines_take(&keys->lines, bytes[i], &len) &&
				agent_parse(&msg, keys->lines.line, len) == 0)
			take(keys, &msg);
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		sd_event_exit(keys->event, 0);
	xcb_flush(keys->display.conn);
	return 0;
}

static int on_display(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct keys *keys = user;
	struct keyboard *keyboard = &keys->input.keyboard;
	enum keymap_change change = KEYMAP_SAME;
	xcb_generic_event_t *event;

	while ((event = xcb_poll_for_event(keys->display.conn))) {
		enum keymap_change now = keymap_event(&keyboard->keymap, event);

		change = now > change ? now : change;
		free(event);
	}
	if (change != KEYMAP_SAME)
		keyboard_reread(keyboard, change);
	if (xcb_connection_has_error(keys->display.conn))
		sd_event_exit(keys->event, 0);
	return 0;
}

/* Only what the X server has done is typed: a key of the machine's keyboard would else
 * come before it. */
static void tell_typed(struct keys *keys)
{
	struct agent_message msg = { .type = AGENT_TYPED, .typed = keys->taken };
	xcb_connection_t *conn = keys->display.conn;
	char line[AGENT_LINE_MAX];
	int len = agent_write(&msg, line, sizeof line);

	free(xcb_get_input_focus_reply(conn, xcb_get_input_focus(conn), NULL));
	keys->told = keys->taken;
	if (len < 0 || write(STDOUT_FILENO, line, (size_t)len) != len)
		sd_event_exit(keys->event, 0);
}

/* Replies that were waited for may have brought events along, and text that waited
 * has made requests. */
static int on_turn(sd_event_source *source, void *user)
{
	struct keys *keys = user;

	if (keys->input.count == 0 && keys->told != keys->taken)
		tell_typed(keys);
	on_display(source, -1, 0, user);
	xcb_flush(keys->display.conn);
	return 0;
}

static int run(struct keys *keys)
{
	sd_event_source *turn = NULL;

	keys->event = loop_create();
	if (!keys->event || input_init(&keys->input, &keys->display, keys->event) < 0 ||
			fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) < 0 ||
			sd_event_add_io(keys->event, NULL, STDIN_FILENO, EPOLLIN, on_input, keys) < 0 ||
			sd_event_add_io(keys->event, NULL, xcb_get_file_descriptor(keys->display.conn),
					EPOLLIN, on_display, keys) < 0 ||
			sd_event_add_post(keys->event, &turn, on_turn, keys) < 0)
		return EXIT_FAILURE;
	xcb_flush(keys->display.conn);
	return sd_event_loop(keys->event) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(void)
{
	static struct keys keys;

	log_init("keys", LOG_LEVEL_INFO);
	/* Quietly: the desktop may not be there yet. */
	if (open_display(&keys.display) < 0)
		return EXIT_FAILURE;
	return run(&keys);
}
