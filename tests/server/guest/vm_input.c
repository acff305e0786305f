/* The machine's monitor, and keys and pointer through it. */
#include <base/loop.h>
#include <input.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n"

static sd_event *event;
static int qemu_fd; /* QEMU's end */
static struct qmp qmp;
static struct input input;
static int ready, shutdowns, guest_shutdowns, restarts, opened, closed_ports, no_rooms, closed;

static void on_ready(void *user)
{
	ready++;
}

static void on_shutdown(void *user, bool by_guest)
{
	shutdowns++;
	guest_shutdowns += by_guest;
}

static void on_restarted(void *user)
{
	restarts++;
}

static void on_port(void *user, bool open)
{
	if (open)
		opened++;
	else
		closed_ports++;
}

static void on_no_room(void *user)
{
	no_rooms++;
}

static void on_closed(void *user)
{
	closed++;
}

static const struct qmp_ops ops = {
	.ready = on_ready,
	.shutdown = on_shutdown,
	.restarted = on_restarted,
	.port = on_port,
	.no_room = on_no_room,
	.closed = on_closed,
};

static void run_loop(void)
{
	while (sd_event_run(event, 0) > 0)
		;
}

static void qemu_says(const char *text)
{
	assert_int_equal(write(qemu_fd, text, strlen(text)), strlen(text));
	run_loop();
}

static const char *qemu_hears(void)
{
	static char text[8192];
	ssize_t n = recv(qemu_fd, text, sizeof text - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = 0;
	return text;
}

static int setup(void **state)
{
	int fds[2];

	ready = shutdowns = guest_shutdowns = restarts = opened = closed_ports = no_rooms = closed = 0;
	event = loop_create();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	qemu_fd = fds[1];
	assert_int_equal(qmp_init(&qmp, event, fds[0], &ops, NULL), 0);
	input = (struct input){ .qmp = &qmp };
	return 0;
}

static int setup_greeted(void **state)
{
	setup(state);
	qemu_says(GREETING "{\"return\": {}}\r\n");
	qemu_hears();
	return 0;
}

static int teardown(void **state)
{
	qmp_finish(&qmp);
	close(qemu_fd);
	sd_event_unref(event);
	return 0;
}

static void the_greeting_is_answered(void **state)
{
	qmp_key(&qmp, 30, true);
	assert_string_equal(qemu_hears(), ""); /* it would not understand */
	qemu_says("{\"QMP\": {\"ver");
	assert_int_equal(ready, 0);
	qemu_says("sion\": {}}}\n");
	assert_int_equal(ready, 0); /* its devices may still be missing */
	assert_string_equal(qemu_hears(), "{\"execute\":\"qmp_capabilities\"}\n");
	qemu_says("{\"return\": {}}\n{\"return\": {}}\n{\"error\": {\"class\": \"x\", \"desc\": \"no\"}}\n{\"error\": 5}\n");
	assert_int_equal(ready, 1);
	assert_int_equal(closed, 0);
}

static void events_are_told(void **state)
{
	qemu_says("{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true}}\n");
	assert_int_equal(guest_shutdowns, 1);
	qemu_says("{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": false}}\n{\"event\": \"SHUTDOWN\"}\n");
	assert_int_equal(shutdowns, 3);
	assert_int_equal(guest_shutdowns, 1);
	qemu_says("{\"event\": \"VSERPORT_CHANGE\", \"data\": {\"open\": true, \"id\": \"x\"}}\n"
		  "{\"event\": \"VSERPORT_CHANGE\", \"data\": {\"open\": false}}\n{\"event\": \"STOP\"}\n");
	assert_int_equal(opened, 1);
	assert_int_equal(closed_ports, 1);
	qemu_says("{\"event\": \"RESET\", \"data\": {\"guest\": true, \"reason\": \"guest-reset\"}}\n"
		  "{\"event\": \"RESET\", \"data\": {\"guest\": false}}\n{\"event\": \"RESET\"}\n");
	assert_int_equal(restarts, 1);
	qemu_says("{\"event\": \"BLOCK_IO_ERROR\", \"data\": {\"nospace\": true}}\n"
		  "{\"event\": \"BLOCK_IO_ERROR\", \"data\": {\"nospace\": false}}\n");
	assert_int_equal(no_rooms, 1);
}

static void what_is_no_qmp_closes_it(void **state)
{
	static const char *const lines[] = { "hello\n", "[]\n", "\n", "{\"a\":1,\"a\":2}\n", "{}{}\n" };

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		setup_greeted(state);
		qemu_says(lines[i]);
		assert_int_equal(closed, 1);
		qmp_execute(&qmp, "quit");
		teardown(state);
	}
	setup_greeted(state);
}

