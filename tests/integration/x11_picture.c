/* Picture, monitors, cursor and pointer of the X11 guest, with a bare X server. */
#include "x11_stage.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xcb/randr.h>

#include <cmocka.h>

static struct stage stage;
static xcb_window_t window;
static xcb_gcontext_t gc;

/* A window of our own, over the left top of the root window. */
static void make_window(void)
{
	const uint32_t values[] = { 0x203040, 1,
		XCB_EVENT_MASK_BUTTON_PRESS | XCB_EVENT_MASK_BUTTON_RELEASE | XCB_EVENT_MASK_POINTER_MOTION |
				XCB_EVENT_MASK_EXPOSURE };

	window = xcb_generate_id(stage.conn);
	gc = xcb_generate_id(stage.conn);
	xcb_create_window(stage.conn, 0, window, stage.screen->root, 20, 10, 300, 200, 0,
			XCB_WINDOW_CLASS_INPUT_OUTPUT, stage.screen->root_visual,
			XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK, values);
	xcb_create_gc(stage.conn, gc, window, 0, NULL);
	xcb_map_window(stage.conn, window);
	free(stage_event(&stage, XCB_EXPOSE));
}

static int setup(void **state)
{
	stage_prepare(&stage);
	stage_start(&stage, "exec sleep 1000", "640x480");
	make_window();
	return 0;
}

static int teardown(void **state)
{
	stage_finish(&stage);
	return 0;
}

static void fill(int16_t x, int16_t y, uint16_t width, uint16_t height, uint32_t pixel)
{
	const xcb_rectangle_t rect = { x, y, width, height };

	xcb_change_gc(stage.conn, gc, XCB_GC_FOREGROUND, &pixel);
	xcb_poly_fill_rectangle(stage.conn, window, gc, 1, &rect);
	xcb_flush(stage.conn);
}

/* Each request before has been done by the X server. */
static void x_sync(void)
{
	free(xcb_get_input_focus_reply(stage.conn, xcb_get_input_focus(stage.conn), NULL));
}

static void fill_at_random(int count)
{
	for (int i = 0; i < count; i++)
		fill((int16_t)(rand() % 290), (int16_t)(rand() % 190), (uint16_t)(1 + rand() % 40),
				(uint16_t)(1 + rand() % 40), (uint32_t)rand() & 0xffffff);
	x_sync();
}

static void test_picture_is_that_of_the_server(void **state)
{
	fill_at_random(500);
	stage_check_picture(&stage);
}

/* Damage comes as it was drawn, not as a box around it, and what is not damaged is
 * not touched in the buffer. */
static void test_damage_is_exact(void **state)
{
	struct link_frame frame;
	uint64_t covered = 0;
	uint8_t *map;

	stage_full_frame(&stage);
	assert_int_equal(peer_pull(&stage.peer, 0), 0);
	map = stage.peer.map;
	memset(map, 0xa5, stage.peer.map_len);
	fill(5, 5, 30, 20, 0xff0000);
	fill(200, 150, 10, 7, 0x00ff00);
	while (covered < 30 * 20 + 10 * 7) {
		assert_int_equal(peer_frame(&stage.peer, 0, &frame), 0);
		for (uint32_t i = 0; i < frame.count; i++)
			covered += frame.rects[i].width * frame.rects[i].height;
	}
	assert_int_equal(covered, 30 * 20 + 10 * 7);
	assert_memory_equal(map + 15 * stage.peer.buffer.stride_bytes + 4 * 25, "\0\0\xff", 3);
	assert_memory_equal(map + 160 * stage.peer.buffer.stride_bytes + 4 * 220, "\0\xff\0", 3);
	assert_memory_equal(map + 15 * stage.peer.buffer.stride_bytes + 4 * 24, "\xa5\xa5\xa5", 3);
	assert_memory_equal(map + 160 * stage.peer.buffer.stride_bytes + 4 * 230, "\xa5\xa5\xa5", 3);
}

/* Drawing between two pulls is in the next frame, all of it. */
static void test_no_damage_is_lost(void **state)
{
	struct link_frame frame;

	stage_full_frame(&stage);
	for (int i = 0; i < 30; i++) {
		uint32_t pixel = 0x010203 * (uint32_t)(i + 1);
		const uint8_t *at;

		fill_at_random(20);
		fill(299, 199, 1, 1, pixel);
		do {
			assert_int_equal(peer_frame(&stage.peer, 0, &frame), 0);
			at = stage.peer.map + 209 * (size_t)stage.peer.buffer.stride_bytes + 4 * 319;
		} while (at[0] != (uint8_t)pixel || at[1] != (uint8_t)(pixel >> 8));
	}
	/* What the frames have built up equals the whole. */
	uint8_t *built = malloc(stage.peer.map_len);

	memcpy(built, stage.peer.map, stage.peer.map_len);
	stage_check_picture(&stage);
	for (size_t i = 0; i < stage.peer.map_len; i++)
		assert_true(i % 4 == 3 || built[i] == stage.peer.map[i]);
	free(built);
}

