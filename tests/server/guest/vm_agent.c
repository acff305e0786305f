/* The agent's two ends: the host's, with an agent that is played here, and the real
 * agent on a terminal in place of the port, with a script in place of a desktop. */
#include <agent_link.h>
#include <base/loop.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum {
	TIME_MS = 20000, /* until something that must come counts as lost */
};

/* ---- the host's end ---- */

static sd_event *event;
static int agent_fd; /* the machine's end */
static struct agent_link host;
static int typed;
static struct agent_layout_done done;

static void on_done(void *user, const struct agent_layout_done *told)
{
	done = *told;
}

static void on_typed(void *user)
{
	typed++;
}

static const struct agent_ops ops = { .layout_done = on_done, .typed = on_typed };

static int setup_host(void **state)
{
	int fds[2];

	typed = 0;
	event = loop_create();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	agent_fd = fds[1];
	assert_int_equal(agent_link_init(&host, event, fds[0], &ops, NULL), 0);
	return 0;
}

static int teardown_host(void **state)
{
	agent_link_finish(&host);
	close(agent_fd);
	sd_event_unref(event);
	return 0;
}

static void agent_says(const char *text)
{
	assert_int_equal(write(agent_fd, text, strlen(text)), strlen(text));
	while (sd_event_run(event, 0) > 0)
		;
}