static void a_line_without_end_closes_it(void **state)
{
	char bytes[4096];

	memset(bytes, 'x', sizeof bytes);
	for (int i = 0; i < QMP_LINE_MAX / (int)sizeof bytes; i++) {
		assert_int_equal(write(qemu_fd, bytes, sizeof bytes), sizeof bytes);
		run_loop();
	}
	assert_int_equal(closed, 0);
	qemu_says("y");
	assert_int_equal(closed, 1);
}

static void the_end_is_told(void **state)
{
	shutdown(qemu_fd, SHUT_RDWR);
	run_loop();
	assert_int_equal(closed, 1);
}

static void a_busy_qemu_gets_it_later_and_too_much_is_lost(void **state)
{
	size_t len = 0, got;
	char text[8192];
	int small = 1;

	setsockopt(qmp.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	for (int i = 0; i < 2000; i++)
		qmp_key(&qmp, 30, i % 2 == 0);
	assert_true(qmp.unsent_len > sizeof qmp.unsent - 200);
	while ((got = (size_t)recv(qemu_fd, text, sizeof text, MSG_DONTWAIT)) != (size_t)-1) {
		len += got;
		assert_int_equal(text[got - 1] == '\n' || got == sizeof text || qmp.unsent_len, true);
		run_loop();
	}
	assert_int_equal(qmp.unsent_len, 0);
	assert_true(len > sizeof qmp.unsent);
	qemu_hears();
	qmp_execute(&qmp, "cont");
	assert_string_equal(qemu_hears(), "{\"execute\":\"cont\"}\n");
}

/* "+30 -30": key numbers that went down and up. */
static const char *keys(void)
{
	static char list[256];
	const char *at = qemu_hears();

	list[0] = 0;
	while ((at = strstr(at, "\"down\":"))) {
		bool down = at[7] == 't';
		unsigned number = 0;

		at = strstr(at, "\"number\",\"data\":");
		assert_non_null(at);
		assert_int_equal(sscanf(at, "\"number\",\"data\":%u", &number), 1);
		snprintf(list + strlen(list), sizeof list - strlen(list), "%s%c%u", list[0] ? " " : "",
				down ? '+' : '-', number);
	}
	return list;
}

static void press(uint32_t scancode, uint32_t flags)
{
	input_key(&input, &(struct link_key){ scancode, flags });
}

static void keys_have_qemus_numbers(void **state)
{
	press(0x1e, 0);
	press(0x1e, LINK_KEY_UP);
	press(0x48, LINK_KEY_EXTENDED);
	press(0x48, LINK_KEY_EXTENDED | LINK_KEY_UP);
	press(0x54, 0); /* Print while Alt is held */
	press(0, 0);
	assert_string_equal(keys(), "+30 -30 +200 -200 +183");
}

static void pause_is_one_key(void **state)
{
	press(0x1d, LINK_KEY_EXTENDED1);
	press(0x45, 0);
	press(0x1d, LINK_KEY_EXTENDED1 | LINK_KEY_UP);
	press(0x45, LINK_KEY_UP);
	press(0x45, 0); /* a true Num Lock */
	press(0x1e, LINK_KEY_EXTENDED1);
	assert_string_equal(keys(), "+198 -198 +69");
}

static void repetition_lets_the_key_go_first(void **state)
{
	press(0x1e, 0);
	press(0x1e, 0);
	press(0x2a, 0); /* Shift */
	press(0x2a, 0);
	assert_string_equal(keys(), "+30 -30 +30 +42");
}

static void the_pointer_spans_the_picture(void **state)
{
	input_pointer(&input, 0, 0, 1280, 800);
	assert_non_null(strstr(qemu_hears(),
			"{\"type\":\"abs\",\"data\":{\"axis\":\"x\",\"value\":12}},"
			"{\"type\":\"abs\",\"data\":{\"axis\":\"y\",\"value\":20}}"));
	input_pointer(&input, 1279, 799, 1280, 800);
	assert_non_null(strstr(qemu_hears(),
			"\"value\":32755}},{\"type\":\"abs\",\"data\":{\"axis\":\"y\","
			"\"value\":32747}"));
	input_pointer(&input, 8191, 0, 8192, 1);
	assert_non_null(strstr(qemu_hears(),
			"\"value\":32766}},{\"type\":\"abs\",\"data\":{\"axis\":\"y\","
			"\"value\":16384}"));
}

/* libinput's way back: the pixel that a value of the tablet falls on. */
static void every_pixel_comes_back(void **state)
{
	static const uint32_t sizes[] = { 1, 64, 800, 1280, 1366, 1920, 3841, 8192 };

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		for (uint32_t x = 0; x < sizes[i]; x += 1 + sizes[i] / 97) {
			unsigned value;

			input_pointer(&input, x, 0, sizes[i], 1);
			assert_int_equal(sscanf(strstr(qemu_hears(), "\"value\":"), "\"value\":%u", &value),
					1);
			assert_int_equal((uint64_t)value * sizes[i] / 32768, x);
		}
	}
}

