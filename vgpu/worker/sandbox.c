/* The list is what virglrenderer, Mesa's llvmpipe and glibc call once they are loaded,
 * found by tracing (2026: Mesa 22.3, virglrenderer 0.10). llvmpipe makes machine code
 * while it runs, so memory may become executable, but not while it can be written.
 * Threads and new memfds are not among it: both would be a way around the limit of
 * memory. Hardware drivers have not been seen here; they get their ioctls besides. */
#include "sandbox.h"
#include <base/cage.h>
#include <base/filter.h>
#include <base/log.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <proto/render.h>
#include <signal.h>
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
	/* Of the files of compiled shaders. Beyond it writing fails, a log of that size too. */
	cage_limit(RLIMIT_FSIZE, RENDER_SHADERS_MAX_BYTES);
	signal(SIGXFSZ, SIG_IGN);
	return 0;
}

bool sandbox_has_namespaces(void)
{
	return in_namespaces;
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

/* Besides those of every process. */
static const int allowed_calls[] = {
	/* compiled shaders, in files that are open */
	SCMP_SYS(lseek),
	SCMP_SYS(pread64),
	SCMP_SYS(flock),
	SCMP_SYS(dup3),
	/* threads that exist */
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getcpu),
	SCMP_SYS(membarrier),
	/* time, and what sort of machine this is */
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(time),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	SCMP_SYS(getrusage),
};

/* Nothing executable from mmap, and no shared memory but that of a descriptor: that
 * would not count against the limit. */
static void allow_mmap(struct filter *filter)
{
	static const int kinds[] = { MAP_SHARED, MAP_PRIVATE, MAP_PRIVATE | MAP_ANONYMOUS };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct scmp_arg_cmp args[] = { filter_bits(2, PROT_EXEC, 0),
			filter_bits(3, MAP_TYPE | MAP_ANONYMOUS, kinds[i]) };

		filter_allow(filter, SCMP_SYS(mmap), 2, args);
	}
}

/* Calls that are harmless with some arguments only. */
static void allow_some(struct filter *filter)
{
	static const int fcntls[] = { F_GETFD, F_SETFD, F_GETFL, F_GET_SEALS, F_DUPFD_CLOEXEC };
	/* Code that is made may run once it cannot be written any more. */
	const struct scmp_arg_cmp data = filter_bits(2, PROT_EXEC, 0),
				  code = filter_is(2, PROT_READ | PROT_EXEC), only_ask = filter_is(2, 0);
	/* Lowered only: nobody here has the capability to raise it again. */
	const struct scmp_arg_cmp own_memory[] = { filter_is(0, 0), filter_is(1, RLIMIT_DATA) };

	filter_allow_fcntls(filter, fcntls, sizeof fcntls / sizeof *fcntls);
	filter_allow(filter, SCMP_SYS(prlimit64), 1, &only_ask);
	filter_allow(filter, SCMP_SYS(prlimit64), 2, own_memory);
	filter_allow(filter, SCMP_SYS(mprotect), 1, &data);
	filter_allow(filter, SCMP_SYS(mprotect), 1, &code);
	allow_mmap(filter);
}

/* ioctls of DRM ('d'), of sync files ('>') and of dma-bufs ('b'), whatever their number:
 * they work on descriptors that are there only. */
static void allow_gpu(struct filter *filter)
{
	static const char types[] = { 'd', '>', 'b' };

	for (size_t i = 0; i < sizeof types; i++) {
		const struct scmp_arg_cmp type = filter_bits(1, 0xff00, types[i] << 8);

		filter_allow(filter, SCMP_SYS(ioctl), 1, &type);
	}
}

static int filter_calls(bool hardware)
{
	struct filter filter;

	filter_init(&filter);
	filter_allow_each(&filter, allowed_calls, sizeof allowed_calls / sizeof *allowed_calls);
	allow_some(&filter);
	if (hardware)
		allow_gpu(&filter);
	return filter_load(&filter, true);
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
