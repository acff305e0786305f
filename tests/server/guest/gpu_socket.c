/* The socket comes to its place, and what others put there is not followed. Each case
 * has a /tmp of its own. */
#include <base/log.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <server/gpu_socket.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define OWN_PATH "/tmp/own/socket"

enum {
	USER = 65534,
	STRANGER = 12345,
	NO_NAMESPACES = 100,
};

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		_exit(NO_NAMESPACES);
	close(fd);
}

static void make_tmp(void)
{
	char map[32];
	unsigned uid = geteuid(), gid = getegid();

	if (unshare(CLONE_NEWNS | (uid ? CLONE_NEWUSER : 0)) < 0)
		_exit(NO_NAMESPACES);
	if (uid) {
		snprintf(map, sizeof map, "%u %u 1", uid, uid);
		write_text("/proc/self/uid_map", map);
		write_text("/proc/self/setgroups", "deny");
		snprintf(map, sizeof map, "%u %u 1", gid, gid);
		write_text("/proc/self/gid_map", map);
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
			mount("none", "/tmp", "tmpfs", 0, "mode=1777") < 0 || mkdir("/tmp/own", 0755) < 0)
		_exit(NO_NAMESPACES);
}

static bool reaches_us(int listen_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = GPU_SOCKET_PLACE };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
	struct stat st;

	close(fd);
	fd = accept(listen_fd, NULL, NULL);
	close(fd);
	/* And not through a link. */
	return connected && fd >= 0 && lstat(GPU_SOCKET_PLACE, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Runs as uid once prepare has put something into /tmp. 0: the socket is there;
 * otherwise -the error. */
static int place_as(uid_t uid, void (*prepare)(void))
{
	int status, err, fd;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		make_tmp();
		if (prepare)
			prepare();
		if (geteuid() == 0 && uid &&
				(chown("/tmp/own", uid, uid) < 0 || setresuid(uid, uid, uid) < 0))
			_exit(NO_NAMESPACES);
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* as after an exec: /proc/self is ours */
		fd = gpu_socket_listen(OWN_PATH, uid, uid);
		err = fd < 0 ? fd : gpu_socket_place(OWN_PATH);
		unlink(OWN_PATH);
		if (err == 0)
			err = reaches_us(fd) ? 0 : ERR_IO;
		_exit(-err);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), NO_NAMESPACES);
	return WEXITSTATUS(status);
}

static void put_file(void)
{
	write_text(GPU_SOCKET_PLACE, "");
}

static void put_file_of_stranger(void)
{
	put_file();
	if (chown(GPU_SOCKET_PLACE, STRANGER, STRANGER) < 0)
		_exit(NO_NAMESPACES);
}

static void put_link_of_stranger(void)
{
	write_text("/tmp/own/target", "");
	if (symlink("/tmp/own/target", GPU_SOCKET_PLACE) < 0 ||
			lchown(GPU_SOCKET_PLACE, STRANGER, STRANGER) < 0)
		_exit(NO_NAMESPACES);
}

static void put_link(void)
{
	write_text("/tmp/own/target", "");
	if (symlink("/tmp/own/target", GPU_SOCKET_PLACE) < 0)
		_exit(NO_NAMESPACES);
}

static void put_folder(void)
{
	if (mkdir(GPU_SOCKET_PLACE, 0755) < 0)
		_exit(NO_NAMESPACES);
}

static uid_t user(void)
{
	return geteuid() == 0 ? USER : geteuid();
}

static void test_user(void **state)
{
	assert_int_equal(place_as(user(), NULL), 0);
	assert_int_equal(place_as(user(), put_file), 0);
}

static void test_traps_for_a_user(void **state)
{
	assert_int_equal(place_as(user(), put_link), -ERR_DENIED);
	assert_int_equal(place_as(user(), put_folder), -ERR_DENIED);
	if (geteuid() == 0)
		assert_int_equal(place_as(user(), put_file_of_stranger), -ERR_DENIED);
}

static void test_root(void **state)
{
	if (geteuid() != 0) {
		print_message("not root: nothing to show\n");
		return;
	}
	assert_int_equal(place_as(0, NULL), 0);
	assert_int_equal(place_as(0, put_file), 0);
	/* Replaced: who owns it could put a socket of its own there later. */
	assert_int_equal(place_as(0, put_file_of_stranger), 0);
	assert_int_equal(place_as(0, put_link_of_stranger), 0);
	assert_int_equal(place_as(0, put_folder), -ERR_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_traps_for_a_user),
		cmocka_unit_test(test_root),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