static const struct link_layout *set_layout(const struct link_layout *layout)
{
	static uint32_t serial;
	struct link_message msg = { .type = LINK_LAYOUT_SET, .layout = *layout };

	msg.layout.serial = ++serial;
	stage_send(&stage, &msg);
	while (stage.peer.layout.serial != serial)
		assert_int_equal(peer_expect(&stage.peer, LINK_LAYOUT, &msg), 0);
	return &stage.peer.layout;
}

static void check_root(uint32_t width, uint32_t height)
{
	xcb_get_geometry_reply_t *reply = xcb_get_geometry_reply(
			stage.conn, xcb_get_geometry(stage.conn, stage.screen->root), NULL);

	assert_non_null(reply);
	assert_int_equal(reply->width, width);
	assert_int_equal(reply->height, height);
	free(reply);
}

static int own_modes(void)
{
	xcb_randr_get_screen_resources_current_reply_t *reply = xcb_randr_get_screen_resources_current_reply(
			stage.conn, xcb_randr_get_screen_resources_current(stage.conn, stage.screen->root),
			NULL);
	const char *names, *end;
	int count = 0;

	assert_non_null(reply);
	names = (const char *)xcb_randr_get_screen_resources_current_names(reply);
	end = names + xcb_randr_get_screen_resources_current_names_length(reply);
	for (; names + 6 <= end; names++)
		count += memcmp(names, "oriel-", 6) == 0;
	free(reply);
	return count;
}

static void test_any_size(void **state)
{
	static const struct {
		uint32_t width, height;
	} sizes[] = { { 1921, 1081 }, { 801, 603 }, { 64, 64 }, { 4096, 2160 }, { 333, 777 }, { 1280, 720 },
		{ 640, 480 } };

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct link_layout want = link_layout_single(sizes[i].width, sizes[i].height);
		const struct link_layout *got = set_layout(&want);

		assert_int_equal(got->count, 1);
		assert_memory_equal(got->monitors, want.monitors, sizeof *want.monitors);
		check_root(sizes[i].width, sizes[i].height);
		fill_at_random(20);
		stage_check_picture(&stage);
		assert_int_equal(own_modes(), 1);
	}
}

/* What the driver cannot do is refused, and what is in force is said. */
static void test_impossible_sizes(void **state)
{
	struct link_layout want = link_layout_single(63, 480);
	const struct link_layout *got = set_layout(&want);

	assert_int_equal(got->monitors[0].width_px, 640);
	assert_int_equal(got->monitors[0].height_px, 480);
	check_root(640, 480);
	stage_check_picture(&stage);
}

static void test_largest_size(void **state)
{
	struct link_layout want = link_layout_single(LINK_SIZE_MAX_PX, LINK_SIZE_MAX_PX);
	const struct link_layout *got = set_layout(&want);

	assert_int_equal(got->monitors[0].width_px, LINK_SIZE_MAX_PX);
	assert_int_equal(got->monitors[0].height_px, LINK_SIZE_MAX_PX);
	want = link_layout_single(640, 480);
	set_layout(&want);
	check_root(640, 480);
}

static void test_several_monitors(void **state)
{
	struct link_layout want = {
		.count = 3,
		.monitors = {
			{ 0, 0, 800, 600, 100, LINK_MONITOR_PRIMARY },
			{ -641, 17, 641, 479, 100, 0 },
			{ 800, -100, 500, 700, 100, 0 },
		},
	};
	const struct link_layout *got = set_layout(&want);
	xcb_randr_get_monitors_reply_t *reply;
	xcb_randr_monitor_info_iterator_t at;

	assert_int_equal(got->count, 3);
	assert_memory_equal(got->monitors, want.monitors, 3 * sizeof *want.monitors);
	check_root(641 + 800 + 500, 700);
	reply = xcb_randr_get_monitors_reply(
			stage.conn, xcb_randr_get_monitors(stage.conn, stage.screen->root, 1), NULL);
	assert_int_equal(reply->nMonitors, 3);
	for (at = xcb_randr_get_monitors_monitors_iterator(reply); at.rem; xcb_randr_monitor_info_next(&at)) {
		if (at.data->primary) {
			assert_int_equal(at.data->x, 641);
			assert_int_equal(at.data->y, 100);
			assert_int_equal(at.data->width, 800);
		}
	}
	free(reply);
	assert_int_equal(own_modes(), 3);
	fill_at_random(20);
	stage_check_picture(&stage);
	want = link_layout_single(640, 480);
	assert_int_equal(set_layout(&want)->count, 1);
	assert_int_equal(own_modes(), 1);
	stage_check_picture(&stage);
}

