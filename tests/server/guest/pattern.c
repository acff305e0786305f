/* The test picture: its numbers survive codecs, and it does what its help says. */
#include <pattern.h> /* the guest's own */

#include "peer.h"
#include <setjmp.h>
#include <stdarg.h>

#include <base/loop.h>
#include <base/shm.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STRIDE (PATTERN_TILE_PX * 4)

static const struct pattern_state example = { 0xdeadbeef, PATTERN_EVENT_KEYMAP, 0xfffe, 0xe0010411, 8191,
	4097 };

static void expect_state(const struct pattern_state *got, const struct pattern_state *want)
{
	assert_int_equal(got->frame, want->frame);
	assert_int_equal(got->event, want->event);
	assert_int_equal(got->serial, want->serial);
	assert_int_equal(got->code, want->code);
	assert_int_equal(got->x, want->x);
	assert_int_equal(got->y, want->y);
}

static void numbers_come_back(void **state)
{
	uint8_t tile[STRIDE * PATTERN_TILE_PX];
	struct pattern_state want = example, got;

	for (want.frame = 0xfffffff0; want.frame != 5; want.frame++) {
		pattern_draw(&want, tile, STRIDE);
		assert_int_equal(pattern_read(&got, tile, STRIDE), 0);
		expect_state(&got, &want);
	}
}

/* Blur over 3x3 pixels, noise of 40 and five bits a colour: worse than our codecs. */
static void numbers_survive_bad_codecs(void **state)
{
	uint8_t tile[STRIDE * PATTERN_TILE_PX], blurred[STRIDE * PATTERN_TILE_PX];
	struct pattern_state got;
	uint32_t chance = 7;

	pattern_draw(&example, tile, STRIDE);
	memcpy(blurred, tile, sizeof tile);
	for (int y = 1; y < PATTERN_TILE_PX - 1; y++) {
		for (int i = y * STRIDE + 4; i < (y + 1) * STRIDE - 4; i++) {
			int sum = 0;

			for (int dy = -STRIDE; dy <= STRIDE; dy += STRIDE)
				sum += tile[i + dy - 4] + tile[i + dy] + tile[i + dy + 4];
			chance = chance * 1664525 + 1013904223;
			sum = sum / 9 + (int)(chance >> 24) % 81 - 40;
			blurred[i] = (uint8_t)((sum < 0 ? 0 : sum > 255 ? 255 : sum) & 0xf8);
		}
	}
	assert_int_equal(pattern_read(&got, blurred, STRIDE), 0);
	expect_state(&got, &example);
}

static void torn_and_foreign_tiles_are_refused(void **state)
{
	uint8_t tile[STRIDE * PATTERN_TILE_PX], next[STRIDE * PATTERN_TILE_PX];
	struct pattern_state other = example, got;

	memset(tile, 0, sizeof tile);
	assert_int_equal(pattern_read(&got, tile, STRIDE), ERR_FORMAT);
	memset(tile, 255, sizeof tile);
	assert_int_equal(pattern_read(&got, tile, STRIDE), ERR_FORMAT);
	other.frame++;
	pattern_draw(&example, tile, STRIDE);
	pattern_draw(&other, next, STRIDE);
	for (int rows = 4; rows < PATTERN_TILE_PX; rows += 4) { /* each new top, old bottom */
		memcpy(tile, next, (size_t)rows * STRIDE);
		assert_int_equal(pattern_read(&got, tile, STRIDE), ERR_FORMAT);
	}
}

static void a_step_changes_nearly_every_cell(void **state)
{
	uint8_t tile[STRIDE * PATTERN_TILE_PX], next[STRIDE * PATTERN_TILE_PX];
	struct pattern_state other = example;
	size_t changed = 0;

	other.frame++;
	pattern_draw(&example, tile, STRIDE);
	pattern_draw(&other, next, STRIDE);
	for (size_t i = 0; i < sizeof tile; i++)
		changed += tile[i] != next[i];
	assert_true(changed > sizeof tile * 3 / 4);
}

