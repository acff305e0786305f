/* What the session keeps for a guest that does not read: motion never adds up, all else
 * arrives in its order, and there is an end to it. */
#include <session/guest.h>

#include <base/loop.h>
#include <base/packet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	UNSENT_MAX = 1024, /* as in guest.c */
	SOCKET_MAX = 4096, /* more messages than any socket takes */
	MOVES = 100 * 1000,
	STEPS = 200,
};

static struct {
	sd_event *event;
	struct guest *guest;
	int fd; /* the guest's end */
	bool gone;
} t;

static void on_gone(void *user, uint32_t reason, const char *text)
{
	t.gone = true;
}

static int start(void **state)
{
	const struct guest_handlers handlers = { .on_gone = on_gone };
	const struct link_hello hello = { .version = LINK_VERSION };
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	t.event = loop_create();
	t.guest = guest_create(t.event, fds[0], &hello, &handlers);
	t.fd = fds[1];
	t.gone = false;
	return t.guest ? 0 : -1;
}

static int stop(void **state)
{
	guest_destroy(t.guest);
	close(t.fd);
	sd_event_unref(t.event);
	return 0;
}

static void move(uint32_t x, uint32_t y)
{
	guest_send(t.guest, &(struct link_message){ .type = LINK_POINTER, .pointer = { x, y } });
}

static void press(uint32_t button, uint32_t down)
{
	guest_send(t.guest, &(struct link_message){ .type = LINK_BUTTON, .button = { button, down } });
}

/* The next message that the guest reads; false: none is left. */
static bool next(struct link_message *message)
{
	uint8_t packet[LINK_PACKET_MAX];
	int len;

	while ((len = packet_receive(t.fd, packet, sizeof packet, NULL)) == ERR_AGAIN)
		if (sd_event_run(t.event, 0) <= 0)
			return false;
	assert_true(len > 0);
	assert_int_equal(link_parse(message, packet, (size_t)len), 0);
	return true;
}

static void expect_hello(void)
{
	struct link_message message;

	assert_true(next(&message));
	assert_int_equal(message.type, LINK_HELLO);
}

static void motion_alone_never_ends_it(void **state)
{
	struct link_message message = { 0 };
	int count = 0;

	for (uint32_t i = 1; i <= MOVES; i++)
		move(i % 8000, i / 8000);
	assert_false(t.gone);
	expect_hello();
	while (next(&message)) {
		assert_int_equal(message.type, LINK_POINTER);
		count++;
	}
	assert_int_equal(message.pointer.x, MOVES % 8000);
	assert_int_equal(message.pointer.y, MOVES / 8000);
	assert_true(count < SOCKET_MAX);
}

/* The guest must see the pointer there where it was at each press. */
static void motion_is_joined_only_with_motion(void **state)
{
	struct link_message message;
	uint32_t x = 0;

	for (uint32_t i = 0; i < MOVES; i++)
		move(0, 0); /* as many as the socket takes, and one more */
	for (uint32_t step = 1; step <= STEPS; step++) {
		for (uint32_t i = 0; i < 100; i++)
			move(i, step);
		move(step, step);
		press(LINK_BUTTON_LEFT, step & 1);
	}
	assert_false(t.gone);
	expect_hello();
	for (uint32_t step = 1; step <= STEPS;) {
		assert_true(next(&message));
		if (message.type == LINK_POINTER) {
			x = message.pointer.x;
			assert_true(message.pointer.y == step || message.pointer.y == 0);
			continue;
		}
		assert_int_equal(message.type, LINK_BUTTON);
		assert_int_equal(message.button.down, step & 1);
		assert_int_equal(x, step++);
	}
	assert_false(next(&message));
}

static void what_is_not_motion_ends_it_at_last(void **state)
{
	int sent = 0;

	for (; sent < SOCKET_MAX + UNSENT_MAX && !t.gone; sent++)
		press(LINK_BUTTON_LEFT, (uint32_t)sent & 1);
	assert_true(t.gone);
	assert_true(sent > UNSENT_MAX);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(motion_alone_never_ends_it),
		TEST(motion_is_joined_only_with_motion),
		TEST(what_is_not_motion_ends_it_at_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