/* xrandr on the desktop: sessions are told. */
static void test_a_program_changes_the_monitors(void **state)
{
	struct link_layout want = link_layout_single(640, 480);
	struct link_message msg;

	assert_int_equal(system("xrandr --output DUMMY0 --mode 1280x720"), 0);
	do {
		assert_int_equal(peer_expect(&stage.peer, LINK_LAYOUT, &msg), 0);
	} while (msg.layout.monitors[0].width_px != 1280);
	assert_int_equal(msg.layout.serial, 0);
	stage_check_picture(&stage);
	set_layout(&want);
	check_root(640, 480);
}

/* A picture whose every pixel is given by its place. */
static xcb_cursor_t make_cursor(uint16_t width, uint16_t height, uint16_t hot_x, uint16_t hot_y, bool empty)
{
	xcb_pixmap_t source = xcb_generate_id(stage.conn), mask = xcb_generate_id(stage.conn);
	xcb_gcontext_t bits = xcb_generate_id(stage.conn);
	xcb_cursor_t cursor = xcb_generate_id(stage.conn);
	const xcb_rectangle_t all = { 0, 0, width, height }, half = { 0, 0, width / 2, height };
	const uint32_t one = 1, zero = 0;

	xcb_create_pixmap(stage.conn, 1, source, stage.screen->root, width, height);
	xcb_create_pixmap(stage.conn, 1, mask, stage.screen->root, width, height);
	xcb_create_gc(stage.conn, bits, source, XCB_GC_FOREGROUND, &zero);
	xcb_poly_fill_rectangle(stage.conn, source, bits, 1, &all);
	xcb_change_gc(stage.conn, bits, XCB_GC_FOREGROUND, empty ? &zero : &one);
	xcb_poly_fill_rectangle(stage.conn, source, bits, 1, &half);
	xcb_poly_fill_rectangle(stage.conn, mask, bits, 1, &all);
	xcb_create_cursor(stage.conn, cursor, source, mask, 0xffff, 0, 0, 0, 0, 0xffff, hot_x, hot_y);
	return cursor;
}

static void show_cursor(xcb_cursor_t cursor)
{
	xcb_change_window_attributes(stage.conn, window, XCB_CW_CURSOR, &cursor);
	xcb_flush(stage.conn);
}

static void await_cursor(uint32_t width, uint32_t hidden)
{
	struct link_message msg;

	while (stage.peer.cursor.width_px != width || stage.peer.cursor.hidden != hidden)
		assert_int_equal(peer_expect(&stage.peer, LINK_CURSOR, &msg), 0);
}

static void test_cursor(void **state)
{
	uint8_t pixel[4];

	stage_pointer(&stage, 100, 100);
	show_cursor(make_cursor(20, 24, 3, 5, false));
	await_cursor(20, 0);
	assert_int_equal(stage.peer.cursor.height_px, 24);
	assert_int_equal(stage.peer.cursor.hot_x, 3);
	assert_int_equal(stage.peer.cursor.hot_y, 5);
	assert_int_equal(pread(stage.peer.cursor_fd, pixel, 4, 4 * (2 * 20 + 2)), 4);
	assert_memory_equal(pixel, "\0\0\xff\xff", 4);
	assert_int_equal(pread(stage.peer.cursor_fd, pixel, 4, 4 * (2 * 20 + 15)), 4);
	assert_memory_equal(pixel, "\xff\0\0\xff", 4);
	show_cursor(make_cursor(48, 48, 47, 47, false));
	await_cursor(48, 0);
}

static void test_cursor_is_hidden(void **state)
{
	show_cursor(make_cursor(16, 16, 0, 0, false));
	await_cursor(16, 0);
	show_cursor(make_cursor(16, 16, 0, 0, true));
	await_cursor(0, 1);
	show_cursor(make_cursor(17, 16, 0, 0, false));
	await_cursor(17, 0);
}

static void test_huge_cursor_is_cut(void **state)
{
	show_cursor(make_cursor(500, 400, 499, 399, false));
	await_cursor(LINK_CURSOR_MAX_PX, 0);
	assert_int_equal(stage.peer.cursor.height_px, LINK_CURSOR_MAX_PX);
	assert_int_equal(stage.peer.cursor.hot_x, LINK_CURSOR_MAX_PX - 1);
}