static void agent_hears(const char *want)
{
	char text[4096];
	ssize_t n = recv(agent_fd, text, sizeof text - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = 0;
	assert_string_equal(text, want);
}

static const struct agent_layout one = { 3, 100, 1, { { 0, 0, 800, 600 } } };

static void what_is_known_waits_for_the_agent(void **state)
{
	struct agent_layout newer = one;

	agent_link_layout(&host, &one);
	newer.serial = 4;
	agent_link_layout(&host, &newer);
	agent_link_keymap(&host, 0x407);
	agent_link_locks(&host, 2);
	agent_link_text(&host, 'a');
	agent_hears("");
	agent_says("hel");
	agent_says("lo 1\n");
	agent_hears("layout 4 100 800x600+0+0\nkeymap 1031\n");
	agent_link_text(&host, 0x20ac);
	agent_link_locks(&host, 2);
	agent_hears("text 8364\nlocks 2\n");
}

static void turns_of_the_wheel_add_up_while_nobody_listens(void **state)
{
	int small = 1;

	agent_link_wheel(&host, 120); /* nobody there */
	agent_says("hello 1\n");
	agent_hears("");
	agent_link_wheel(&host, -30);
	agent_hears("wheel 30 0\n");
	setsockopt(host.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	for (int i = 0; i < 1000; i++)
		agent_link_wheel(&host, LINK_WHEEL_MAX_120);
	assert_int_equal(host.wheel_120, LINK_WHEEL_MAX_120);
	agent_link_wheel(&host, -LINK_WHEEL_MAX_120 - 1);
	assert_int_equal(host.wheel_120, -1);
	agent_link_port(&host, false);
	assert_int_equal(host.wheel_120, 0);
}

static void a_new_agent_is_told_again(void **state)
{
	agent_link_layout(&host, &one);
	agent_says("hello 1\n");
	agent_hears("layout 3 100 800x600+0+0\n");
	agent_link_port(&host, false);
	agent_link_text(&host, 'a');
	agent_hears("");
	agent_says("hello 2\n");
	agent_hears("layout 3 100 800x600+0+0\n");
}

/* QEMU tells of the port by another socket than the agent's. */
static void a_new_agent_may_say_hello_before_the_last_is_gone(void **state)
{
	agent_says("hello 1\n");
	agent_says("hello 1\n");
	agent_link_port(&host, false);
	agent_link_port(&host, true);
	agent_link_text(&host, 'a');
	agent_hears("text 97\n");
	agent_link_port(&host, false);
	agent_link_text(&host, 'b');
	agent_hears("");
	/* Its first end was not told of. */
	agent_says("hello 1\n");
	agent_says("hello 1\n");
	agent_link_port(&host, false);
	agent_link_text(&host, 'c');
	agent_hears("");
}

static void its_answers_are_told_and_noise_is_not(void **state)
{
	agent_says("layout-done 7 1\nlayout 1 100 1x1+0+0\nkeymap 1\nnoise\n\n\xff\xfe\nhello\n");
	assert_int_equal(done.serial, 7);
	assert_int_equal(done.result, 1);
	assert_false(host.there);
}

static void typed_text_is_told_once(void **state)
{
	agent_link_text(&host, 'a');
	assert_false(agent_link_typing(&host)); /* nobody there */
	agent_says("hello 1\n");
	agent_link_text(&host, 'a');
	agent_link_text(&host, 'b');
	assert_true(agent_link_typing(&host));
	agent_says("typed 1\n");
	assert_int_equal(typed, 0);
	agent_says("typed 2\ntyped 2\n");
	assert_int_equal(typed, 1);
	assert_false(agent_link_typing(&host));
	agent_link_text(&host, 'c');
	agent_says("hello 1\n"); /* it forgot */
	assert_int_equal(typed, 2);
	agent_link_port(&host, true);
	agent_link_text(&host, 'd');
	agent_link_port(&host, false);
	assert_int_equal(typed, 3);
	assert_false(agent_link_typing(&host));
}

static void an_agent_that_does_not_read_costs_a_bounded_piece(void **state)
{
	char text[65536];
	size_t lines = 0;
	ssize_t n;
	int small = 1;

	setsockopt(host.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	agent_says("hello 1\n");
	for (int i = 0; i < 10000; i++)
		agent_link_text(&host, 'x');
	assert_int_equal(host.text_count, AGENT_TEXT_MAX);
	agent_link_layout(&host, &one);
	agent_link_layout(&host, &one);
	while ((n = recv(agent_fd, text, sizeof text - 1, MSG_DONTWAIT)) > 0) {
		text[n] = 0;
		for (const char *at = text; (at = strchr(at, '\n')); at++)
			lines++;
		while (sd_event_run(event, 0) > 0)
			;
	}
	assert_int_equal(host.text_count, 0);
	assert_false(host.layout_due);
	assert_true(lines > AGENT_TEXT_MAX && lines < 10000);
}

/* ---- the machine's end ---- */

static int port_fd, log_fd;
static pid_t agent;
static char dir[32];

/* The script notes how it was called; `keys` stays. */
static void make_script(const char *path, const char *log)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file,
			"#!/bin/sh\n"
			"[ -e %s/desktop ] || { echo \"no $*\" >>%s; exit 1; }\n"
			"echo \"$*\" >>%s\n"
			"n=0\n"
			"[ \"$1\" != keys ] || while read -r line; do echo \"got $line\" >>%s\n"
			"case $line in text*) n=$((n + 1)); echo \"typed $n\" ;; esac; done\n",
			dir, log, log, log);
	assert_int_equal(fchmod(fileno(file), 0700), 0);
	fclose(file);
}

static void set_desktop(bool there)
{
	char path[64];

	snprintf(path, sizeof path, "%s/desktop", dir);
	if (there)
		close(open(path, O_CREAT | O_WRONLY, 0600));
	else
		unlink(path);
}

static int setup_agent(void **state)
{
	char port[64], script[64], log[64];
	struct termios raw;
	int slave;

	snprintf(dir, sizeof dir, "/tmp/oriel-agent-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(script, sizeof script, "%s/script", dir);
	snprintf(log, sizeof log, "%s/log", dir);
	make_script(script, log);
	assert_int_equal(mkfifo(log, 0600), 0);
	log_fd = open(log, O_RDWR | O_CLOEXEC); /* a writer too: it never ends */
	assert_int_equal(openpty(&port_fd, &slave, port, NULL, NULL), 0);
	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	set_desktop(true);
	agent = fork();
	if (agent == 0) {
		close(port_fd);
		execl(AGENT_PROGRAM, AGENT_PROGRAM, port, script, NULL);
		_exit(127);
	}
	close(slave);
	return 0;
}

static int teardown_agent(void **state)
{
	char command[64];

	kill(agent, SIGKILL);
	waitpid(agent, NULL, 0);
	close(port_fd);
	close(log_fd);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);
}

/* The next line from there, without its newline. */
static const char *next_line(int fd)
{
	static char line[512];
	size_t len = 0;

	for (;;) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

		if (poll(&poll_fd, 1, TIME_MS) <= 0 || read(fd, line + len, 1) != 1)
			fail_msg("nothing came after %.*s", (int)len, line);
		if (line[len] == '\n') {
			line[len] = 0;
			return line;
		}
		assert_true(++len < sizeof line);
	}
}

