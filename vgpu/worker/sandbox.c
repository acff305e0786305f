/* The list is what virglrenderer, Mesa's llvmpipe and glibc call once they are loaded,
 * found by tracing (2026: Mesa 22.3, virglrenderer 0.10). llvmpipe makes machine code
 * while it runs, so memory may become executable, but not while it can be written.
 * Threads and new memfds are not among it: both would be a way around the limit of
 * memory. Hardware drivers have not been seen here; they get their ioctls besides. */
#include "sandbox.h"
#include <base/cage.h>
#include <base/log.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	NOBODY = 65534,
	FILES_MAX = 64, /* some ten are open */
};

static bool in_namespaces;

/* Started by root the worker has no need to be root. */
static int stop_being_root(void)
{
	if (getuid() != 0 && geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
			setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return ERR_IO;
	/* Else /proc/self is root's still, and so are the maps of the namespace. */
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ? ERR_IO : 0;
}

int sandbox_enter(void)
{
	if (stop_being_root() < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return ERR_IO;
	in_namespaces = cage_namespaces() == 0;
	if (!in_namespaces)
		log_info("no namespaces of our own here (%s); the system call filter holds alone",
				strerror(errno));
	cage_limit(RLIMIT_CORE, 0);
	cage_limit(RLIMIT_NOFILE, FILES_MAX);
	return 0;
}

void sandbox_limit_memory(uint64_t video_memory_bytes)
{
#ifndef __SANITIZE_ADDRESS__
	/* For code, contexts' scenes and stacks: 54 MB before the first command (two threads); a
	 * context that draws much takes llvmpipe up to 72 MB. */
	static const uint64_t renderer_bytes = (uint64_t)1 << 30;

	/* What we write and share with nobody: the guest's memory does not count. Textures
	 * are padded, and a driver may keep what a guest has let go of. */
	cage_limit(RLIMIT_DATA, 2 * video_memory_bytes + renderer_bytes);
#endif
}

static const int allowed_calls[] = {
	/* descriptors that are open already */
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(close),
	SCMP_SYS(lseek),
	SCMP_SYS(fstat),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
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

static struct scmp_arg_cmp is(unsigned arg, int value)
{
	return (struct scmp_arg_cmp){ .arg = arg, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)value };
}

/* Of the argument's bits in mask. */
static struct scmp_arg_cmp bits_are(unsigned arg, int mask, int value)
{
	return (struct scmp_arg_cmp){ arg, SCMP_CMP_MASKED_EQ, (scmp_datum_t)mask, (scmp_datum_t)value };
}

static bool allow(scmp_filter_ctx filter, int call, unsigned count, const struct scmp_arg_cmp *args)
{
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, count, args) == 0;
}

/* Nothing executable from mmap, and no shared memory but that of a descriptor: that
 * would not count against the limit. */
static bool allow_mmap(scmp_filter_ctx filter)
{
	static const int kinds[] = { MAP_SHARED, MAP_PRIVATE, MAP_PRIVATE | MAP_ANONYMOUS };
	bool ok = true;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct scmp_arg_cmp args[] = { bits_are(2, PROT_EXEC, 0),
			bits_are(3, MAP_TYPE | MAP_ANONYMOUS, kinds[i]) };

		ok &= allow(filter, SCMP_SYS(mmap), 2, args);
	}
	return ok;
}

/* Code that is made may run once it cannot be written any more. */
static bool allow_mprotect(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp data = bits_are(2, PROT_EXEC, 0), code = is(2, PROT_READ | PROT_EXEC);

	return allow(filter, SCMP_SYS(mprotect), 1, &data) && allow(filter, SCMP_SYS(mprotect), 1, &code);
}

/* Calls that are harmless with some arguments only. */
static bool allow_some(scmp_filter_ctx filter)
{
	static const int fcntls[] = { F_GETFD, F_SETFD, F_GETFL, F_GET_SEALS, F_DUPFD_CLOEXEC };
	/* glibc's fstat is newfstatat(fd, "", buf, AT_EMPTY_PATH). abort() signals itself. */
	const struct scmp_arg_cmp empty_path = is(3, AT_EMPTY_PATH), ourselves = is(0, getpid()),
				  only_ask = is(2, 0);
	/* Lowered only: nobody here has the capability to raise it again. */
	const struct scmp_arg_cmp own_memory[] = { is(0, 0), is(1, RLIMIT_DATA) };
	bool ok = true;

	for (size_t i = 0; i < sizeof fcntls / sizeof *fcntls; i++) {
		const struct scmp_arg_cmp command = is(1, fcntls[i]);

		ok &= allow(filter, SCMP_SYS(fcntl), 1, &command);
	}
	ok &= allow(filter, SCMP_SYS(newfstatat), 1, &empty_path);
	ok &= allow(filter, SCMP_SYS(tgkill), 1, &ourselves);
	ok &= allow(filter, SCMP_SYS(prlimit64), 1, &only_ask);
	ok &= allow(filter, SCMP_SYS(prlimit64), 2, own_memory);
	return ok && allow_mmap(filter) && allow_mprotect(filter);
}

/* ioctls of DRM ('d'), of sync files ('>') and of dma-bufs ('b'), whatever their number:
 * they work on descriptors that are there only. */
static bool allow_gpu(scmp_filter_ctx filter)
{
	static const char types[] = { 'd', '>', 'b' };
	bool ok = true;

	for (size_t i = 0; i < sizeof types; i++) {
		const struct scmp_arg_cmp type = bits_are(1, 0xff00, types[i] << 8);

		ok &= allow(filter, SCMP_SYS(ioctl), 1, &type);
	}
	return ok;
}

static int filter_calls(bool hardware)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EACCES));
	bool ok = filter != NULL;

	for (size_t i = 0; ok && i < sizeof allowed_calls / sizeof *allowed_calls; i++)
		ok = allow(filter, allowed_calls[i], 0, NULL);
	ok = ok && allow_some(filter) && (!hardware || allow_gpu(filter)) &&
			seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 && seccomp_load(filter) == 0;
	if (filter)
		seccomp_release(filter);
	return ok ? 0 : ERR_IO;
}

int sandbox_close(bool hardware)
{
	if (in_namespaces && cage_empty_root() < 0)
		return ERR_IO;
	/* Mesa's threads keep those of our namespace, but the filter is for them too, and
	 * it knows no call that asks for one. */
	cage_drop_capabilities();
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return ERR_IO;
	return filter_calls(hardware);
}
