/* What a session cannot do once it is in its sandbox: a child enters it with a pool's
 * thread running, tries each call from both threads, and tells the parent what the
 * kernel answered. Only the filter's own EACCES counts: where the arguments are such
 * that the bare call would succeed or answer something else. */
#include <session/sandbox.h>

#include <base/loop.h>
#include <base/pool.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	NOBODY = 65534,
	TRIES_MAX = 64,
	IN_LOOP = 0, /* which thread tried */
	IN_POOL = 1,
	WORKS_MAX = 16,
};

/* Shared with the parent. */
static struct {
	int left, filtered; /* what the two steps returned */
	int answers[2][TRIES_MAX];
	bool works[2][WORKS_MAX];
	int pool_items;
} * seen;

static int unix_socket = -1; /* made before */
static pid_t parent;
static char here[1]; /* for calls that want an address */

/* --- what must be refused --- */

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
	struct open_how how = { .flags = O_RDONLY };

	return syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how);
}

static long try_creat(void)
{
	return syscall(SYS_creat, "/tmp/oriel-test-sandbox", 0600);
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

static long try_socketpair(void)
{
	int fds[2];

	return syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, fds);
}

static long try_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/nothing" };

	return syscall(SYS_connect, unix_socket, &address, sizeof address);
}

static long try_bind(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX }; /* an abstract name */

	return syscall(SYS_bind, unix_socket, &address, sizeof(sa_family_t));
}

static long try_listen(void)
{
	return syscall(SYS_listen, unix_socket, 1);
}

static long try_accept(void)
{
	return syscall(SYS_accept4, unix_socket, NULL, NULL, SOCK_NONBLOCK);
}

static long try_ptrace(void)
{
	return syscall(SYS_ptrace, PTRACE_CONT, parent, 0, 0);
}

static long try_io_uring(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL);
}

static long try_kill_parent(void)
{
	return syscall(SYS_kill, parent, 0);
}

static long try_kill_self(void)
{
	return syscall(SYS_kill, getpid(), 0);
}

static long try_tkill(void)
{
	return syscall(SYS_tkill, gettid(), 0);
}

static long try_tgkill_parent(void)
{
	return syscall(SYS_tgkill, parent, parent, 0);
}

static long try_sigqueue(void)
{
	siginfo_t info = { .si_code = SI_QUEUE };

	return syscall(SYS_rt_sigqueueinfo, getpid(), 0, &info);
}

static long try_pidfd_open(void)
{
	return syscall(SYS_pidfd_open, getpid(), 0);
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
	return syscall(SYS_clone3, here, 0);
}

