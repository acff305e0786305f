/* How often and when the agent tries a desktop's script again; that the whole agent does so
 * is vm_agent.c's. */
#include <desktop.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char script[32];

/* A try that ends, and fails, when it is sent a line. */
static int setup(void **state)
{
	static const char text[] = "#!/bin/sh\nread -r line\nexit 1\n";
	int fd;

	strcpy(script, "/tmp/oriel-desktop-XXXXXX");
	fd = mkstemp(script);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	return 0;
}

static int teardown(void **state)
{
	return unlink(script);
}

static void end_of_try(struct desktop *desktop)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)desktop->keys.pid, &info, WEXITED | WNOWAIT), 0);
	desktop_reap(desktop);
	assert_int_equal(desktop->keys.pid, 0);
}

/* Xorg takes minutes to start where processors are emulated on a busy host. */
static void a_desktop_that_takes_long_is_waited_for(void **state)
{
	struct desktop desktop;
	int waited_ms = 0;

	desktop_init(&desktop, "/bin/false");
	desktop_run(&desktop, false);
	do {
		end_of_try(&desktop);
		waited_ms += desktop_wait_ms(&desktop);
		desktop_run(&desktop, true);
	} while (desktop.keys.pid);
	assert_int_equal(desktop_wait_ms(&desktop), -1);
	assert_true(waited_ms >= 15 * 60 * 1000);
	desktop_renew(&desktop);
	assert_int_equal(desktop_wait_ms(&desktop), DESKTOP_SOON_MS);
}

static void a_new_desktop_counts_during_a_try_too(void **state)
{
	const struct agent_message line = { .type = AGENT_LOCKS };
	struct desktop desktop;

	desktop_init(&desktop, script);
	desktop.keys.failed = DESKTOP_TRIES_MAX;
	desktop_run(&desktop, true);
	assert_true(desktop.keys.pid > 0);
	desktop_renew(&desktop);
	desktop_take(&desktop, &line);
	end_of_try(&desktop);
	assert_int_equal(desktop.keys.failed, 0);
	assert_int_equal(desktop_wait_ms(&desktop), DESKTOP_SOON_MS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_desktop_that_takes_long_is_waited_for),
		cmocka_unit_test_setup_teardown(a_new_desktop_counts_during_a_try_too, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
