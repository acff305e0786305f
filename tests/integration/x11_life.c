/* How the X11 guest starts, fails and ends. */
#include "x11_stage.h"
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Exit codes, as oriel-guest-x11(8) lists them. */
enum {
	CODE_USAGE = 2,
	CODE_ROOT = 3,
	CODE_XORG = 4,
	CODE_DESKTOP = 5,
};

static struct stage stage;

static int setup(void **state)
{
	stage_prepare(&stage);
	return 0;
}

static int teardown(void **state)
{
	stage_finish(&stage);
	return 0;
}

static void expect_bye(void)
{
	struct link_message msg;

	assert_int_equal(peer_expect(&stage.peer, LINK_BYE, &msg), 0);
	assert_int_equal(msg.bye.reason, LINK_BYE_ENDED);
}

/* A FIFO that the desktop holds open: its end says that nobody of it is left. */
static int open_fifo(char *path, size_t cap)
{
	int fd;

	snprintf(path, cap, "%s/fifo", stage.dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	stage_own(path);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void test_ends_with_the_desktop(void **state)
{
	char path[96], command[256];
	int fd = open_fifo(path, sizeof path), go;

	snprintf(command, sizeof command, "sh -c 'read x <%s'", path);
	stage_start(&stage, command, NULL);
	go = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(go, "\n", 1), 1);
	expect_bye();
	assert_int_equal(stage_wait_exit(&stage), 0);
	close(go);
	close(fd);
}

static void test_desktop_fails(void **state)
{
	stage_spawn(&stage, "exit 7", NULL);
	assert_int_equal(stage_wait_exit(&stage), CODE_DESKTOP);
	assert_non_null(strstr(stage.said, "the desktop ended with code 7"));
}

static void test_desktop_is_missing(void **state)
{
	stage_spawn(&stage, "no-such-desktop", NULL);
	assert_int_equal(stage_wait_exit(&stage), CODE_DESKTOP);
}

static void test_nobody_outlives_it(void **state)
{
	char path[96], command[512], byte;
	struct pollfd poll_fd = { .events = POLLIN };

	poll_fd.fd = open_fifo(path, sizeof path);
	/* A daemon, one that ignores SIGTERM, and the session itself. */
	snprintf(command, sizeof command,
			"sh -c 'exec 7>%s; (setsid sh -c \"sleep 1000 & sleep 1000\" &); "
			"(trap \"\" TERM; sleep 1000; sleep 1000) & printf R >&7; sleep 1000'",
			path);
	stage_start(&stage, command, NULL);
	stage_expect_text(&stage, poll_fd.fd, "R");
	kill(stage.pid, SIGTERM);
	expect_bye();
	assert_int_equal(stage_wait_exit(&stage), 0);
	assert_int_equal(poll(&poll_fd, 1, 0), 1);
	assert_int_equal(read(poll_fd.fd, &byte, 1), 0);
	close(poll_fd.fd);
}

static pid_t child_of(pid_t pid, const char *name)
{
	char path[64], comm[32] = "";
	FILE *list;
	int child;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
	list = fopen(path, "re");
	assert_non_null(list);
	while (fscanf(list, "%d", &child) == 1 && strcmp(comm, name) != 0) {
		FILE *file;

		snprintf(path, sizeof path, "/proc/%d/comm", child);
		file = fopen(path, "re");
		if (file && fscanf(file, "%31s", comm) == 1 && strcmp(comm, name) == 0)
			pid = child;
		if (file)
			fclose(file);
	}
	fclose(list);
	return pid;
}

static void test_xorg_dies(void **state)
{
	pid_t xorg;

	stage_start(&stage, "exec sleep 1000", NULL);
	xorg = child_of(stage.pid, "Xorg");
	assert_int_not_equal(xorg, stage.pid);
	kill(xorg, SIGKILL);
	expect_bye();
	assert_int_equal(stage_wait_exit(&stage), CODE_XORG);
	assert_non_null(strstr(stage.said, "Xorg ended with signal 9"));
}

static void test_no_dummy_driver(void **state)
{
	stage.hidden = "/usr/lib/xorg/modules/drivers";
	stage_spawn(&stage, "exec sleep 1000", NULL);
	assert_int_equal(stage_wait_exit(&stage), CODE_XORG);
	assert_non_null(strstr(stage.said, "dummy driver is not installed"));
}

static void test_no_xorg(void **state)
{
	stage.hidden = "/usr/lib/xorg";
	stage_spawn(&stage, "exec sleep 1000", NULL);
	assert_int_equal(stage_wait_exit(&stage), CODE_XORG);
	assert_non_null(strstr(stage.said, "Xorg"));
}

static void test_folder_is_not_ours(void **state)
{
	char path[96];

	snprintf(path, sizeof path, "%s/guest", stage.dir);
	assert_int_equal(symlink("/usr", path), 0);
	stage_spawn(&stage, "exec sleep 1000", NULL);
	assert_int_equal(stage_wait_exit(&stage), EXIT_FAILURE);
	assert_non_null(strstr(stage.said, "somebody else's"));
	assert_int_equal(unlink(path), 0);
}

static void test_wrong_size(void **state)
{
	static const char *const sizes[] = { "800", "800x", "0x600", "800x600x", "9000x600", "-1x600" };

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		stage_spawn(&stage, "exec sleep 1000", sizes[i]);
		assert_int_equal(stage_wait_exit(&stage), CODE_USAGE);
		close(stage.log_fd);
		stage.log_fd = -1;
	}
}

/* Asked by root it refuses before it makes anything. */
static void test_root(void **state)
{
	char command[256];
	int status;

	if (geteuid() != 0) {
		print_message("not root: nothing to refuse\n");
		return;
	}
	snprintf(command, sizeof command, "%s --dir %s/guest 2>/dev/null", GUEST_PROGRAM, stage.dir);
	status = system(command);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), CODE_ROOT);
	snprintf(command, sizeof command, "%s/guest", stage.dir);
	assert_int_equal(access(command, F_OK), -1);
}

static void test_folder_is_in_use(void **state)
{
	struct stage second;

	stage_start(&stage, "exec sleep 1000", NULL);
	second = stage;
	stage_spawn(&second, "exec sleep 1000", NULL);
	assert_int_equal(stage_wait_exit(&second), EXIT_FAILURE);
	assert_non_null(strstr(second.said, "another guest serves at"));
	stage_check_picture(&stage);
}

static void test_survives_a_killed_predecessor(void **state)
{
	struct pollfd xorg = { .events = POLLIN };

	stage_start(&stage, "exec sleep 1000", NULL);
	xcb_disconnect(stage.conn);
	stage.conn = NULL;
	xorg.fd = (int)syscall(SYS_pidfd_open, child_of(stage.pid, "Xorg"), 0);
	kill(stage.pid, SIGKILL);
	assert_int_equal(waitpid(stage.pid, NULL, 0), stage.pid);
	/* One that ends may take the next one's display from it. */
	assert_int_equal(poll(&xorg, 1, STAGE_TIMEOUT_MS), 1);
	close(xorg.fd);
	peer_finish(&stage.peer);
	close(stage.log_fd);
	stage_start(&stage, "exec sleep 1000", "800x600");
	stage_check_picture(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ends_with_the_desktop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_desktop_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_desktop_is_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody_outlives_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_xorg_dies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_dummy_driver, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_xorg, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folder_is_not_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_size, setup, teardown),
		cmocka_unit_test_setup_teardown(test_root, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folder_is_in_use, setup, teardown),
		cmocka_unit_test_setup_teardown(test_survives_a_killed_predecessor, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
