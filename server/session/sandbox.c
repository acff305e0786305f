/* The list, with what base/filter.h allows every process, is what glibc, sd-event,
 * OpenSSL and FreeRDP call once they are loaded.
 * Missing on purpose: everything that opens, executes, connects, forks, traces or
 * signals. A refused call answers EACCES and does not kill: FreeRDP tries to open a
 * registry file and goes on without it. Threads cannot be started any more, so the
 * pool must be there before. */
#include "sandbox.h"
#include <base/cage.h>
#include <base/filter.h>
#include <base/log.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	FILES_MAX = 64, /* a session has about 20 open */
};

static void limit_resources(void)
{
	cage_limit(RLIMIT_CORE, 0);
	cage_limit(RLIMIT_NOFILE, FILES_MAX);
	cage_limit(RLIMIT_FSIZE, RLIM_INFINITY); /* memfds count as files */
#ifndef __SANITIZE_ADDRESS__
#ifndef __SANITIZE_THREAD__
	/* Two shadows and the buffers of the largest desktop (8192 x 8192) fit. Sanitizers
	 * map terabytes. */
	cage_limit(RLIMIT_AS, (uint64_t)4 << 30);
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

static const int more_calls[] = {
	/* descriptors that are open already */
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(lseek),
	SCMP_SYS(ftruncate),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendto),
	SCMP_SYS(shutdown),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(dup),
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
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getcpu),
	SCMP_SYS(membarrier),
	/* time, identity */
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(time),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	SCMP_SYS(getrusage),
};

/* Calls that are harmless with some arguments only. */
static void allow_some(struct filter *filter)
{
	static const int fcntls[] = { F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GET_SEALS, F_ADD_SEALS,
		F_DUPFD_CLOEXEC };
	static const int ioctls[] = { FIONREAD, FIONBIO, TIOCOUTQ };
	/* No new code: everything that runs is loaded by now. */
	const struct scmp_arg_cmp no_code = filter_bits(2, PROT_EXEC, 0);
	const struct scmp_arg_cmp only_asks = filter_is(2, 0); /* getrlimit */

	filter_allow_fcntls(filter, fcntls, sizeof fcntls / sizeof *fcntls);
	for (size_t i = 0; i < sizeof ioctls / sizeof *ioctls; i++) {
		const struct scmp_arg_cmp request = filter_is(1, ioctls[i]);

		filter_allow(filter, SCMP_SYS(ioctl), 1, &request);
	}
	filter_allow(filter, SCMP_SYS(mmap), 1, &no_code);
	filter_allow(filter, SCMP_SYS(mprotect), 1, &no_code);
	filter_allow(filter, SCMP_SYS(prlimit64), 1, &only_asks);
}

int sandbox_filter_calls(void)
{
	struct filter filter;

	filter_init(&filter);
	filter_allow_each(&filter, more_calls, sizeof more_calls / sizeof *more_calls);
	allow_some(&filter);
	return filter_load(&filter, true);
}
