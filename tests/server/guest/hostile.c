/* Sessions that lie, stall or die: each ends alone. */
#include "fake.h"
#include "peer.h"
#include <setjmp.h>
#include <stdarg.h>

#include <base/packet.h>
#include <base/shm.h>
#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct fake fake;
static struct peer bad, good;
static struct link_message msg;

/* A bystander beside the one that misbehaves. */
static int setup(void **state)
{
	fake_init(&fake);
	assert_int_equal(peer_attach(&good, fake.event, fake.path, "good", 0), 0);
	assert_int_equal(peer_attach(&bad, fake.event, fake.path, "bad", LINK_HELLO_SHARED), 0);
	assert_int_equal(peer_expect(&bad, LINK_CURSOR, &msg), 0);
	return 0;
}

static int teardown(void **state)
{
	struct link_frame frame;

	/* The bystander saw nothing of it. */
	assert_int_equal(peer_frame(&good, LINK_PULL_FULL, &frame), 0);
	peer_finish(&bad);
	peer_finish(&good);
	fake_finish(&fake);
	return 0;
}

static void expect_refused(const char *why)
{
	assert_int_equal(peer_expect(&bad, LINK_BYE, &msg), 0);
	assert_int_equal(msg.bye.reason, LINK_BYE_PROTOCOL);
	assert_string_equal(msg.bye.text, why);
	assert_int_equal(peer_receive(&bad, &msg), ERR_CLOSED);
}

static void send_raw(const void *packet, size_t len)
{
	assert_int_equal(packet_send(bad.fd, packet, len, -1), 0);
}

static void short_packet_is_refused(void **state)
{
	send_raw("\x10", 1);
	expect_refused("a packet of 1 bytes, type -1");
}

static void bad_field_is_refused(void **state)
{
	send_raw("\x10\0\0\0\xff\0\0\0\0\0\0\0", 12); /* KEY 255 */
	expect_refused("a packet of 12 bytes, type 16");
}

static void long_packet_is_refused(void **state)
{
	static const uint8_t zeros[LINK_PACKET_MAX + 1];

	send_raw(zeros, sizeof zeros);
	expect_refused("packet too long or with several descriptors");
}

static void unknown_type_is_ignored(void **state)
{
	send_raw("\xff\xff\0\0later", 9);
	assert_int_equal(peer_receive(&bad, &msg), ERR_AGAIN);
}

static void guests_message_is_refused(void **state)
{
	assert_int_equal(
			peer_send(&bad, &(struct link_message){ .type = LINK_BYE, .bye = { 1, "" } }, -1), 0);
	expect_refused("a message of the guest's");
}

static void second_hello_is_refused(void **state)
{
	struct link_message hello = { .type = LINK_HELLO, .hello = { LINK_VERSION, LINK_HELLO_SHARED, "x" } };

	assert_int_equal(peer_send(&bad, &hello, -1), 0);
	expect_refused("a second HELLO");
}

static void needs_hello_first(void **state)
{
	struct link_message pull = { .type = LINK_PULL, .pull = { 1, 0 } };

	peer_finish(&bad);
	bad.fd = packet_connect(fake.path);
	assert_int_equal(peer_send(&bad, &pull, -1), 0);
	expect_refused("no HELLO first");
}

static void needless_descriptor_is_refused(void **state)
{
	struct link_message pull = { .type = LINK_PULL, .pull = { 1, 0 } };

	assert_int_equal(peer_send(&bad, &pull, STDIN_FILENO), 0);
	expect_refused("a descriptor that nobody asked for");
}

static void send_buffer(int fd)
{
	struct link_message buffer = { .type = LINK_BUFFER, .buffer = { 1, 640, 480, 2560 } };

	assert_int_equal(peer_send(&bad, &buffer, fd), 0);
	if (fd >= 0)
		close(fd);
}

static void buffer_without_memory_is_refused(void **state)
{
	send_buffer(-1);
	expect_refused("BUFFER without a descriptor");
}

static void short_memory_is_refused(void **state)
{
	send_buffer(shm_create("short", 2560 * 480 - 1));
	expect_refused("BUFFER that is no sealed memory of its size");
}

static void unsealed_memory_is_refused(void **state)
{
	int fd = memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(ftruncate(fd, 2560 * 480), 0);
	send_buffer(fd);
	expect_refused("BUFFER that is no sealed memory of its size");
}

static void other_files_are_refused(void **state)
{
	send_buffer(dup(STDIN_FILENO));
	expect_refused("BUFFER that is no sealed memory of its size");
}

static void buffer_that_the_guest_cannot_use_ends_the_session(void **state)
{
	fake.attach_fails = true;
	send_buffer(shm_create("good", 2560 * 480));
	expect_refused("BUFFER that the guest cannot use");
	fake.attach_fails = false;
}

static void pull_without_buffer_is_ignored(void **state)
{
	assert_int_equal(peer_pull(&bad, LINK_PULL_FULL), 0);
	assert_int_equal(peer_receive(&bad, &msg), ERR_AGAIN);
	assert_int_equal(fake.captures, 0);
}

