/* The desktop that comes without --desktop: Xfce, for a user whose own settings are
 * at odds with a remote desktop. */
#include "x11_stage.h"
#include <base/loop.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	NAME_CAP = 256,
	LATENCY_ROUNDS = 60,
};

static struct stage stage;

#define SAVED_MONITOR                                                                                        \
	"<property name=\"DUMMY0\" type=\"string\" value=\"DUMMY0\">"                                        \
	"<property name=\"Active\" type=\"bool\" value=\"true\"/>"                                           \
	"<property name=\"EDID\" type=\"string\" value=\"\"/>"                                               \
	"<property name=\"Resolution\" type=\"string\" value=\"1024x768\"/>"                                 \
	"<property name=\"RefreshRate\" type=\"double\" value=\"60.0\"/>"                                    \
	"<property name=\"Rotation\" type=\"int\" value=\"0\"/>"                                             \
	"<property name=\"Reflection\" type=\"string\" value=\"0\"/>"                                        \
	"<property name=\"Primary\" type=\"bool\" value=\"true\"/>"                                          \
	"<property name=\"Position\" type=\"empty\"><property name=\"X\" type=\"int\" value=\"0\"/>"         \
	"<property name=\"Y\" type=\"int\" value=\"0\"/></property></property>"

/* The user's Xfce sets a French keyboard, waits for a refresh, repeats keys and has
 * saved a size of the monitor. */
static void write_user_settings(void)
{
	static const char *const folders[] = { ".config", ".config/xfce4", ".config/xfce4/xfconf",
		".config/xfce4/xfconf/xfce-perchannel-xml" };
	static const struct {
		const char *channel, *section, *values;
	} files[] = {
		{ "keyboard-layout", "Default",
				"<property name=\"XkbDisable\" type=\"bool\" value=\"false\"/>"
				"<property name=\"XkbLayout\" type=\"string\" value=\"fr\"/>" },
		{ "keyboards", "Default", "<property name=\"KeyRepeat\" type=\"bool\" value=\"true\"/>" },
		{ "displays", "Default", SAVED_MONITOR },
		{ "xfwm4", "general", "<property name=\"vblank_mode\" type=\"string\" value=\"auto\"/>" },
	};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		snprintf(path, sizeof path, "%s/%s", stage.dir, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
		stage_own(path);
	}
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		FILE *file;

		snprintf(path, sizeof path, "%s/%s/%s.xml", stage.dir, folders[3], files[i].channel);
		file = fopen(path, "w");
		assert_non_null(file);
		fprintf(file,
				"<?xml version=\"1.0\" encoding=\"UTF-8\"?><channel name=\"%s\" version=\"1.0\">"
				"<property name=\"%s\" type=\"empty\">%s</property></channel>",
				files[i].channel, files[i].section, files[i].values);
		assert_int_equal(fclose(file), 0);
		stage_own(path);
	}
}

static xcb_atom_t atom(const char *name)
{
	xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(
			stage.conn, xcb_intern_atom(stage.conn, 0, (uint16_t)strlen(name), name), NULL);
	xcb_atom_t value = reply->atom;

	free(reply);
	return value;
}

/* Up to cap bytes; returns how many. */
static size_t property(xcb_window_t window, const char *name, void *dst, size_t cap)
{
	xcb_get_property_reply_t *reply = xcb_get_property_reply(stage.conn,
			xcb_get_property(stage.conn, 0, window, atom(name), XCB_GET_PROPERTY_TYPE_ANY, 0,
					(uint32_t)cap / 4),
			NULL);
	size_t len = reply ? (size_t)xcb_get_property_value_length(reply) : 0;

	if (len)
		memcpy(dst, xcb_get_property_value(reply), len);
	free(reply);
	return len;
}

static xcb_window_t owner(const char *selection)
{
	xcb_get_selection_owner_reply_t *reply = xcb_get_selection_owner_reply(
			stage.conn, xcb_get_selection_owner(stage.conn, atom(selection)), NULL);
	xcb_window_t window = reply ? reply->owner : XCB_NONE;

	free(reply);
	return window;
}

static bool has_window_of_type(const char *type)
{
	xcb_window_t windows[64];
	size_t count = property(stage.screen->root, "_NET_CLIENT_LIST", windows, sizeof windows) / 4;
	xcb_atom_t want = atom(type), got = XCB_NONE;

	for (size_t i = 0; i < count && got != want; i++) {
		if (property(windows[i], "_NET_WM_WINDOW_TYPE", &got, 4) != 4)
			got = XCB_NONE;
	}
	return got == want;
}

