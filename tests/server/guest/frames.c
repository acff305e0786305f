/* Damage, pulls, buffers and layouts. */
#include "fake.h"
#include "peer.h"
#include <setjmp.h>
#include <stdarg.h>

#include <base/loop.h>
#include <cmocka.h>
#include <string.h>

static struct fake fake;
static struct peer peer;
static struct link_message msg;
static struct link_frame frame;

/* One session that has had its first frame: nothing is damaged. */
static int setup(void **state)
{
	fake_init(&fake);
	fake.answer_now = true;
	assert_int_equal(peer_attach(&peer, fake.event, fake.path, "one", 0), 0);
	assert_int_equal(peer_frame(&peer, 0, &frame), 0);
	return 0;
}

static int teardown(void **state)
{
	peer_finish(&peer);
	fake_finish(&fake);
	return 0;
}

static void damage(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	struct link_rect rect = { x, y, width, height };

	guest_link_damage(fake.link, &rect, 1);
}

static void expect_rect(size_t i, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	struct link_rect rect = { x, y, width, height };

	assert_true(i < frame.count);
	assert_memory_equal(&frame.rects[i], &rect, sizeof rect);
}

static void expect_frame(void)
{
	assert_int_equal(peer_receive(&peer, &msg), 0);
	assert_int_equal(msg.type, LINK_FRAME);
	frame = msg.frame;
	assert_int_equal(frame.pull_serial, peer.pulls);
	assert_int_equal(frame.buffer_serial, peer.buffer.serial);
}

static void expect_nothing(void)
{
	assert_int_equal(peer_receive(&peer, &msg), ERR_AGAIN);
}

static void first_frame_is_whole(void **state)
{
	assert_int_equal(frame.count, 1);
	expect_rect(0, 0, 0, 640, 480);
	assert_int_equal(frame.pull_serial, 1);
	assert_int_equal(frame.buffer_serial, 1);
	assert_int_equal(peer.map[0], 1);
	assert_int_equal(peer.map[peer.map_len - 1], 1);
	assert_true(frame.damage_us <= frame.capture_us && frame.capture_us <= loop_now_us());
}

static void pull_waits_for_damage(void **state)
{
	assert_int_equal(peer_pull(&peer, 0), 0);
	expect_nothing();
	damage(10, 20, 30, 40);
	expect_frame();
	assert_int_equal(frame.count, 1);
	expect_rect(0, 10, 20, 30, 40);
	assert_int_equal(peer.map[20 * peer.buffer.stride_bytes + 10 * 4], 2);
	assert_int_equal(peer.map[20 * peer.buffer.stride_bytes + 10 * 4 - 1], 1);
	expect_nothing();
}

static void damage_waits_for_pull(void **state)
{
	uint64_t before_us = loop_now_us(), between_us;

	damage(0, 0, 64, 64);
	between_us = loop_now_us();
	fake_run(&fake);
	while (loop_now_us() == between_us)
		;
	damage(200, 200, 10, 10);
	fake_run(&fake);
	assert_int_equal(fake.captures, 1); /* nobody asked */
	expect_nothing();
	assert_int_equal(peer_pull(&peer, 0), 0);
	expect_frame();
	assert_int_equal(frame.count, 2);
	assert_int_equal(fake.captures, 2);
	assert_true(before_us <= frame.damage_us && frame.damage_us <= between_us); /* the oldest */
	assert_int_equal(peer_pull(&peer, 0), 0);
	expect_nothing(); /* all of it was sent */
}

static void damage_of_one_turn_is_one_frame(void **state)
{
	assert_int_equal(peer_pull(&peer, 0), 0);
	fake_run(&fake);
	damage(0, 0, 10, 10);
	damage(100, 100, 10, 10);
	damage(300, 300, 10, 10);
	expect_frame();
	assert_int_equal(frame.count, 3);
	expect_nothing();
}

static void damage_is_clipped(void **state)
{
	assert_int_equal(peer_pull(&peer, 0), 0);
	damage(640, 0, 5, 5);
	damage(0, 480, 5, 5);
	damage(UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX);
	damage(5, 5, 0, 9);
	expect_nothing();
	damage(630, 470, UINT32_MAX, 100);
	expect_frame();
	assert_int_equal(frame.count, 1);
	expect_rect(0, 630, 470, 10, 10);
}

static void full_pull_is_answered_at_once(void **state)
{
	damage(1, 1, 1, 1);
	assert_int_equal(peer_pull(&peer, LINK_PULL_FULL), 0);
	expect_frame();
	assert_int_equal(frame.count, 1);
	expect_rect(0, 0, 0, 640, 480);
}