static long try_fork(void)
{
	long pid = syscall(SYS_fork);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long try_dumpable(void)
{
	return syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long try_no_new_privs(void)
{
	return syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static long try_seccomp(void)
{
	return syscall(SYS_seccomp, 2 /* SECCOMP_GET_ACTION_AVAIL */, 0, NULL);
}

static long try_raise_limit(void)
{
	struct rlimit limit = { 0, 0 };

	return syscall(SYS_prlimit64, 0, RLIMIT_CORE, &limit, NULL);
}

static long try_setrlimit(void)
{
	struct rlimit limit = { 0, 0 };

	return syscall(SYS_setrlimit, RLIMIT_CORE, &limit);
}

static long try_mount(void)
{
	return syscall(SYS_mount, "none", "/nothing", "tmpfs", 0, NULL);
}

static long try_umount(void)
{
	return syscall(SYS_umount2, "/nothing", MNT_DETACH);
}

static long try_unshare(void)
{
	return syscall(SYS_unshare, CLONE_FS);
}

static long try_setns(void)
{
	return syscall(SYS_setns, -1, 0);
}

static long try_chroot(void)
{
	return syscall(SYS_chroot, "/nothing");
}

static long try_chdir(void)
{
	return syscall(SYS_chdir, "/");
}

static long try_read_memory(void)
{
	struct iovec from = { here, 1 }, to = { &(char){ 0 }, 1 };

	return syscall(SYS_process_vm_readv, getpid(), &to, 1, &from, 1, 0);
}

static long try_write_memory(void)
{
	struct iovec from = { here, 1 }, to = { here, 1 };

	return syscall(SYS_process_vm_writev, getpid(), &to, 1, &from, 1, 0);
}

static long try_unlink(void)
{
	return syscall(SYS_unlinkat, AT_FDCWD, "/nothing", 0);
}

static long try_mkdir(void)
{
	return syscall(SYS_mkdirat, AT_FDCWD, "/tmp", 0700);
}

static long try_rename(void)
{
	return syscall(SYS_renameat2, AT_FDCWD, "/nothing", AT_FDCWD, "/nothing2", 0);
}

static long try_chmod(void)
{
	return syscall(SYS_fchmod, STDERR_FILENO, 0777);
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

static long try_terminal_input(void)
{
	return ioctl(STDERR_FILENO, TIOCSTI, here);
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
	TRY(creat),
	TRY(execve),
	TRY(execveat),
	TRY(socket),
	TRY(socketpair),
	TRY(connect),
	TRY(bind),
	TRY(listen),
	TRY(accept),
	TRY(ptrace),
	TRY(io_uring),
	TRY(kill_parent),
	TRY(kill_self),
	TRY(tkill),
	TRY(tgkill_parent),
	TRY(sigqueue),
	TRY(pidfd_open),
	TRY(clone),
	TRY(clone3),
	TRY(fork),
	TRY(dumpable),
	TRY(no_new_privs),
	TRY(seccomp),
	TRY(raise_limit),
	TRY(setrlimit),
	TRY(mount),
	TRY(umount),
	TRY(unshare),
	TRY(setns),
	TRY(chroot),
	TRY(chdir),
	TRY(read_memory),
	TRY(write_memory),
	TRY(unlink),
	TRY(mkdir),
	TRY(rename),
	TRY(chmod),
	TRY(setuid),
	TRY(bpf),
	TRY(perf),
	TRY(userfaultfd),
	TRY(keyctl),
	TRY(terminal_input),
	TRY(signals_of_socket),
};

enum {
	TRIES = sizeof tries / sizeof *tries,
};

static void try_all(int thread)
{
	for (size_t i = 0; i < TRIES; i++) {
		errno = 0;
		seen->answers[thread][i] = tries[i].call() < 0 ? errno : 0;
	}
}

/* --- what a session needs --- */

static bool can_read_and_write(void)
{
	char got = 0;
	int fds[2] = { eventfd(1, EFD_NONBLOCK), dup(unix_socket) };
	uint64_t count = 0;
	bool ok = read(fds[0], &count, sizeof count) == sizeof count && count == 1 && fds[1] >= 0;

	/* No peer: the call itself is allowed. */
	ok = ok && send(fds[1], &got, 1, MSG_NOSIGNAL) < 0 && errno == ENOTCONN;
	close(fds[0]);
	close(fds[1]);
	return ok;
}

static bool can_map(void)
{
	size_t len = 64u << 20; /* beyond malloc's arena */
	char *block = malloc(len), *map;
	bool ok = block != NULL;

	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ok = ok && map != MAP_FAILED && memset(map, 1, 4096) && memset(block, 1, len);
	free(block);
	return ok && munmap(map, 4096) == 0;
}

static bool can_share_memory(void)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat st;
	bool ok = fd >= 0 && ftruncate(fd, 4096) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0 &&
			fstat(fd, &st) == 0 && st.st_size == 4096 && pwrite(fd, "x", 1, 0) == 1;

	close(fd);
	return ok;
}

static bool can_wait_for_time(void)
{
	struct itimerspec soon = { .it_value.tv_nsec = 1 };
	struct epoll_event ready, wanted = { .events = EPOLLIN };
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), epoll = epoll_create1(0);
	bool ok = timer >= 0 && epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &wanted) == 0 &&
			timerfd_settime(timer, 0, &soon, NULL) == 0 && epoll_wait(epoll, &ready, 1, -1) == 1;

	close(timer);
	close(epoll);
	return ok;
}

static bool can_be_random(void)
{
	char bytes[16];

	return getrandom(bytes, sizeof bytes, 0) == sizeof bytes;
}

static bool (*const needs[])(
		void) = { can_read_and_write, can_map, can_share_memory, can_wait_for_time, can_be_random };

enum {
	NEEDS = sizeof needs / sizeof *needs,
};

static void need_all(int thread)
{
	for (size_t i = 0; i < NEEDS; i++)
		seen->works[thread][i] = needs[i]();
}

/* --- the child --- */

static void on_item(struct pool_job *job, size_t item, int worker)
{
	if (worker == 0) { /* the pool's own thread; the last worker is the loop's */
		try_all(IN_POOL);
		need_all(IN_POOL);
	}
	__atomic_add_fetch(&seen->pool_items, 1, __ATOMIC_RELAXED);
}

static sd_event *child_event;

static void on_job_done(struct pool_job *job)
{
	sd_event_exit(child_event, 0);
}

static void become_nobody(void)
{
	if (getuid() == 0 &&
			(setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
					setresuid(NOBODY, NOBODY, NOBODY) < 0))
		_exit(10);
}

static void live_in_sandbox(void)
{
	struct pool_job job = { .run = on_item, .on_done = on_job_done, .count = 1 };
	struct pool *pool;

	become_nobody();
	child_event = loop_create();
	unix_socket = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	seen->left = sandbox_leave_system();
	pool = pool_create(child_event, 1);
	seen->filtered = sandbox_filter_calls();
	if (!child_event || !pool || unix_socket < 0)
		_exit(11);
	pool_submit(pool, &job, false);
	if (sd_event_loop(child_event) < 0)
		_exit(12);
	try_all(IN_LOOP);
	need_all(IN_LOOP);
	pool_destroy(pool);
	_exit(0);
}

/* --- the parent --- */

static int run_child(void (*live)(void))
{
	int status;
	pid_t pid;

	parent = getpid();
	pid = fork();

	if (pid == 0) {
		live();
		_exit(13);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	return status;
}

static int start(void **state)
{
	seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED)
		return -1;
	for (size_t i = 0; i < TRIES_MAX; i++)
		seen->answers[IN_LOOP][i] = seen->answers[IN_POOL][i] = -1; /* not tried */
	seen->left = seen->filtered = ERR_UNEXPECTED;
	return run_child(live_in_sandbox);
}

static int stop(void **state)
{
	return munmap(seen, sizeof *seen);
}

static void both_steps_succeed(void **state)
{
	assert_int_equal(seen->left, 0);
	assert_int_equal(seen->filtered, 0);
}

static void check_refused(int thread)
{
	int wrong = 0;

	for (size_t i = 0; i < TRIES; i++) {
		if (seen->answers[thread][i] == EACCES)
			continue;
		print_error("%s answers %d (%s) in place of EACCES\n", tries[i].name,
				seen->answers[thread][i], strerror(seen->answers[thread][i]));
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void loop_thread_is_refused(void **state)
{
	check_refused(IN_LOOP);
}

static void pool_thread_is_refused(void **state)
{
	check_refused(IN_POOL);
}

static void what_a_session_needs_works(void **state)
{
	for (size_t i = 0; i < NEEDS; i++) {
		assert_true(seen->works[IN_LOOP][i]);
		assert_true(seen->works[IN_POOL][i]);
	}
	assert_int_equal(seen->pool_items, 1);
}

/* --- other children --- */

static void enter_as_root(void)
{
	_exit(sandbox_leave_system() == ERR_DENIED ? 0 : 1);
}

static void root_is_refused(void **state)
{
	if (getuid() != 0)
		skip();
	assert_int_equal(run_child(enter_as_root), 0);
}

static void look_for_limits(void)
{
	struct rlimit core, files;

	become_nobody();
	if (sandbox_leave_system() < 0)
		_exit(1);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		_exit(2);
	if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_max != 0)
		_exit(3);
	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_max > 64)
		_exit(4);
	_exit(0);
}

static void no_dumps_no_new_privileges_few_files(void **state)
{
	assert_int_equal(run_child(look_for_limits), 0);
}

/* 42: there are no namespaces for ordinary users here. */
static void look_around(void)
{
	become_nobody();
	if (syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS) < 0)
		_exit(42);
	_exit(0);
}