/* The guest in this process. */
static sd_event *event;
static struct pattern_guest guest;
static struct peer peer;
static struct link_frame frame;
static struct link_message msg;
static char dir[32], path[64];

static void start(struct link_layout layout, bool running)
{
	strcpy(dir, "/tmp/oriel-pattern-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/link", dir);
	event = loop_create();
	guest = (struct pattern_guest){ 0 };
	assert_int_equal(pattern_guest_init(&guest, event, path, &layout, 1000, running), 0);
	assert_int_equal(peer_attach(&peer, event, path, "test", 0), 0);
}

static void stop(void)
{
	peer_finish(&peer);
	pattern_guest_finish(&guest);
	sd_event_unref(event);
	assert_int_equal(rmdir(dir), 0);
}

static int setup(void **state)
{
	start(link_layout_single(640, 480), false);
	return peer_frame(&peer, 0, &frame);
}

static int teardown(void **state)
{
	stop();
	return 0;
}

static struct pattern_state shown(void)
{
	struct pattern_state now;

	assert_int_equal(pattern_read(&now, peer.map, peer.buffer.stride_bytes), 0);
	return now;
}

static void send(struct link_message input)
{
	assert_int_equal(peer_send(&peer, &input, -1), 0);
}

static void press(uint32_t scancode)
{
	send((struct link_message){ .type = LINK_KEY, .key = { scancode, 0 } });
}

static void expect_tile_frame(uint32_t number, enum pattern_event kind, uint32_t code)
{
	struct pattern_state now;

	assert_int_equal(peer_frame(&peer, 0, &frame), 0);
	assert_int_equal(frame.count, 1);
	assert_int_equal(frame.rects[0].x | frame.rects[0].y, 0);
	assert_int_equal(frame.rects[0].width, PATTERN_TILE_PX);
	assert_int_equal(frame.rects[0].height, PATTERN_TILE_PX);
	now = shown();
	assert_int_equal(now.frame, number);
	assert_int_equal(now.event, kind);
	assert_int_equal(now.code, code);
}

static void stands_still_without_input(void **state)
{
	assert_int_equal(shown().frame, 0);
	assert_int_equal(shown().event, PATTERN_EVENT_NONE);
	assert_int_equal(peer_frame(&peer, 0, &frame), ERR_AGAIN);
}

static void each_event_is_a_step(void **state)
{
	press(30);
	expect_tile_frame(1, PATTERN_EVENT_KEY_DOWN, 30);
	send((struct link_message){ .type = LINK_KEY, .key = { 0x1d, LINK_KEY_EXTENDED } });
	expect_tile_frame(2, PATTERN_EVENT_KEY_DOWN, 0x9d);
	send((struct link_message){ .type = LINK_UNICODE, .unicode = { 0x1f600, 0 } });
	expect_tile_frame(3, PATTERN_EVENT_UNICODE, 0x1f600);
	send((struct link_message){ .type = LINK_BUTTON, .button = { LINK_BUTTON_RIGHT, 1 } });
	expect_tile_frame(4, PATTERN_EVENT_BUTTON_DOWN, LINK_BUTTON_RIGHT);
	send((struct link_message){ .type = LINK_WHEEL, .wheel = { -120, 30 } });
	expect_tile_frame(5, PATTERN_EVENT_WHEEL, 30 << 16 | 0xff88);
	send((struct link_message){ .type = LINK_LOCKS, .locks = { LINK_LOCK_NUM } });
	expect_tile_frame(6, PATTERN_EVENT_LOCKS, LINK_LOCK_NUM);
	send((struct link_message){ .type = LINK_KEYMAP, .keymap = { 0x407, 4, 0, 12 } });
	expect_tile_frame(7, PATTERN_EVENT_KEYMAP, 0x407);
	assert_int_equal(shown().serial, 7);
}