static void second_pull_replaces_the_first(void **state)
{
	assert_int_equal(peer_pull(&peer, 0), 0);
	assert_int_equal(peer_pull(&peer, 0), 0);
	damage(1, 1, 1, 1);
	expect_frame();
	damage(1, 1, 1, 1);
	expect_nothing();
}

static void each_session_has_its_own_damage(void **state)
{
	struct peer other;
	struct link_frame others;

	assert_int_equal(peer_attach(&other, fake.event, fake.path, "two", LINK_HELLO_SHARED), 0);
	assert_int_equal(peer_frame(&other, 0, &others), 0);
	damage(0, 0, 10, 10);
	assert_int_equal(peer_frame(&other, 0, &others), 0);
	assert_int_equal(others.rects[0].x, 0);
	damage(500, 400, 10, 10);
	assert_int_equal(peer_frame(&other, 0, &others), 0);
	assert_int_equal(others.count, 1);
	assert_int_equal(others.rects[0].x, 500);
	assert_int_equal(peer_frame(&peer, 0, &frame), 0);
	assert_int_equal(frame.count, 2);
	peer_finish(&other);
}

static void refused_capture_is_tried_with_the_next_damage(void **state)
{
	fake.capture_result = ERR_AGAIN;
	assert_int_equal(peer_pull(&peer, 0), 0);
	damage(0, 0, 10, 10);
	expect_nothing();
	fake.capture_result = 0;
	expect_nothing();
	damage(100, 100, 10, 10);
	expect_frame();
	assert_int_equal(frame.count, 2);
}

static void refused_capture_keeps_the_oldest_time(void **state)
{
	uint64_t told_us;

	fake.capture_result = ERR_AGAIN;
	fake.damage_in_capture = (struct link_rect){ 7, 7, 7, 7 };
	damage(0, 0, 10, 10);
	told_us = loop_now_us();
	while (loop_now_us() == told_us)
		;
	assert_int_equal(peer_pull(&peer, 0), 0);
	expect_nothing();
	fake.capture_result = 0;
	damage(100, 100, 10, 10);
	expect_frame();
	assert_int_equal(frame.count, 3);
	assert_true(frame.damage_us <= told_us);
}

static void another_buffer_voids_the_pull(void **state)
{
	assert_int_equal(peer_pull(&peer, 0), 0);
	assert_int_equal(peer_lend(&peer), 0);
	expect_nothing();
	assert_int_equal(peer_pull(&peer, 0), 0);
	expect_frame();
	expect_rect(0, 0, 0, 640, 480);
}

static void damage_told_in_a_capture_is_for_the_next_frame(void **state)
{
	fake.damage_in_capture = (struct link_rect){ 7, 7, 7, 7 };
	damage(100, 100, 10, 10);
	assert_int_equal(peer_pull(&peer, 0), 0);
	expect_frame();
	assert_int_equal(frame.count, 1);
	expect_rect(0, 100, 100, 10, 10);
	assert_int_equal(peer_pull(&peer, 0), 0);
	expect_frame();
	assert_int_equal(frame.count, 1);
	expect_rect(0, 7, 7, 7, 7);
}

static void set_layout(uint32_t serial, uint32_t width_px)
{
	struct link_message set = { .type = LINK_LAYOUT_SET, .layout = link_layout_single(width_px, 480) };

	set.layout.serial = serial;
	assert_int_equal(peer_send(&peer, &set, -1), 0);
}

static void expect_layout(uint32_t serial, uint32_t width_px)
{
	assert_int_equal(peer_expect(&peer, LINK_LAYOUT, &msg), 0);
	assert_int_equal(msg.layout.serial, serial);
	assert_int_equal(msg.layout.monitors[0].width_px, width_px);
}

static void resize_makes_the_buffer_stale(void **state)
{
	assert_int_equal(peer_pull(&peer, 0), 0);
	set_layout(77, 800);
	expect_layout(77, 800);
	assert_int_equal(fake.buffers, 0);
	damage(1, 1, 1, 1);
	expect_nothing();
	assert_int_equal(peer_pull(&peer, 0), 0); /* crossed the resize: dropped */
	expect_nothing();
	assert_int_equal(peer_lend(&peer), 0);
	expect_nothing();
	assert_int_equal(peer_pull(&peer, 0), 0);
	expect_frame();
	expect_rect(0, 0, 0, 800, 480);
}

static void resize_in_a_capture_voids_the_frame(void **state)
{
	fake.layout_in_capture = link_layout_single(800, 480);
	damage(1, 1, 1, 1);
	assert_int_equal(peer_pull(&peer, 0), 0);
	assert_int_equal(peer_receive(&peer, &msg), 0);
	assert_int_equal(msg.type, LINK_LAYOUT);
	expect_nothing();
	assert_int_equal(fake.buffers, 0);
}

