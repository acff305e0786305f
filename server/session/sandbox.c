/* The list is what glibc, sd-event, OpenSSL and FreeRDP call once they are loaded.
 * Missing on purpose: everything that opens, executes, connects, forks, traces or
 * signals. A refused call answers EACCES and does not kill: FreeRDP tries to open a
 * registry file and goes on without it. Threads cannot be started any more, so the
 * pool must be there before. */
#include "sandbox.h"
#include <base/cage.h>
#include <base/log.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	FILES_MAX = 64, /* a session has about 20 open */
};

/* Two shadows and the buffers of the largest desktop (8192 x 8192) fit. */
static const rlim_t address_space_max = (rlim_t)4 << 30;

static void limit_resources(void)
{
	cage_limit(RLIMIT_CORE, 0);
	cage_limit(RLIMIT_NOFILE, FILES_MAX);
	cage_limit(RLIMIT_FSIZE, RLIM_INFINITY); /* memfds count as files */
#ifndef __SANITIZE_ADDRESS__
#ifndef __SANITIZE_THREAD__
	cage_limit(RLIMIT_AS, address_space_max); /* sanitizers map terabytes */
#endif
#endif
}

int sandbox_leave_system(void)
{
	if (getuid() == 0 || geteuid() == 0)
		return ERR_DENIED;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return ERR_IO;
	if (cage_namespaces() < 0 || cage_empty_root() < 0)
		log_info("no namespaces of our own here (%s); the system call filter holds alone",
				strerror(errno));
	cage_drop_capabilities();
	limit_resources();
	/* After the namespaces: writing the maps needs a process that may be dumped. */
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? ERR_IO : 0;
}

static const int allowed_calls[] = {
	/* descriptors that are open already */
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(lseek),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(ftruncate),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(shutdown),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(dup),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(select),
	SCMP_SYS(pselect6),
	/* the loop */
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2),
	SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(timerfd_gettime),
	SCMP_SYS(eventfd2),
	SCMP_SYS(signalfd4),
	SCMP_SYS(memfd_create),
	/* memory and threads that exist */
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getcpu),
	SCMP_SYS(membarrier),
	/* time, identity, randomness, own signals, the end */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(getrandom),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	SCMP_SYS(getrusage),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

static bool allow(scmp_filter_ctx filter, int call)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) == 0;
}

/* Calls that are harmless with some arguments only. */
static bool allow_some(scmp_filter_ctx filter)
{
	static const int fcntls[] = { F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GET_SEALS, F_ADD_SEALS,
		F_DUPFD_CLOEXEC };
	static const int ioctls[] = { FIONREAD, FIONBIO, TIOCOUTQ };
	bool ok = true;

	for (size_t i = 0; i < sizeof fcntls / sizeof *fcntls; i++)
		ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
				      SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)fcntls[i])) == 0;
	for (size_t i = 0; i < sizeof ioctls / sizeof *ioctls; i++)
		ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				      SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)ioctls[i])) == 0;
	/* glibc's fstat is newfstatat(fd, "", buf, AT_EMPTY_PATH). */
	ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
			      SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH)) == 0;
	/* abort() signals itself; nobody else. Threads of one process share its id. */
	ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
			      SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid())) == 0;
	/* No new code: everything that runs is loaded by now. */
	ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
			      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
	ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
			      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
	/* getrlimit only. */
	ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0)) == 0;
	return ok;
}

int sandbox_filter_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EACCES));
	bool ok = filter != NULL;

	for (size_t i = 0; ok && i < sizeof allowed_calls / sizeof *allowed_calls; i++)
		ok = allow(filter, allowed_calls[i]);
	ok = ok && allow_some(filter) && seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
			seccomp_load(filter) == 0;
	if (filter)
		seccomp_release(filter);
	return ok ? 0 : ERR_IO;
}