static void test_pointer_is_warped(void **state)
{
	struct link_message msg;

	stage_pointer(&stage, 50, 50);
	stage_full_frame(&stage);
	assert_int_equal(peer_pull(&stage.peer, 0), 0);
	xcb_warp_pointer(stage.conn, XCB_NONE, stage.screen->root, 0, 0, 0, 0, 123, 77);
	fill(1, 1, 5, 5, 0xabcdef);
	assert_int_equal(peer_expect(&stage.peer, LINK_CURSOR_MOVED, &msg), 0);
	assert_int_equal(msg.cursor_moved.x, 123);
	assert_int_equal(msg.cursor_moved.y, 77);
	if (stage.peer.pulling)
		assert_int_equal(peer_expect(&stage.peer, LINK_FRAME, &msg), 0);
}

static void test_own_moves_are_not_told_back(void **state)
{
	struct link_message msg;

	stage_pointer(&stage, 60, 61);
	stage_full_frame(&stage);
	stage_pointer(&stage, 200, 100);
	assert_int_equal(peer_pull(&stage.peer, 0), 0);
	fill(1, 1, 5, 5, 0xfedcba);
	do {
		assert_int_equal(peer_receive(&stage.peer, &msg), 0);
		assert_int_not_equal(msg.type, LINK_CURSOR_MOVED);
	} while (msg.type != LINK_FRAME);
}

static void button(enum link_button_name name, bool down)
{
	stage_send(&stage, &(struct link_message){ .type = LINK_BUTTON, .button = { name, down } });
}

static void expect_button(uint8_t type, uint8_t detail)
{
	xcb_button_press_event_t *event = (void *)stage_event(&stage, type);

	assert_int_equal(event->detail, detail);
	free(event);
}

static void test_buttons(void **state)
{
	static const uint8_t numbers[] = { 0, 1, 3, 2, 8, 9 };

	stage_pointer(&stage, 20 + 33, 10 + 44);
	for (int i = LINK_BUTTON_LEFT; i <= LINK_BUTTON_FORWARD; i++) {
		xcb_button_press_event_t *press;

		button((enum link_button_name)i, true);
		press = (void *)stage_event(&stage, XCB_BUTTON_PRESS);
		assert_int_equal(press->detail, numbers[i]);
		assert_int_equal(press->event_x, 33);
		assert_int_equal(press->event_y, 44);
		free(press);
		button((enum link_button_name)i, false);
		expect_button(XCB_BUTTON_RELEASE, numbers[i]);
	}
}

static void wheel(int32_t vertical, int32_t horizontal)
{
	stage_send(&stage, &(struct link_message){ .type = LINK_WHEEL, .wheel = { vertical, horizontal } });
}

static void test_wheels(void **state)
{
	wheel(120, 0);
	expect_button(XCB_BUTTON_PRESS, 4);
	wheel(-60, 0);
	wheel(-60, 0);
	expect_button(XCB_BUTTON_PRESS, 5);
	wheel(0, 240);
	expect_button(XCB_BUTTON_PRESS, 7);
	expect_button(XCB_BUTTON_PRESS, 7);
	wheel(0, -120);
	expect_button(XCB_BUTTON_PRESS, 6);
	wheel(40, 0);
	button(LINK_BUTTON_LEFT, true); /* next, since a third of a notch is none */
	expect_button(XCB_BUTTON_PRESS, 1);
	button(LINK_BUTTON_LEFT, false);
}

/* Two sessions at once: each gets every change, whatever the other one does. */
static void test_two_sessions(void **state)
{
	struct peer second;
	struct link_frame frame;
	char path[96];

	snprintf(path, sizeof path, "%s/guest/link", stage.dir);
	assert_int_equal(peer_attach(&second, NULL, path, "second", LINK_HELLO_SHARED), 0);
	second.timeout_ms = STAGE_TIMEOUT_MS;
	assert_int_equal(peer_frame(&second, LINK_PULL_FULL, &frame), 0);
	fill_at_random(50);
	stage_check_picture(&stage);
	do {
		assert_int_equal(peer_frame(&second, 0, &frame), 0);
	} while (memcmp(second.map, stage.peer.map, second.map_len) != 0);
	peer_finish(&second);
}

/* The last one: cmocka does not count what fails in a teardown. */
static void test_ends_in_order(void **state)
{
	stage_finish(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_picture_is_that_of_the_server),
		cmocka_unit_test(test_damage_is_exact),
		cmocka_unit_test(test_no_damage_is_lost),
		cmocka_unit_test(test_any_size),
		cmocka_unit_test(test_impossible_sizes),
		cmocka_unit_test(test_largest_size),
		cmocka_unit_test(test_several_monitors),
		cmocka_unit_test(test_a_program_changes_the_monitors),
		cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_cursor_is_hidden),
		cmocka_unit_test(test_huge_cursor_is_cut),
		cmocka_unit_test(test_pointer_is_warped),
		cmocka_unit_test(test_own_moves_are_not_told_back),
		cmocka_unit_test(test_buttons),
		cmocka_unit_test(test_wheels),
		cmocka_unit_test(test_two_sessions),
		cmocka_unit_test(test_ends_in_order),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