static bool is_up(void)
{
	return owner("_NET_WM_CM_S0") && owner("_XSETTINGS_S0") &&
			has_window_of_type("_NET_WM_WINDOW_TYPE_DOCK") &&
			has_window_of_type("_NET_WM_WINDOW_TYPE_DESKTOP");
}

static bool terminal_is_active(void)
{
	xcb_window_t window = XCB_NONE;
	char class[NAME_CAP] = "";

	return property(stage.screen->root, "_NET_ACTIVE_WINDOW", &window, 4) == 4 && window &&
			property(window, "WM_CLASS", class, sizeof class - 4) > 0 &&
			strcmp(class, "xterm") == 0;
}

/* Looks again and again: not all of it comes with an event. */
static void await(bool (*condition)(void))
{
	uint64_t end_us = loop_now_us() + STAGE_TIMEOUT_MS * 1000ull;

	while (!condition()) {
		assert_true(loop_now_us() < end_us);
		poll(NULL, 0, 10);
	}
}

static int setup(void **state)
{
	stage_prepare(&stage);
	write_user_settings();
	stage_start(&stage, NULL, "1280x800");
	/* As a session does: long before Xfce looks at the keyboard. */
	stage_keymap(&stage, 0x407);
	await(is_up);
	return 0;
}

static int teardown(void **state)
{
	stage_finish(&stage);
	return 0;
}

