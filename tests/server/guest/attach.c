/* Who may attach, what a session hears first, take-over, the end. */
#include "fake.h"
#include "peer.h"
#include <setjmp.h>
#include <stdarg.h>

#include <base/packet.h>
#include <base/shm.h>
#include <cmocka.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fake fake;
static struct link_message msg;

static int setup(void **state)
{
	fake_init(&fake);
	return 0;
}

static int teardown(void **state)
{
	fake_finish(&fake);
	return 0;
}

static void attach(struct peer *peer, const char *from, uint32_t flags)
{
	assert_int_equal(peer_attach(peer, fake.event, fake.path, from, flags), 0);
}

static void expect_bye(struct peer *peer, enum link_bye_reason reason, const char *text)
{
	assert_int_equal(peer_expect(peer, LINK_BYE, &msg), 0);
	assert_int_equal(msg.bye.reason, reason);
	assert_string_equal(msg.bye.text, text);
	assert_int_equal(peer_receive(peer, &msg), ERR_CLOSED);
}

static void hears_initial_state_in_order(void **state)
{
	struct peer peer;

	attach(&peer, "one", 0);
	assert_int_equal(peer_receive(&peer, &msg), 0);
	assert_int_equal(msg.type, LINK_WELCOME);
	assert_int_equal(msg.welcome.version, LINK_VERSION);
	assert_string_equal(msg.welcome.kind, "fake");
	assert_int_equal(peer_receive(&peer, &msg), 0);
	assert_int_equal(msg.type, LINK_LAYOUT);
	assert_int_equal(msg.layout.serial, 0);
	assert_int_equal(msg.layout.monitors[0].width_px, 640);
	assert_int_equal(peer_receive(&peer, &msg), 0);
	assert_int_equal(msg.type, LINK_CURSOR);
	assert_int_equal(msg.cursor.hidden, 1);
	assert_int_equal(peer_receive(&peer, &msg), ERR_AGAIN);
	fake_expect(&fake, "+attended ");
	peer_finish(&peer);
	fake_expect(&fake, "-attended ");
}

static void cursor_comes_sealed_and_to_latecomers(void **state)
{
	const struct link_cursor cursor = { .width_px = 2, .height_px = 3, .hot_x = 1, .hot_y = 2 };
	uint8_t pixels[24], got[24];
	struct peer early, late;

	for (size_t i = 0; i < sizeof pixels; i++)
		pixels[i] = (uint8_t)(i * 7);
	attach(&early, "early", 0);
	assert_int_equal(peer_expect(&early, LINK_CURSOR, &msg), 0);
	assert_int_equal(guest_link_cursor(fake.link, &cursor, pixels), 0);
	assert_int_equal(peer_expect(&early, LINK_CURSOR, &msg), 0);
	attach(&late, "late", LINK_HELLO_SHARED);
	assert_int_equal(peer_expect(&late, LINK_CURSOR, &msg), 0);
	assert_memory_equal(&late.cursor, &cursor, sizeof cursor);
	assert_int_equal(shm_check(late.cursor_fd, sizeof pixels), 0);
	assert_int_equal(pread(late.cursor_fd, got, sizeof got, 0), sizeof got);
	assert_memory_equal(got, pixels, sizeof got);
	/* One session cannot paint over the other's cursor. */
	assert_int_equal(pwrite(early.cursor_fd, got, 1, 0), -1);
	peer_finish(&early);
	peer_finish(&late);
}

static void bad_cursor_is_refused(void **state)
{
	static const uint8_t pixels[4];
	struct peer peer;

	attach(&peer, "one", 0);
	assert_int_equal(peer_expect(&peer, LINK_CURSOR, &msg), 0);
	assert_int_equal(guest_link_cursor(fake.link, &(struct link_cursor){ 0 }, pixels), ERR_ARGUMENT);
	assert_int_equal(guest_link_cursor(fake.link, &(struct link_cursor){ 0, 385, 1, 0, 0 }, pixels),
			ERR_ARGUMENT);
	assert_int_equal(guest_link_cursor(fake.link, &(struct link_cursor){ 0, 1, 1, 0, 1 }, pixels),
			ERR_ARGUMENT);
	assert_int_equal(peer_receive(&peer, &msg), ERR_AGAIN);
	assert_int_equal(guest_link_cursor(fake.link, &(struct link_cursor){ .hidden = 1, .hot_x = 9 }, NULL),
			0);
	assert_int_equal(peer_expect(&peer, LINK_CURSOR, &msg), 0);
	assert_int_equal(msg.cursor.hot_x, 0);
	peer_finish(&peer);
}

static void pointer_moved_by_a_program_is_told(void **state)
{
	struct peer peer;

	attach(&peer, "one", 0);
	assert_int_equal(peer_expect(&peer, LINK_CURSOR, &msg), 0);
	guest_link_cursor_moved(fake.link, 1, 2);
	guest_link_cursor_moved(fake.link, 30, 40);
	assert_int_equal(peer_receive(&peer, &msg), 0);
	assert_int_equal(msg.type, LINK_CURSOR_MOVED);
	assert_int_equal(msg.cursor_moved.x, 30);
	assert_int_equal(msg.cursor_moved.y, 40);
	assert_int_equal(peer_receive(&peer, &msg), ERR_AGAIN); /* the newest only */
	peer_finish(&peer);
}