static void moving_and_releasing_are_no_steps(void **state)
{
	send((struct link_message){ .type = LINK_POINTER, .pointer = { 100, 200 } });
	send((struct link_message){ .type = LINK_KEY, .key = { 30, LINK_KEY_UP } });
	send((struct link_message){ .type = LINK_BUTTON, .button = { LINK_BUTTON_LEFT, 0 } });
	assert_int_equal(peer_frame(&peer, 0, &frame), ERR_AGAIN);
	press(30);
	expect_tile_frame(1, PATTERN_EVENT_KEY_DOWN, 30);
	assert_int_equal(shown().x, 100); /* the place is seen with the next step */
	assert_int_equal(shown().y, 200);
}

static void f4_makes_releases_steps(void **state)
{
	press(0x3e);
	expect_tile_frame(1, PATTERN_EVENT_KEY_DOWN, 0x3e);
	send((struct link_message){ .type = LINK_KEY, .key = { 0x3e, LINK_KEY_UP } });
	expect_tile_frame(2, PATTERN_EVENT_KEY_UP, 0x3e);
	send((struct link_message){ .type = LINK_BUTTON, .button = { LINK_BUTTON_LEFT, 0 } });
	expect_tile_frame(3, PATTERN_EVENT_BUTTON_UP, LINK_BUTTON_LEFT);
}

static void f1_changes_everything(void **state)
{
	uint8_t *before = malloc(peer.map_len);
	size_t changed = 0;

	assert_non_null(before);
	memcpy(before, peer.map, peer.map_len);
	press(0x3b);
	assert_int_equal(peer_frame(&peer, 0, &frame), 0);
	assert_int_equal(frame.rects[0].width, 640);
	assert_int_equal(frame.rects[0].height, 480);
	assert_int_equal(shown().code, 0x3b);
	for (size_t i = 0; i < peer.map_len; i++)
		changed += before[i] != peer.map[i];
	assert_true(changed > peer.map_len / 4); /* text is mostly paper before and after */
	free(before);
}

static void f2_runs_and_stops(void **state)
{
	uint32_t last;

	press(0x3c);
	assert_int_equal(peer_frame(&peer, 0, &frame), 0);
	last = shown().frame;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(peer_pull(&peer, 0), 0);
		while (peer_receive(&peer, &msg) == ERR_AGAIN)
			assert_true(sd_event_run(event, UINT64_MAX) > 0);
		assert_int_equal(msg.type, LINK_FRAME);
		assert_true(shown().frame > last);
		assert_int_equal(shown().serial, 1);
		last = shown().frame;
	}
	press(0x3c);
	assert_int_equal(peer_frame(&peer, 0, &frame), 0);
	assert_false(guest.running);
	assert_int_equal(peer_frame(&peer, 0, &frame), ERR_AGAIN);
}

static void f3_changes_the_cursor(void **state)
{
	assert_int_equal(peer.cursor.width_px, 32);
	assert_int_equal(shm_check(peer.cursor_fd, 32 * 32 * 4), 0);
	press(0x3d);
	assert_int_equal(peer_expect(&peer, LINK_CURSOR, &msg), 0);
	assert_int_equal(peer.cursor.width_px, 128);
	press(0x3d);
	assert_int_equal(peer_expect(&peer, LINK_CURSOR, &msg), 0);
	assert_int_equal(peer.cursor.hidden, 1);
	press(0x3d);
	assert_int_equal(peer_expect(&peer, LINK_CURSOR, &msg), 0);
	assert_int_equal(peer.cursor.width_px, 32);
}

static void f5_moves_the_pointer(void **state)
{
	press(0x3f);
	assert_int_equal(peer_expect(&peer, LINK_CURSOR_MOVED, &msg), 0);
	assert_int_equal(msg.cursor_moved.x, 320);
	assert_int_equal(msg.cursor_moved.y, 240);
}

static void f12_logs_out(void **state)
{
	press(0x58);
	assert_int_equal(peer_expect(&peer, LINK_BYE, &msg), 0);
	assert_int_equal(msg.bye.reason, LINK_BYE_ENDED);
	assert_int_equal(sd_event_get_state(event), SD_EVENT_FINISHED);
}