/* A FIFO in the folder; what the desktop writes there comes back. */
static int make_fifo(char *path, size_t cap, const char *name)
{
	int fd;

	snprintf(path, cap, "%s/%s", stage.dir, name);
	assert_int_equal(mkfifo(path, 0600), 0);
	stage_own(path);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void test_size_is_the_clients(void **state)
{
	struct link_layout want = link_layout_single(1280, 800);

	stage_full_frame(&stage);
	assert_memory_equal(stage.peer.layout.monitors, want.monitors, sizeof *want.monitors);
	assert_int_equal(stage.peer.layouts, 1);
}

static void test_settings_of_a_remote_desktop_win(void **state)
{
	char path[96], command[512];
	int fd = make_fifo(path, sizeof path, "settings");

	snprintf(command, sizeof command,
			"exec >%s; xfconf-query -c xfwm4 -p /general/vblank_mode; "
			"xfconf-query -c keyboards -p /Default/KeyRepeat; "
			"xfconf-query -c keyboard-layout -p /Default/XkbDisable; "
			"xfconf-query -c xsettings -p /Net/CursorBlink",
			path);
	stage_run(&stage, command);
	stage_expect_text(&stage, fd, "off\nfalse\ntrue\nfalse\n");
	close(fd);
}

static void test_keys(void **state)
{
	char path[96], command[512];
	int fd = make_fifo(path, sizeof path, "typed");

	snprintf(command, sizeof command,
			"exec xterm -u8 -e sh -c 'exec >%s; stty raw -echo; printf R; exec cat'", path);
	stage_run(&stage, command);
	stage_expect_text(&stage, fd, "R");
	await(terminal_is_active);
	/* The client's German, not the user's French, also after another change. */
	for (int i = 0; i < 3; i++) {
		stage_tap(&stage, 0x15, 0);
		stage_tap(&stage, 0x1e, 0);
		stage_text(&stage, 0x1f642);
		stage_expect_text(&stage, fd, "za🙂");
		stage_keymap(&stage, 0x409);
		stage_tap(&stage, 0x15, 0);
		stage_expect_text(&stage, fd, "y");
		stage_keymap(&stage, 0x407);
	}
	close(fd);
}

static uint32_t published_dpi(void)
{
	static uint8_t data[65536];
	size_t len = property(owner("_XSETTINGS_S0"), "_XSETTINGS_SETTINGS", data, sizeof data);
	uint32_t value = 0;

	for (size_t i = 0; i + 16 <= len; i++) {
		if (memcmp(data + i, "Xft/DPI", 7) == 0)
			memcpy(&value, data + i + 12, 4);
	}
	return value;
}

static void set_layout(struct link_layout layout)
{
	static uint32_t serial = 100;
	struct link_message msg = { .type = LINK_LAYOUT_SET, .layout = layout };

	msg.layout.serial = ++serial;
	stage_send(&stage, &msg);
	while (stage.peer.layout.serial != serial)
		assert_int_equal(peer_expect(&stage.peer, LINK_LAYOUT, &msg), 0);
	assert_int_equal(msg.layout.count, layout.count);
	assert_memory_equal(msg.layout.monitors, layout.monitors, layout.count * sizeof *layout.monitors);
}

/* What programs are told, not what the user has set. */
static void test_scale(void **state)
{
	struct link_layout layout = link_layout_single(1280, 800);
	char resources[8192] = "";

	assert_int_equal(published_dpi(), 96 * 1024);
	layout.monitors[0].scale_percent = 150;
	set_layout(layout);
	assert_int_equal(published_dpi(), 144 * 1024);
	property(stage.screen->root, "RESOURCE_MANAGER", resources, sizeof resources - 4);
	assert_non_null(strstr(resources, "Xft.dpi:\t144\n"));
	layout.monitors[0].scale_percent = 100;
	set_layout(layout);
	assert_int_equal(published_dpi(), 96 * 1024);
}

/* It may tell of the first monitor only. */
static bool window_manager_follows(void)
{
	uint32_t size_px[2] = { 0 };
	size_t len = property(stage.screen->root, "_NET_DESKTOP_GEOMETRY", size_px, sizeof size_px);

	return len == sizeof size_px && size_px[1] == 769;
}

/* Nobody on the desktop has another opinion about the monitors. */
static void test_monitors(void **state)
{
	struct link_layout two = { .count = 2,
		.monitors = { { 0, 0, 1025, 769, 100, LINK_MONITOR_PRIMARY },
				{ 1025, 0, 801, 603, 100, 0 } } };
	uint32_t layouts;

	set_layout(two);
	layouts = stage.peer.layouts;
	await(window_manager_follows);
	stage_full_frame(&stage);
	assert_int_equal(stage.peer.layouts, layouts);
	set_layout(link_layout_single(1280, 800));
}

static int compare_us(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static const uint8_t *pixel_at(int x, int y)
{
	return stage.peer.map + (size_t)y * stage.peer.buffer.stride_bytes + 4 * (size_t)x;
}

/* A change of 64x64 pixels in a window of the desktop, until its last pixel is in
 * the session's memory: for the report, since machines differ. */
static void test_latency(void **state)
{
	xcb_window_t window = xcb_generate_id(stage.conn);
	xcb_gcontext_t gc = xcb_generate_id(stage.conn);
	const xcb_rectangle_t rect = { 5, 5, 64, 64 };
	uint64_t took_us[LATENCY_ROUNDS];
	struct link_frame frame;
	const uint32_t values[] = { 0, 1, XCB_EVENT_MASK_EXPOSURE };

	xcb_create_window(stage.conn, 0, window, stage.screen->root, 100, 100, 80, 80, 0,
			XCB_WINDOW_CLASS_INPUT_OUTPUT, stage.screen->root_visual,
			XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK, values);
	xcb_create_gc(stage.conn, gc, window, 0, NULL);
	xcb_map_window(stage.conn, window);
	free(stage_event(&stage, XCB_EXPOSE));
	stage_full_frame(&stage);
	for (int i = 0; i < LATENCY_ROUNDS; i++) {
		const uint32_t pixel = 0x030201 * (uint32_t)(i + 1);
		uint64_t begin_us = loop_now_us();

		xcb_change_gc(stage.conn, gc, XCB_GC_FOREGROUND, &pixel);
		xcb_poly_fill_rectangle(stage.conn, window, gc, 1, &rect);
		xcb_flush(stage.conn);
		do {
			assert_int_equal(peer_frame(&stage.peer, 0, &frame), 0);
		} while (memcmp(pixel_at(100 + 68, 100 + 68), &pixel, 3) != 0);
		took_us[i] = loop_now_us() - begin_us;
	}
	qsort(took_us, LATENCY_ROUNDS, sizeof *took_us, compare_us);
	print_message("64x64 through xfwm4: p50 %.2f ms, p95 %.2f ms\n",
			(double)took_us[LATENCY_ROUNDS / 2] / 1000,
			(double)took_us[LATENCY_ROUNDS * 95 / 100] / 1000);
	xcb_destroy_window(stage.conn, window);
	xcb_flush(stage.conn);
}

/* The last one: the guest ends with it. */
static void test_log_out(void **state)
{
	struct link_message msg;

	stage_run(&stage, "exec xfce4-session-logout --logout --fast");
	assert_int_equal(peer_expect(&stage.peer, LINK_BYE, &msg), 0);
	assert_int_equal(msg.bye.reason, LINK_BYE_ENDED);
	assert_int_equal(stage_wait_exit(&stage), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size_is_the_clients),
		cmocka_unit_test(test_settings_of_a_remote_desktop_win),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_scale),
		cmocka_unit_test(test_monitors),
		cmocka_unit_test(test_latency),
		cmocka_unit_test(test_log_out),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
