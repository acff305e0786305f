/* A refused call answers EACCES and does not kill. Mapping stays, since QEMU hands out
 * memory while it runs; making code does not. */
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

/* Besides those of every process. */
static const int allowed_calls[] = {
	/* descriptors */
	SCMP_SYS(writev),
	SCMP_SYS(ftruncate),
	SCMP_SYS(memfd_create),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendto),
	SCMP_SYS(accept4), /* on a socket that listened before */
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	/* the loop */
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2),
	SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(signalfd4),
	SCMP_SYS(getuid),
};

static int filter_calls(void)
{
	static const int fcntls[] = { F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GET_SEALS, F_ADD_SEALS,
		F_DUPFD_CLOEXEC };
	const struct scmp_arg_cmp data = filter_bits(2, PROT_EXEC, 0);
	struct filter filter;

	filter_init(&filter);
	filter_allow_each(&filter, allowed_calls, sizeof allowed_calls / sizeof *allowed_calls);
	filter_allow_fcntls(&filter, fcntls, sizeof fcntls / sizeof *fcntls);
	filter_allow(&filter, SCMP_SYS(mmap), 1, &data);
	filter_allow(&filter, SCMP_SYS(mprotect), 1, &data);
	return filter_load(&filter, false);
}

int sandbox_enter(uint64_t files_max)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return ERR_IO;
	if (cage_namespaces() < 0)
		log_info("no namespaces of our own here (%s); the system call filter holds alone",
				strerror(errno));
	else if (cage_empty_root() < 0)
		return ERR_IO;
	cage_drop_capabilities();
	cage_limit(RLIMIT_CORE, 0);
	cage_limit(RLIMIT_NOFILE, files_max);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return ERR_IO;
	return filter_calls();
}
