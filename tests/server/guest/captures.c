/* Captures that the guest answers later. */
#include "fake.h"
#include "peer.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct fake fake;
static struct peer peer;
static struct link_message msg;
static struct link_frame frame;

/* One session that has had its first frame; the guest puts captures off from now. */
static int setup(void **state)
{
	fake_init(&fake);
	fake.answer_now = true;
	assert_int_equal(peer_attach(&peer, fake.event, fake.path, "one", 0), 0);
	assert_int_equal(peer_frame(&peer, 0, &frame), 0);
	fake.capture_result = GUEST_CAPTURE_LATER;
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

static void expect_nothing(void)
{
	assert_int_equal(peer_receive(&peer, &msg), ERR_AGAIN);
}

static void expect_frame(uint32_t count, uint32_t x)
{
	assert_int_equal(peer_receive(&peer, &msg), 0);
	assert_int_equal(msg.type, LINK_FRAME);
	assert_int_equal(msg.frame.pull_serial, peer.pulls);
	assert_int_equal(msg.frame.buffer_serial, peer.buffer.serial);
	assert_int_equal(msg.frame.count, count);
	assert_int_equal(msg.frame.rects[0].x, x);
}

/* A pull and a capture that waits for the guest. */
static void begin(uint32_t x)
{
	assert_int_equal(peer_pull(&peer, 0), 0);
	damage(x, 0, 10, 10);
	expect_nothing();
	assert_non_null(fake.pending);
}

static void the_frame_comes_when_the_pixels_are_there(void **state)
{
	begin(20);
	assert_int_equal(peer.map[20 * 4], 1);
	fake_captured(&fake, 0);
	expect_frame(1, 20);
	assert_int_equal(peer.map[20 * 4], 2);
	assert_true(msg.frame.damage_us <= msg.frame.capture_us);
	expect_nothing();
	assert_null(fake.pending); /* nobody pulled */
}

static void a_pull_that_waits_is_told_once(void **state)
{
	int before = fake.awaits;

	assert_int_equal(peer_pull(&peer, 0), 0);
	expect_nothing();
	assert_int_equal(fake.awaits, before + 1);
	guest_link_cursor_moved(fake.link, 1, 2); /* another turn */
	assert_int_equal(peer_receive(&peer, &msg), 0);
	assert_int_equal(fake.awaits, before + 1);
	damage(20, 0, 10, 10);
	expect_nothing();
	fake_captured(&fake, 0);
	expect_frame(1, 20);
	assert_int_equal(fake.awaits, before + 1);
	/* What came meanwhile is captured without waiting. */
	damage(40, 0, 10, 10);
	assert_int_equal(peer_pull(&peer, 0), 0);
	expect_nothing();
	assert_int_equal(fake.awaits, before + 1);
	fake_captured(&fake, 0);
	expect_frame(1, 40);
}

static void damage_meanwhile_is_for_the_next_frame(void **state)
{
	begin(20);
	damage(100, 0, 10, 10);
	expect_nothing();
	assert_int_equal(fake.pending_count, 1);
	fake_captured(&fake, 0);
	expect_frame(1, 20);
	expect_nothing();
	assert_int_equal(peer_pull(&peer, 0), 0);
	expect_nothing();
	fake_captured(&fake, 0);
	expect_frame(1, 100);
}

static void the_guest_may_say_not_now(void **state)
{
	begin(20);
	fake_captured(&fake, ERR_AGAIN);
	expect_nothing();
	assert_null(fake.pending);
	damage(100, 0, 10, 10);
	expect_nothing();
	assert_int_equal(fake.pending_count, 2);
	fake_captured(&fake, 0);
	expect_frame(2, 20);
}

/* What it waits for may have come before it said so. */
static void not_now_after_new_damage_asks_again(void **state)
{
	begin(20);
	damage(100, 0, 10, 10);
	fake_captured(&fake, ERR_AGAIN);
	expect_nothing();
	assert_non_null(fake.pending);
	assert_int_equal(fake.pending_count, 2);
	fake_captured(&fake, ERR_AGAIN);
	expect_nothing();
	assert_null(fake.pending);
}

static void a_pull_meanwhile_is_answered_whole(void **state)
{
	begin(20);
	assert_int_equal(peer_pull(&peer, LINK_PULL_FULL), 0);
	expect_nothing();
	fake_captured(&fake, 0);
	expect_nothing();
	assert_non_null(fake.pending);
	fake_captured(&fake, 0);
	expect_frame(1, 0);
	assert_int_equal(msg.frame.rects[0].width, 640);
}

static void the_session_may_leave(void **state)
{
	begin(20);
	peer_finish(&peer);
	fake_run(&fake);
	assert_null(fake.pending); /* detached */
	assert_int_equal(fake.buffers, 0);
}

static void the_session_may_leave_in_the_same_turn(void **state)
{
	begin(20);
	peer_finish(&peer);
	fake_captured(&fake, 0); /* the link has not seen it go */
	fake_run(&fake);
	assert_int_equal(fake.buffers, 0);
}

static void another_buffer_voids_the_capture(void **state)
{
	begin(20);
	assert_int_equal(peer_lend(&peer), 0);
	expect_nothing();
	assert_null(fake.pending);
	assert_int_equal(peer_pull(&peer, 0), 0);
	expect_nothing();
	fake_captured(&fake, 0);
	expect_frame(1, 0);
	assert_int_equal(msg.frame.rects[0].width, 640);
}

static void a_resize_voids_the_capture(void **state)
{
	struct link_layout layout = link_layout_single(800, 480);

	begin(20);
	guest_link_layout_changed(fake.link, &layout);
	fake_captured(&fake, 0); /* before the turn's end takes the buffer */
	assert_int_equal(peer_receive(&peer, &msg), 0);
	assert_int_equal(msg.type, LINK_LAYOUT);
	expect_nothing();
	assert_int_equal(fake.buffers, 0);
	assert_int_equal(peer_lend(&peer), 0);
	assert_int_equal(peer_pull(&peer, 0), 0);
	expect_nothing();
	fake_captured(&fake, 0);
	expect_frame(1, 0);
	assert_int_equal(msg.frame.rects[0].width, 800);
}

static void each_session_has_its_own_capture(void **state)
{
	struct peer other;
	struct link_frame others;
	void *first;

	fake.capture_result = 0;
	assert_int_equal(peer_attach(&other, fake.event, fake.path, "two", LINK_HELLO_SHARED), 0);
	assert_int_equal(peer_frame(&other, 0, &others), 0);
	fake.capture_result = GUEST_CAPTURE_LATER;
	begin(20);
	first = fake.pending;
	fake.capture_result = 0;
	assert_int_equal(peer_frame(&other, 0, &others), 0);
	assert_int_equal(others.rects[0].x, 20);
	expect_nothing();
	assert_ptr_equal(fake.pending, first);
	fake_captured(&fake, 0);
	expect_frame(1, 20);
	peer_finish(&other);
}

static void an_answer_nobody_waits_for_is_nothing(void **state)
{
	int stranger;

	begin(20);
	guest_link_captured(fake.link, &stranger, 0);
	expect_nothing();
	fake_captured(&fake, 0);
	expect_frame(1, 20);
	guest_link_captured(fake.link, NULL, 0);
	expect_nothing();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_frame_comes_when_the_pixels_are_there),
		TEST(a_pull_that_waits_is_told_once),
		TEST(damage_meanwhile_is_for_the_next_frame),
		TEST(the_guest_may_say_not_now),
		TEST(not_now_after_new_damage_asks_again),
		TEST(a_pull_meanwhile_is_answered_whole),
		TEST(the_session_may_leave),
		TEST(the_session_may_leave_in_the_same_turn),
		TEST(another_buffer_voids_the_capture),
		TEST(a_resize_voids_the_capture),
		TEST(each_session_has_its_own_capture),
		TEST(an_answer_nobody_waits_for_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