static void shared_sessions_stay_and_a_take_over_ends_all(void **state)
{
	struct peer first, second, third;

	attach(&first, "192.0.2.1", 0);
	attach(&second, "192.0.2.2", LINK_HELLO_SHARED);
	fake_expect(&fake, "+attended ");
	assert_int_equal(peer_expect(&first, LINK_CURSOR, &msg), 0);
	assert_int_equal(peer_expect(&second, LINK_CURSOR, &msg), 0);
	attach(&third, "192.0.2.3", 0);
	expect_bye(&first, LINK_BYE_TAKEN_OVER, "192.0.2.3");
	expect_bye(&second, LINK_BYE_TAKEN_OVER, "192.0.2.3");
	assert_int_equal(peer_expect(&third, LINK_CURSOR, &msg), 0);
	fake_expect(&fake, ""); /* attended all the time */
	peer_finish(&first);
	peer_finish(&second);
	peer_finish(&third);
	fake_expect(&fake, "-attended ");
}

/* A socket closed with unread packets would lose the BYE. */
static void bye_arrives_while_the_session_types(void **state)
{
	struct link_message move = { .type = LINK_POINTER, .pointer = { 1, 1 } };
	struct peer first, second;

	attach(&first, "one", 0);
	assert_int_equal(peer_expect(&first, LINK_CURSOR, &msg), 0);
	attach(&second, "two", 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(peer_send(&first, &move, -1), 0);
	expect_bye(&first, LINK_BYE_TAKEN_OVER, "two");
	peer_finish(&first);
	peer_finish(&second);
}

static void other_version_is_told(void **state)
{
	struct link_message hello = { .type = LINK_HELLO, .hello = { 2, 0, "new" } };
	struct peer peer = { .event = fake.event, .cursor_fd = -1, .memfd = -1 };

	peer.fd = packet_connect(fake.path);
	assert_int_equal(peer_send(&peer, &hello, -1), 0);
	expect_bye(&peer, LINK_BYE_VERSION, "version");
	peer_finish(&peer);
	fake_expect(&fake, "");
}

static void end_says_bye_and_stops_listening(void **state)
{
	struct peer peer;

	attach(&peer, "one", 0);
	assert_int_equal(peer_expect(&peer, LINK_CURSOR, &msg), 0);
	guest_link_end(fake.link, LINK_BYE_ENDED, "logged out");
	expect_bye(&peer, LINK_BYE_ENDED, "logged out");
	peer_finish(&peer);
	fake_expect(&fake, "+attended -attended ");
	assert_int_equal(packet_connect(fake.path), ERR_MISSING);
	guest_link_damage(fake.link, &(struct link_rect){ 0, 0, 1, 1 }, 1);
	fake_run(&fake);
}

static void destroy_says_bye(void **state)
{
	struct peer peer;

	attach(&peer, "one", 0);
	assert_int_equal(peer_expect(&peer, LINK_CURSOR, &msg), 0);
	guest_link_destroy(fake.link);
	fake.link = NULL;
	expect_bye(&peer, LINK_BYE_ENDED, "");
	peer_finish(&peer);
}

static void socket_is_private_and_single(void **state)
{
	struct link_layout layout = link_layout_single(1, 1);
	struct stat st;

	assert_int_equal(stat(fake.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_null(guest_link_create(fake.event, fake.path, &(struct guest_ops){ 0 }, NULL, &layout));
	assert_null(guest_link_create(fake.event, "/nowhere/link", &(struct guest_ops){ 0 }, NULL, &layout));
}

/* As another user: only root and the guest's own user may attach. */
static void stranger_is_refused(void **state)
{
	struct peer peer;
	int rc;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(fake.dir, 0711), 0);
	assert_int_equal(chmod(fake.path, 0777), 0);
	assert_int_equal(seteuid(65534), 0);
	rc = peer_attach(&peer, fake.event, fake.path, "stranger", 0);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(rc, 0);
	assert_int_equal(peer_receive(&peer, &msg), ERR_CLOSED);
	fake_expect(&fake, "");
	peer_finish(&peer);
}

static void one_session_too_many_is_refused(void **state)
{
	static struct peer peers[GUEST_ATTACHMENTS_MAX + 1];
	size_t n = GUEST_ATTACHMENTS_MAX;

	for (size_t i = 0; i <= n; i++) {
		attach(&peers[i], "many", LINK_HELLO_SHARED);
		fake_run(&fake); /* before the backlog is full */
	}
	assert_int_equal(peer_receive(&peers[n], &msg), ERR_CLOSED);
	assert_int_equal(peer_expect(&peers[n - 1], LINK_CURSOR, &msg), 0);
	assert_int_equal(peer_expect(&peers[0], LINK_CURSOR, &msg), 0);
	for (size_t i = 0; i <= n; i++)
		peer_finish(&peers[i]);
}

/* A session that cannot be accepted yet must not keep the loop turning. */
static void no_descriptors_left_is_no_spin(void **state)
{
	struct rlimit was, none;
	struct peer peer;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	attach(&peer, "one", 0);
	none = (struct rlimit){ .rlim_cur = (rlim_t)peer.fd + 1, .rlim_max = was.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	fake_run(&fake); /* ends */
	fake_expect(&fake, "");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_true(sd_event_run(fake.event, UINT64_MAX) > 0);
	fake_expect(&fake, "+attended ");
	peer_finish(&peer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hears_initial_state_in_order),
		TEST(cursor_comes_sealed_and_to_latecomers),
		TEST(bad_cursor_is_refused),
		TEST(pointer_moved_by_a_program_is_told),
		TEST(shared_sessions_stay_and_a_take_over_ends_all),
		TEST(bye_arrives_while_the_session_types),
		TEST(other_version_is_told),
		TEST(end_says_bye_and_stops_listening),
		TEST(destroy_says_bye),
		TEST(socket_is_private_and_single),
		TEST(stranger_is_refused),
		TEST(no_descriptors_left_is_no_spin),
		TEST(one_session_too_many_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