static void buffer_of_the_old_size_is_ignored(void **state)
{
	assert_int_equal(peer_lend(&peer), 0);
	set_layout(1, 800);
	assert_int_equal(peer_lend(&peer), 0); /* still 640 wide */
	expect_layout(1, 800);
	assert_int_equal(fake.buffers, 0);
	assert_int_equal(peer_frame(&peer, 0, &frame), 0);
	expect_rect(0, 0, 0, 800, 480);
}

static void same_layout_keeps_the_buffer(void **state)
{
	assert_int_equal(peer_pull(&peer, 0), 0);
	set_layout(5, 640);
	expect_layout(5, 640);
	expect_nothing(); /* and is no damage */
	damage(1, 1, 1, 1);
	expect_frame();
	expect_rect(0, 1, 1, 1, 1);
}

static void refused_layout_is_answered_with_the_present_one(void **state)
{
	fake.layout_result = ERR_ARGUMENT;
	set_layout(6, 800);
	expect_layout(6, 640);
}

static void layout_may_be_answered_later_and_otherwise(void **state)
{
	struct link_layout layout = link_layout_single(700, 480);

	fake.answer_now = false;
	set_layout(8, 800);
	expect_nothing();
	layout.serial = fake.request;
	guest_link_layout_changed(fake.link, &layout);
	expect_layout(8, 700);
	layout = link_layout_single(720, 480);
	guest_link_layout_changed(fake.link, &layout);
	expect_layout(0, 720); /* unasked */
}

/* Both use the same numbers; the answer goes to the one who asked. */
static void layout_serials_are_each_sessions_own(void **state)
{
	struct peer other;

	assert_int_equal(peer_attach(&other, fake.event, fake.path, "two", LINK_HELLO_SHARED), 0);
	assert_int_equal(peer_expect(&other, LINK_CURSOR, &msg), 0);
	set_layout(1, 800);
	expect_layout(1, 800);
	assert_int_equal(peer_expect(&other, LINK_LAYOUT, &msg), 0);
	assert_int_equal(msg.layout.serial, 0);
	set_layout(2, 800);
	expect_layout(2, 800);
	assert_int_equal(peer_receive(&other, &msg), ERR_AGAIN); /* nothing new for it */
	peer_finish(&other);
}

static void monitors_moved_in_the_same_picture_are_told(void **state)
{
	struct link_layout layout = link_layout_single(320, 480);

	layout.count = 2;
	layout.monitors[1] = (struct link_monitor){ 320, 0, 320, 480, 100, 0 };
	assert_int_equal(peer_pull(&peer, 0), 0);
	fake_run(&fake);
	guest_link_layout_changed(fake.link, &layout);
	assert_int_equal(peer_receive(&peer, &msg), 0);
	assert_int_equal(msg.type, LINK_LAYOUT);
	assert_int_equal(msg.layout.count, 2);
	expect_frame();
	expect_rect(0, 0, 0, 640, 480);
	assert_int_equal(fake.buffers, 1);
}

static void buffers_go_back_when_replaced_and_when_the_session_leaves(void **state)
{
	assert_int_equal(fake.buffers, 1);
	assert_int_equal(peer_lend(&peer), 0);
	assert_int_equal(peer_lend(&peer), 0);
	fake_run(&fake);
	assert_int_equal(fake.buffers, 1);
	peer_finish(&peer);
	fake_run(&fake);
	assert_int_equal(fake.buffers, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_frame_is_whole),
		TEST(pull_waits_for_damage),
		TEST(damage_waits_for_pull),
		TEST(damage_of_one_turn_is_one_frame),
		TEST(damage_is_clipped),
		TEST(full_pull_is_answered_at_once),
		TEST(second_pull_replaces_the_first),
		TEST(each_session_has_its_own_damage),
		TEST(refused_capture_is_tried_with_the_next_damage),
		TEST(refused_capture_keeps_the_oldest_time),
		TEST(another_buffer_voids_the_pull),
		TEST(damage_told_in_a_capture_is_for_the_next_frame),
		TEST(resize_makes_the_buffer_stale),
		TEST(resize_in_a_capture_voids_the_frame),
		TEST(buffer_of_the_old_size_is_ignored),
		TEST(same_layout_keeps_the_buffer),
		TEST(refused_layout_is_answered_with_the_present_one),
		TEST(layout_may_be_answered_later_and_otherwise),
		TEST(layout_serials_are_each_sessions_own),
		TEST(monitors_moved_in_the_same_picture_are_told),
		TEST(buffers_go_back_when_replaced_and_when_the_session_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
