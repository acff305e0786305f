/* What a worker cannot do once its sandbox is closed. A child does what the program
 * does: enters, starts virglrenderer with all its threads, closes. Then it tries each
 * call. Only the filter's own EACCES counts: the arguments are such that the bare call
 * would succeed or answer something else. */
#include "driver.h"
#include <worker/sandbox.h>
#include <worker/virgl.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <worker/fences.h>

#include <cmocka.h>

enum {
	TRIES_MAX = 64,
	NOT_TRIED = -1,
	MEMORY = 64 << 20,
};

/* Shared with the parent. */
static struct {
	int entered, started, closed;
	int answers[TRIES_MAX];
	bool no_more_memory, limit_stays;
} * seen;

static int unix_socket; /* made before */
static pid_t parent;

static long try_open(void)
{
	return syscall(SYS_open, "/", O_RDONLY);
}

static long try_openat(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY);
}

static long try_openat2(void)
{
	uint64_t how[3] = { O_RDONLY };

	return syscall(SYS_openat2, AT_FDCWD, "/", how, sizeof how);
}

static long try_stat(void)
{
	char st[256];

	return syscall(SYS_newfstatat, AT_FDCWD, "/", st, 0);
}

static long try_execve(void)
{
	char *argv[] = { NULL };

	return syscall(SYS_execve, "/nothing", argv, argv);
}

static long try_execveat(void)
{
	char *argv[] = { NULL };

	return syscall(SYS_execveat, -1, "nothing", argv, argv, 0);
}

static long try_socket(void)
{
	return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
}

static long try_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/nothing" };

	return syscall(SYS_connect, unix_socket, &address, sizeof address);
}

static long try_bind(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	return syscall(SYS_bind, unix_socket, &address, sizeof(sa_family_t));
}

static long try_ptrace(void)
{
	return syscall(SYS_ptrace, PTRACE_CONT, parent, 0, 0);
}

static long try_kill_parent(void)
{
	return syscall(SYS_kill, parent, 0);
}

static long try_kill_self(void)
{
	return syscall(SYS_kill, getpid(), 0);
}

static long try_tgkill_parent(void)
{
	return syscall(SYS_tgkill, parent, parent, 0);
}

static long try_io_uring_setup(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL);
}