static void echoes_are_told_from_news(void **state)
{
	assert_false(input_is_echo(&input, 0, 0));
	input_pointer(&input, 100, 100, 1280, 800);
	for (int i = 0; i < INPUT_PLACES - 1; i++)
		input_pointer(&input, 500, 500, 1280, 800);
	assert_true(input_is_echo(&input, 102, 98));
	assert_false(input_is_echo(&input, 103, 100));
	assert_false(input_is_echo(&input, 100, 500));
	input_pointer(&input, 500, 500, 1280, 800);
	assert_false(input_is_echo(&input, 100, 100)); /* too long ago */
}

static void held_input_waits_in_its_order(void **state)
{
	input_hold(&input);
	press(0x1e, 0);
	input_pointer(&input, 1, 1, 1280, 800);
	input_pointer(&input, 2, 2, 1280, 800);
	input_button(&input, LINK_BUTTON_LEFT, true);
	input_wheel(&input, 120);
	press(0x1e, LINK_KEY_UP);
	assert_string_equal(qemu_hears(), "");
	input_release(&input);
	{
		const char *all = qemu_hears(), *at = strstr(all, "\"down\":true,\"key\"");

		assert_non_null(at);
		assert_null(strstr(all, "\"value\":38}")); /* 1 of 1280 */
		at = strstr(at, "\"value\":64}");          /* 2 of 1280 */
		assert_non_null(at);
		at = strstr(at, "left");
		assert_non_null(at);
		at = strstr(at, "wheel-up");
		assert_non_null(at);
		assert_non_null(strstr(at, "\"down\":false,\"key\""));
	}
	press(0x1f, 0);
	assert_string_equal(keys(), "+31");
}

static void too_much_does_not_wait(void **state)
{
	int small = 0;

	input_hold(&input);
	for (int i = 0; i < INPUT_WAITING_MAX; i++)
		press(0x1e, i % 2 ? LINK_KEY_UP : 0);
	assert_string_equal(qemu_hears(), "");
	press(0x1f, 0);
	for (const char *at = qemu_hears(); *at; at = qemu_hears())
		small += (int)strlen(at);
	assert_true(small > 10000);
	press(0x20, 0);
	assert_string_equal(keys(), "+32"); /* not held any more */
}

static void buttons_have_qemus_names(void **state)
{
	input_button(&input, LINK_BUTTON_BACK, true);
	assert_non_null(strstr(qemu_hears(), "{\"down\":true,\"button\":\"side\"}"));
	input_button(&input, LINK_BUTTON_RIGHT, false);
	assert_non_null(strstr(qemu_hears(), "{\"down\":false,\"button\":\"right\"}"));
	input_button(&input, 6, true);
	input_button(&input, 0, true);
	assert_string_equal(qemu_hears(), "");
}

static int clicks(const char *name)
{
	const char *at = qemu_hears();
	int count = 0;

	while ((at = strstr(at, name)))
		at++, count++;
	return count;
}

static void the_wheel_turns_in_whole_clicks(void **state)
{
	input_wheel(&input, 120);
	assert_int_equal(clicks("wheel-up"), 2); /* down and up */
	input_wheel(&input, -60);
	assert_int_equal(clicks("wheel"), 0);
	input_wheel(&input, -60);
	assert_int_equal(clicks("wheel-down"), 2);
	input_wheel(&input, 100);
	input_wheel(&input, -100); /* the rest does not count the other way */
	assert_int_equal(clicks("wheel"), 0);
	input_wheel(&input, -20);
	assert_int_equal(clicks("wheel-down"), 2);
	input_wheel(&input, LINK_WHEEL_MAX_120);
	assert_int_equal(clicks("wheel-up"), 2 * INPUT_CLICKS_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_greeted, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_greeting_is_answered, setup, teardown),
		TEST(events_are_told),
		cmocka_unit_test_teardown(what_is_no_qmp_closes_it, teardown),
		TEST(a_line_without_end_closes_it),
		TEST(the_end_is_told),
		TEST(a_busy_qemu_gets_it_later_and_too_much_is_lost),
		TEST(keys_have_qemus_numbers),
		TEST(pause_is_one_key),
		TEST(repetition_lets_the_key_go_first),
		TEST(the_pointer_spans_the_picture),
		TEST(every_pixel_comes_back),
		TEST(echoes_are_told_from_news),
		TEST(held_input_waits_in_its_order),
		TEST(too_much_does_not_wait),
		TEST(buttons_have_qemus_names),
		TEST(the_wheel_turns_in_whole_clicks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