static void host_says(const char *text)
{
	assert_int_equal(write(port_fd, text, strlen(text)), strlen(text));
}

static void the_agent_does_what_the_host_says(void **state)
{
	assert_string_equal(next_line(port_fd), "hello 1");
	assert_string_equal(next_line(log_fd), "keys");
	host_says("layout 5 150 800x600+0+0 640x480+800+0\n");
	assert_string_equal(next_line(log_fd), "layout 150 800x600+0+0 640x480+800+0");
	assert_string_equal(next_line(port_fd), "layout-done 5 0");
	host_says("nonsense\nlocks 99\nlocks 3\ntext 8364\nwheel 0 120\nkeymap 1031\n");
	assert_string_equal(next_line(log_fd), "got locks 3");
	assert_string_equal(next_line(log_fd), "got text 8364");
	assert_string_equal(next_line(port_fd), "typed 1");
	assert_string_equal(next_line(log_fd), "got wheel 0 120");
	assert_string_equal(next_line(log_fd), "got keymap 1031");
}

static void without_a_desktop_it_tries_again(void **state)
{
	assert_string_equal(next_line(port_fd), "hello 1");
	assert_string_equal(next_line(log_fd), "keys");
	set_desktop(false);
	host_says("layout 6 100 800x600+0+0\n");
	assert_string_equal(next_line(log_fd), "no layout 100 800x600+0+0");
	assert_string_equal(next_line(port_fd), "layout-done 6 1");
	set_desktop(true);
	while (strcmp(next_line(log_fd), "layout 100 800x600+0+0") != 0)
		;
	assert_string_equal(next_line(port_fd), "layout-done 6 0");
}

static void a_new_desktop_gets_all_of_it_again(void **state)
{
	assert_string_equal(next_line(log_fd), "keys");
	host_says("layout 7 100 800x600+0+0\nkeymap 1036\n");
	for (int i = 0; i < 2; i++)
		(void)next_line(log_fd);
	assert_string_equal(next_line(port_fd), "hello 1");
	assert_string_equal(next_line(port_fd), "layout-done 7 0");
	kill(agent, SIGUSR1);
	assert_string_equal(next_line(log_fd), "layout 100 800x600+0+0");
	assert_string_equal(next_line(port_fd), "layout-done 7 0");
}

static pid_t child_of(pid_t pid)
{
	char path[64];
	FILE *file;
	int child = 0;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &child), 1);
	fclose(file);
	return child;
}

static void keys_that_ended_come_back_with_the_keymap(void **state)
{
	assert_string_equal(next_line(log_fd), "keys");
	host_says("keymap 1036\n");
	assert_string_equal(next_line(log_fd), "got keymap 1036");
	kill(child_of(agent), SIGKILL);
	assert_string_equal(next_line(log_fd), "keys");
	assert_string_equal(next_line(log_fd), "got keymap 1036");
	host_says("text 97\n"); /* counted on from what was lost */
	assert_string_equal(next_line(port_fd), "hello 1");
	assert_string_equal(next_line(port_fd), "typed 1");
	set_desktop(false);
	kill(child_of(agent), SIGKILL);
	(void)next_line(log_fd);
	while (strcmp(next_line(log_fd), "no keys") != 0)
		;
	host_says("text 98\n");
	assert_string_equal(next_line(port_fd), "typed 2"); /* lost: nobody shall wait */
}

#define HOST_TEST(name)  cmocka_unit_test_setup_teardown(name, setup_host, teardown_host)
#define AGENT_TEST(name) cmocka_unit_test_setup_teardown(name, setup_agent, teardown_agent)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(what_is_known_waits_for_the_agent),
		HOST_TEST(turns_of_the_wheel_add_up_while_nobody_listens),
		HOST_TEST(a_new_agent_is_told_again),
		HOST_TEST(a_new_agent_may_say_hello_before_the_last_is_gone),
		HOST_TEST(its_answers_are_told_and_noise_is_not),
		HOST_TEST(typed_text_is_told_once),
		HOST_TEST(an_agent_that_does_not_read_costs_a_bounded_piece),
		AGENT_TEST(the_agent_does_what_the_host_says),
		AGENT_TEST(without_a_desktop_it_tries_again),
		AGENT_TEST(a_new_desktop_gets_all_of_it_again),
		AGENT_TEST(keys_that_ended_come_back_with_the_keymap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