/* Killed with a buffer lent, a pull under way and a key held. */
static void dead_session_is_cleared_away(void **state)
{
	struct link_message press = { .type = LINK_KEY, .key = { 30, 0 } };
	struct link_frame frame;

	assert_int_equal(peer_frame(&bad, 0, &frame), 0);
	assert_int_equal(peer_pull(&bad, 0), 0);
	assert_int_equal(peer_send(&bad, &press, -1), 0);
	peer_finish(&bad);
	guest_link_damage(fake.link, &(struct link_rect){ 0, 0, 1, 1 }, 1);
	fake_expect(&fake, "+attended key:30 key:30^ ");
	assert_int_equal(fake.buffers, 0);
}

static bool is_closed(struct peer *peer)
{
	struct link_message release = { .type = LINK_RELEASE_ALL };

	return peer_send(peer, &release, -1) == ERR_CLOSED;
}

/* Fills the socket of the one that does not read. Returns how often the cursor
 * moved until it was dropped, or max. */
static int move_cursor_until_dropped(int max)
{
	int n;

	for (n = 0; n < max && !is_closed(&bad); n++) {
		guest_link_cursor_moved(fake.link, (uint32_t)n, 0);
		fake_run(&fake);
		while (peer_receive(&good, &msg) == 0)
			;
	}
	return n;
}

static void session_that_does_not_read_is_dropped(void **state)
{
	int n = move_cursor_until_dropped(10000);

	assert_true(n > GUEST_MISSED_MAX);
	assert_true(n < 10000);
	assert_true(is_closed(&bad));
	assert_false(is_closed(&good));
}

static void slow_session_gets_the_newest_when_it_reads_again(void **state)
{
	struct link_frame frame;
	uint32_t last = 0;
	int n = 0;

	assert_int_equal(peer_frame(&bad, 0, &frame), 0);
	for (; n < 300; n++) { /* more than its socket holds */
		guest_link_cursor_moved(fake.link, (uint32_t)n, 0);
		fake_run(&fake);
	}
	assert_int_equal(peer_pull(&bad, 0), 0);
	guest_link_damage(fake.link, &(struct link_rect){ 0, 0, 9, 9 }, 1);
	fake_run(&fake);
	for (n = 0;; n++) {
		assert_int_equal(peer_receive(&bad, &msg), 0);
		if (msg.type == LINK_FRAME)
			break;
		last = msg.cursor_moved.x;
	}
	assert_true(n < 299); /* some were left out */
	assert_int_equal(last, 299);
	assert_int_equal(msg.frame.count, 1);
	assert_int_equal(msg.frame.rects[0].width, 9);
}

/* One of these counts fills the socket so that just the frame has no room. */
static void frame_that_has_no_room_comes_later(void **state)
{
	struct link_frame frame;

	for (uint32_t moves = 1; moves < 250; moves++) {
		peer_finish(&bad);
		assert_int_equal(peer_attach(&bad, fake.event, fake.path, "bad", LINK_HELLO_SHARED), 0);
		assert_int_equal(peer_frame(&bad, 0, &frame), 0);
		for (uint32_t i = 0; i < moves; i++) {
			guest_link_cursor_moved(fake.link, i, 0);
			fake_run(&fake);
		}
		guest_link_damage(fake.link, &(struct link_rect){ 0, 0, 9, 9 }, 1);
		assert_int_equal(peer_frame(&bad, 0, &frame), 0);
		assert_int_equal(frame.rects[0].width, 9);
		while (peer_receive(&good, &msg) == 0)
			;
	}
}

static void flood_is_read_in_portions(void **state)
{
	struct link_message move = { .type = LINK_POINTER, .pointer = { 1, 1 } };

	fake_run(&fake);
	fake.notes[0] = 0;
	for (int i = 0; i < 100; i++)
		assert_int_equal(peer_send(&bad, &move, -1), 0);
	assert_true(sd_event_run(fake.event, 0) > 0);
	assert_true(strlen(fake.notes) < 100 * strlen("pointer:1,1 "));
	fake_run(&fake);
	assert_int_equal(strlen(fake.notes), 100 * strlen("pointer:1,1 "));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(short_packet_is_refused),
		TEST(bad_field_is_refused),
		TEST(long_packet_is_refused),
		TEST(unknown_type_is_ignored),
		TEST(guests_message_is_refused),
		TEST(second_hello_is_refused),
		TEST(needs_hello_first),
		TEST(needless_descriptor_is_refused),
		TEST(buffer_without_memory_is_refused),
		TEST(short_memory_is_refused),
		TEST(unsealed_memory_is_refused),
		TEST(other_files_are_refused),
		TEST(buffer_that_the_guest_cannot_use_ends_the_session),
		TEST(pull_without_buffer_is_ignored),
		TEST(dead_session_is_cleared_away),
		TEST(session_that_does_not_read_is_dropped),
		TEST(slow_session_gets_the_newest_when_it_reads_again),
		TEST(frame_that_has_no_room_comes_later),
		TEST(flood_is_read_in_portions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