/* Premultiplied: no colour is stronger than its alpha. */
static void cursors_are_premultiplied(void **state)
{
	static uint8_t pixels[SHAPE_SIZE_MAX_PX * SHAPE_SIZE_MAX_PX * 4];
	struct link_cursor cursor;
	bool opaque, clear;

	for (int shape = SHAPE_ARROW; shape < SHAPE_HIDDEN; shape++) {
		opaque = clear = false;
		shape_draw((enum shape)shape, &cursor, pixels);
		for (size_t i = 0; i < (size_t)cursor.width_px * cursor.height_px * 4; i += 4) {
			for (int c = 0; c < 3; c++)
				assert_true(pixels[i + c] <= pixels[i + 3]);
			opaque |= pixels[i + 3] == 255;
			clear |= pixels[i + 3] == 0;
		}
		assert_true(opaque && clear);
	}
}

static void layout_is_taken(void **state)
{
	struct link_message set = { .type = LINK_LAYOUT_SET, .layout = link_layout_single(320, 200) };
	size_t mark;

	set.layout.serial = 9;
	set.layout.count = 2;
	set.layout.monitors[1] = (struct link_monitor){ -256, 50, 256, 300, 150, 0 };
	send(set);
	assert_int_equal(peer_expect(&peer, LINK_LAYOUT, &msg), 0);
	assert_int_equal(msg.layout.serial, 9);
	assert_memory_equal(msg.layout.monitors, set.layout.monitors, sizeof msg.layout.monitors);
	assert_int_equal(peer_frame(&peer, 0, &frame), 0);
	assert_int_equal(frame.rects[0].width, 576);
	assert_int_equal(frame.rects[0].height, 350);
	assert_int_equal(shown().frame, 0);
	/* The border of the second, green, at its top right pixel. */
	mark = 50 * peer.buffer.stride_bytes + 255 * 4;
	assert_memory_equal(peer.map + mark, "\x20\xa0\x20", 3);
}

/* Also smaller than its own numbers. */
static void any_size_is_drawn(void **state)
{
	static const uint32_t sizes[] = { 1, 2, 7, 63, 64, 65, 100, 127, 129, 300 };

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct link_message set = { .type = LINK_LAYOUT_SET,
			.layout = link_layout_single(sizes[i], 301 - sizes[i]) };

		send(set);
		press(0x3b);
		press(30);
		assert_int_equal(peer_expect(&peer, LINK_LAYOUT, &msg), 0);
		assert_int_equal(peer_frame(&peer, 0, &frame), 0);
	}
}

/* A guest that nobody watches does not draw. */
static void runs_only_while_attended(void **state)
{
	int enabled;

	start(link_layout_single(640, 480), true);
	assert_int_equal(peer_frame(&peer, 0, &frame), 0);
	assert_true(sd_event_source_get_enabled(guest.timer, &enabled) > 0);
	peer_finish(&peer);
	while (guest.attended)
		assert_true(sd_event_run(event, UINT64_MAX) > 0);
	assert_int_equal(sd_event_source_get_enabled(guest.timer, &enabled), 0);
	stop();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(numbers_survive_bad_codecs),
		cmocka_unit_test(torn_and_foreign_tiles_are_refused),
		cmocka_unit_test(a_step_changes_nearly_every_cell),
		cmocka_unit_test(cursors_are_premultiplied),
		cmocka_unit_test(runs_only_while_attended),
		TEST(stands_still_without_input),
		TEST(each_event_is_a_step),
		TEST(moving_and_releasing_are_no_steps),
		TEST(f4_makes_releases_steps),
		TEST(f1_changes_everything),
		TEST(f2_runs_and_stops),
		TEST(f3_changes_the_cursor),
		TEST(f5_moves_the_pointer),
		TEST(f12_logs_out),
		TEST(layout_is_taken),
		TEST(any_size_is_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
