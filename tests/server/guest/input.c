/* Input reaches the guest, and what a session holds goes up when it leaves. */
#include "fake.h"
#include "peer.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct fake fake;
static struct peer peer;

static int setup(void **state)
{
	fake_init(&fake);
	assert_int_equal(peer_attach(&peer, fake.event, fake.path, "one", 0), 0);
	fake_expect(&fake, "+attended ");
	return 0;
}

static int teardown(void **state)
{
	peer_finish(&peer);
	fake_finish(&fake);
	return 0;
}

static void send(struct link_message msg)
{
	assert_int_equal(peer_send(&peer, &msg, -1), 0);
}

static void key(uint32_t scancode, uint32_t flags)
{
	send((struct link_message){ .type = LINK_KEY, .key = { scancode, flags } });
}

static void button(uint32_t name, uint32_t down)
{
	send((struct link_message){ .type = LINK_BUTTON, .button = { name, down } });
}

static void everything_arrives_in_order(void **state)
{
	key(30, 0);
	key(30, LINK_KEY_UP);
	send((struct link_message){ .type = LINK_UNICODE, .unicode = { 0x1f600, 0 } });
	send((struct link_message){ .type = LINK_UNICODE, .unicode = { 0x1f600, LINK_KEY_UP } });
	send((struct link_message){ .type = LINK_POINTER, .pointer = { 100, 200 } });
	button(LINK_BUTTON_BACK, 1);
	button(LINK_BUTTON_BACK, 0);
	send((struct link_message){ .type = LINK_WHEEL, .wheel = { -30, 120 } });
	send((struct link_message){ .type = LINK_LOCKS, .locks = { LINK_LOCK_CAPS } });
	send((struct link_message){ .type = LINK_KEYMAP, .keymap = { 0x407, 4, 0, 12 } });
	fake_expect(&fake,
			"key:30 key:30^ unicode:1f600 pointer:100,200 button:4 button:4^ wheel:-30,120 "
			"locks:4 keymap:407 ");
}

static void pointer_stays_in_the_picture(void **state)
{
	send((struct link_message){ .type = LINK_POINTER, .pointer = { 8191, 8191 } });
	fake_expect(&fake, "pointer:639,479 ");
}

static void held_keys_go_up_when_the_session_leaves(void **state)
{
	key(29, 0);
	key(29, LINK_KEY_EXTENDED);
	key(29, LINK_KEY_EXTENDED1);
	key(42, 0);
	key(42, LINK_KEY_UP);
	button(LINK_BUTTON_LEFT, 1);
	button(LINK_BUTTON_FORWARD, 1);
	button(LINK_BUTTON_LEFT, 0);
	fake_expect(&fake, "key:29 key:29e key:29E key:42 key:42^ button:1 button:5 button:1^ ");
	peer_finish(&peer);
	fake_expect(&fake, "key:29^ key:29e^ key:29E^ button:5^ -attended ");
}

static void release_all_lets_go_once(void **state)
{
	key(56, 0);
	send((struct link_message){ .type = LINK_RELEASE_ALL });
	send((struct link_message){ .type = LINK_RELEASE_ALL });
	fake_expect(&fake, "key:56 key:56^ ");
	peer_finish(&peer);
	fake_expect(&fake, "-attended ");
}

static void take_over_lets_go_before_the_newcomers_keys(void **state)
{
	struct peer second;
	struct link_message press = { .type = LINK_KEY, .key = { 42, 0 } };

	key(42, 0);
	fake_expect(&fake, "key:42 ");
	assert_int_equal(peer_attach(&second, fake.event, fake.path, "two", 0), 0);
	assert_int_equal(peer_send(&second, &press, -1), 0);
	fake_expect(&fake, "key:42^ key:42 ");
	peer_finish(&second);
	fake_expect(&fake, "key:42^ -attended ");
}

static void one_sessions_leaving_lets_the_others_keys_be(void **state)
{
	struct peer second;
	struct link_message press = { .type = LINK_KEY, .key = { 30, 0 } };

	assert_int_equal(peer_attach(&second, fake.event, fake.path, "two", LINK_HELLO_SHARED), 0);
	assert_int_equal(peer_send(&second, &press, -1), 0);
	key(42, 0);
	fake_run(&fake);
	fake.notes[0] = 0;
	peer_finish(&second);
	fake_expect(&fake, "key:30^ ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(everything_arrives_in_order),
		TEST(pointer_stays_in_the_picture),
		TEST(held_keys_go_up_when_the_session_leaves),
		TEST(release_all_lets_go_once),
		TEST(take_over_lets_go_before_the_newcomers_keys),
		TEST(one_sessions_leaving_lets_the_others_keys_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