static long try_clone(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long try_clone3(void)
{
	char args[64] = { 0 };

	return syscall(SYS_clone3, args, 0);
}

static long try_memfd(void)
{
	return syscall(SYS_memfd_create, "memory", 0);
}

static long try_shared_memory(void)
{
	return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static long try_map_code(void)
{
	return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static long try_writable_code(void)
{
	return syscall(SYS_mprotect, NULL, 0, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static long try_raise_limit(void)
{
	struct rlimit limit = { 0, 0 };

	return syscall(SYS_prlimit64, 0, RLIMIT_CORE, &limit, NULL);
}

static long try_dumpable(void)
{
	return syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long try_seccomp(void)
{
	return syscall(SYS_seccomp, 2 /* SECCOMP_GET_ACTION_AVAIL */, 0, NULL);
}

static long try_mount(void)
{
	return syscall(SYS_mount, "none", "/nothing", "tmpfs", 0, NULL);
}

static long try_unshare(void)
{
	return syscall(SYS_unshare, CLONE_FS);
}

static long try_chroot(void)
{
	return syscall(SYS_chroot, "/nothing");
}

static long try_unlink(void)
{
	return syscall(SYS_unlinkat, AT_FDCWD, "/nothing", 0);
}

static long try_read_memory(void)
{
	char here[1], there[1];
	struct iovec from = { here, 1 }, to = { there, 1 };

	return syscall(SYS_process_vm_readv, getpid(), &to, 1, &from, 1, 0);
}

static long try_setuid(void)
{
	return syscall(SYS_setresuid, -1, -1, -1);
}

static long try_bpf(void)
{
	return syscall(SYS_bpf, -1, NULL, 0);
}

static long try_perf(void)
{
	return syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0);
}

static long try_userfaultfd(void)
{
	return syscall(SYS_userfaultfd, -1);
}

static long try_keyctl(void)
{
	return syscall(SYS_keyctl, 0, -3, 0);
}

/* No GPU here, so no ioctl at all. */
static long try_gpu_ioctl(void)
{
	return ioctl(unix_socket, 0x6400, NULL);
}

static long try_terminal_ioctl(void)
{
	return ioctl(STDERR_FILENO, TIOCSTI, "");
}

static long try_signals_of_socket(void)
{
	return fcntl(unix_socket, F_SETOWN, parent);
}

#define TRY(name)                                                                                            \
	{                                                                                                    \
#name, try_##name                                                                            \
	}

static const struct {
	const char *name;
	long (*call)(void);
} tries[] = {
	TRY(open),
	TRY(openat),
	TRY(openat2),
	TRY(stat),
	TRY(execve),
	TRY(execveat),
	TRY(socket),
	TRY(connect),
	TRY(bind),
	TRY(ptrace),
	TRY(kill_parent),
	TRY(kill_self),
	TRY(tgkill_parent),
	TRY(io_uring_setup),
	TRY(clone),
	TRY(clone3),
	TRY(memfd),
	TRY(shared_memory),
	TRY(map_code),
	TRY(writable_code),
	TRY(raise_limit),
	TRY(dumpable),
	TRY(seccomp),
	TRY(mount),
	TRY(unshare),
	TRY(chroot),
	TRY(unlink),
	TRY(read_memory),
	TRY(setuid),
	TRY(bpf),
	TRY(perf),
	TRY(userfaultfd),
	TRY(keyctl),
	TRY(gpu_ioctl),
	TRY(terminal_ioctl),
	TRY(signals_of_socket),
};

enum {
	TRIES = sizeof tries / sizeof *tries,
};

static void live_in_sandbox(void)
{
	static struct fences fences;

	unix_socket = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	seen->entered = sandbox_enter();
	seen->started = virgl_start(-1, &fences);
	seen->closed = sandbox_close(false);
	for (size_t i = 0; i < TRIES; i++) {
		errno = 0;
		seen->answers[i] = tries[i].call() < 0 ? errno : 0;
	}
	sandbox_limit_memory(MEMORY);
	seen->no_more_memory = mmap(NULL, (size_t)4 << 30, PROT_READ | PROT_WRITE,
					       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
			errno == ENOMEM;
	seen->limit_stays = setrlimit(RLIMIT_DATA, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY }) < 0 &&
			errno == EPERM;
	_exit(0);
}

static int start(void **state)
{
	int status;
	pid_t pid;

	seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED)
		return -1;
	for (size_t i = 0; i < TRIES_MAX; i++)
		seen->answers[i] = NOT_TRIED;
	seen->entered = seen->started = seen->closed = ERR_UNEXPECTED;
	parent = getpid();
	pid = fork();
	if (pid == 0)
		live_in_sandbox();
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? 0 : -1;
}

static void all_steps_succeed(void **state)
{
	assert_int_equal(seen->entered, 0);
	assert_int_equal(seen->started, 0);
	assert_int_equal(seen->closed, 0);
}

static void every_call_is_refused(void **state)
{
	int wrong = 0;

	for (size_t i = 0; i < TRIES; i++) {
		if (seen->answers[i] == EACCES)
			continue;
		print_error("%s answers %d (%s) in place of EACCES\n", tries[i].name, seen->answers[i],
				strerror(seen->answers[i]));
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

#ifndef __SANITIZE_ADDRESS__ /* which maps terabytes, so that the worker sets no limit */
static void memory_beyond_the_quota_is_refused(void **state)
{
	assert_true(seen->no_more_memory);
	assert_true(seen->limit_stays);
}
#endif

/* --- the program itself, seen from outside --- */

static void read_status(pid_t pid, const char *task, const char *key, char *value, size_t cap)
{
	char path[128], line[256];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)pid, task);
	file = fopen(path, "re");
	assert_non_null(file);
	*value = 0;
	while (fgets(line, sizeof line, file)) {
		if (strncmp(line, key, strlen(key)) == 0)
			snprintf(value, cap, "%.*s", (int)strcspn(line + strlen(key), "\n"),
					line + strlen(key));
	}
	fclose(file);
}

static void every_thread_of_the_program_is_filtered(void **state)
{
	struct driver driver;
	char path[64], value[64];
	struct dirent *entry;
	int tasks = 0;
	DIR *dir;

	driver_start(&driver, MEMORY, false);
	snprintf(path, sizeof path, "/proc/%d/task", (int)driver.pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		read_status(driver.pid, entry->d_name, "Seccomp:\t", value, sizeof value);
		assert_string_equal(value, "2");
		read_status(driver.pid, entry->d_name, "NoNewPrivs:\t", value, sizeof value);
		assert_string_equal(value, "1");
		tasks++;
	}
	closedir(dir);
	assert_true(tasks >= 3); /* ours, one that draws, one that waits for fences */
	snprintf(path, sizeof path, "%d", (int)driver.pid);
	read_status(driver.pid, path, "CapEff:\t", value, sizeof value);
	assert_string_equal(value, "0000000000000000");
	read_status(driver.pid, path, "Uid:\t", value, sizeof value);
	assert_int_not_equal(atoi(value), 0);
	assert_int_equal(driver_stop(&driver), 0);
}

static bool namespaces_are_given(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(sandbox_enter() < 0 || unshare(CLONE_NEWNS) < 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Whoever may look through /proc sees an empty directory. Where the kernel gives ordinary
 * users no namespaces the filter holds alone. */
static void root_directory_is_empty(void **state)
{
	struct driver driver;
	struct dirent *entry;
	char path[64];
	int entries = 0;
	DIR *dir;

	driver_start(&driver, MEMORY, false);
	snprintf(path, sizeof path, "/proc/%d/root/", (int)driver.pid);
	dir = opendir(path);
	if (!dir) {
		driver_stop(&driver);
		skip(); /* not root, and the worker is not to be looked into */
	}
	while ((entry = readdir(dir)) != NULL)
		entries += entry->d_name[0] != '.';
	closedir(dir);
	assert_int_equal(driver_stop(&driver), 0);
	if (!namespaces_are_given())
		skip();
	assert_int_equal(entries, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_steps_succeed),
		cmocka_unit_test(every_call_is_refused),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(memory_beyond_the_quota_is_refused),
#endif
		cmocka_unit_test(every_thread_of_the_program_is_filtered),
		cmocka_unit_test(root_directory_is_empty),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
