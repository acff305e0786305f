#include <base/filter.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const int common_calls[] = {
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(futex),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getrandom),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

struct scmp_arg_cmp filter_is(unsigned arg, int value)
{
	return (struct scmp_arg_cmp){ .arg = arg, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)value };
}

struct scmp_arg_cmp filter_bits(unsigned arg, int mask, int value)
{
	return (struct scmp_arg_cmp){ arg, SCMP_CMP_MASKED_EQ, (scmp_datum_t)mask, (scmp_datum_t)value };
}

void filter_init(struct filter *filter)
{
	/* glibc's fstat is newfstatat(fd, "", buf, AT_EMPTY_PATH). abort() signals itself. */
	const struct scmp_arg_cmp empty_path = filter_is(3, AT_EMPTY_PATH),
				  ourselves = filter_is(0, getpid());

	filter->context = seccomp_init(SCMP_ACT_ERRNO(EACCES));
	filter->failed = !filter->context;
	filter_allow_each(filter, common_calls, sizeof common_calls / sizeof *common_calls);
	filter_allow(filter, SCMP_SYS(newfstatat), 1, &empty_path);
	filter_allow(filter, SCMP_SYS(tgkill), 1, &ourselves);
}

void filter_allow(struct filter *filter, int call, unsigned count, const struct scmp_arg_cmp *args)
{
	if (!filter->failed)
		filter->failed = seccomp_rule_add_array(filter->context, SCMP_ACT_ALLOW, call, count, args) !=
				0;
}

void filter_allow_each(struct filter *filter, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		filter_allow(filter, calls[i], 0, NULL);
}

void filter_allow_fcntls(struct filter *filter, const int *commands, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct scmp_arg_cmp command = filter_is(1, commands[i]);

		filter_allow(filter, SCMP_SYS(fcntl), 1, &command);
	}
}

int filter_load(struct filter *filter, bool all_threads)
{
	bool ok = !filter->failed &&
			(!all_threads || seccomp_attr_set(filter->context, SCMP_FLTATR_CTL_TSYNC, 1) == 0) &&
			seccomp_load(filter->context) == 0;

	if (filter->context)
		seccomp_release(filter->context);
	filter->context = NULL;
	return ok ? 0 : ERR_IO;
}