static void look_for_files(void)
{
	become_nobody();
	if (sandbox_leave_system() < 0)
		_exit(1);
	if (access("/", R_OK) < 0)
		_exit(2);
	_exit(access("/etc", F_OK) == 0 || access("/proc", F_OK) == 0 || mkdir("/x", 0700) == 0 ? 3 : 0);
}

static void root_directory_is_empty_and_read_only(void **state)
{
	int status = run_child(look_around);

	if (WIFEXITED(status) && WEXITSTATUS(status) == 42)
		skip(); /* the kernel gives ordinary users no namespaces: the filter holds alone */
	assert_int_equal(run_child(look_for_files), 0);
}

#ifdef __x86_64__
/* The 32 bit door: other numbers for the same calls. */
static void call_32_bit(void)
{
	long result = 20; /* getpid there */

	become_nobody();
	if (sandbox_leave_system() < 0 || sandbox_filter_calls() < 0)
		_exit(1);
	__asm__ volatile("int $0x80" : "+a"(result) : : "memory");
	_exit(2);
}

static void calls_of_another_architecture_kill(void **state)
{
	int status = run_child(call_32_bit);

	assert_true(WIFSIGNALED(status));
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_steps_succeed),
		cmocka_unit_test(loop_thread_is_refused),
		cmocka_unit_test(pool_thread_is_refused),
		cmocka_unit_test(what_a_session_needs_works),
		cmocka_unit_test(root_is_refused),
		cmocka_unit_test(no_dumps_no_new_privileges_few_files),
		cmocka_unit_test(root_directory_is_empty_and_read_only),
#ifdef __x86_64__
		cmocka_unit_test(calls_of_another_architecture_kill),
#endif
	};

	return cmocka_run_group_tests(tests, start, stop);
}
