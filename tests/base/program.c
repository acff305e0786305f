#include <base/program.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void beside_this_program_comes_first(void **state)
{
	char path[PROGRAM_PATH_CAP], own[PROGRAM_PATH_CAP] = "";

	assert_true(readlink("/proc/self/exe", own, sizeof own - 1) > 0);
	assert_int_equal(program_find(path, strrchr(own, '/') + 1, "/bin"), 0);
	assert_string_equal(path, own);
}

static void else_where_it_is_installed(void **state)
{
	char path[PROGRAM_PATH_CAP];

	assert_int_equal(program_find(path, "sh", "/bin"), 0);
	assert_string_equal(path, "/bin/sh");
}

static void the_last_place_is_named_when_it_is_nowhere(void **state)
{
	char path[PROGRAM_PATH_CAP];

	assert_int_equal(program_find(path, "no-such-program", "/bin"), ERR_MISSING);
	assert_string_equal(path, "/bin/no-such-program");
}

static void a_name_too_long_is_not_found(void **state)
{
	static char name[2 * PROGRAM_PATH_CAP];
	char path[PROGRAM_PATH_CAP];

	memset(name, 'x', sizeof name - 1);
	assert_int_equal(program_find(path, name, "/bin"), ERR_MISSING);
}

static void the_end_of_a_process_is_seen_and_its_status_left(void **state)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_false(program_ended(pid, 0));
	kill(pid, SIGKILL);
	assert_true(program_ended(pid, 10000));
	assert_int_equal(waitpid(pid, &status, WNOHANG), pid);
	assert_true(WIFSIGNALED(status));
	assert_true(program_ended(pid, 0)); /* nobody of that id */
}

/* One that ends when asked, one that must be killed, one whose parent has left it. */
static void children_and_orphans_end(void **state)
{
	int ready[2];
	sigset_t set;
	char byte;

	assert_int_equal(pipe(ready), 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int kind = 0; kind < 3; kind++) {
		if (fork() != 0)
			continue;
		if (kind == 1)
			signal(SIGTERM, SIG_IGN);
		if (kind == 2 && fork() != 0)
			_exit(0);
		if (write(ready[1], "", 1) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[1]);
	program_end_children(100);
	assert_int_equal(waitpid(-1, NULL, 0), -1);
	assert_int_equal(read(ready[0], &byte, 1), 0); /* nobody has the other end any more */
	close(ready[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(beside_this_program_comes_first),
		cmocka_unit_test(else_where_it_is_installed),
		cmocka_unit_test(the_last_place_is_named_when_it_is_nowhere),
		cmocka_unit_test(a_name_too_long_is_not_found),
		cmocka_unit_test(the_end_of_a_process_is_seen_and_its_status_left),
		cmocka_unit_test(children_and_orphans_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
