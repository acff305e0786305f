/* What becomes of a /dev/kvm that works, and of those that do not; they are played here, in
 * place of the system calls (the linker's --wrap). What the real one says is its own matter. */
#include <errno.h>
#include <fcntl.h>
#include <kvm.h>
#include <linux/kvm.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	VM_FD = 1000,
	CPU_FD,
	RUN_BYTES = 4096,
	DATA_AT = 3000,
};

static struct {
	int open_errno;    /* 0: it can be opened */
	bool is_something; /* else, and no KVM */
	bool hangs;
	uint32_t exit_reason;
	uint8_t said;
} played;
static struct kvm_run *run;
static int waits_ms; /* how long the virtual CPU is waited for at most */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);

int __wrap_open(const char *path, int flags, ...)
{
	if (strcmp(path, "/dev/kvm") != 0 || !played.open_errno)
		return __real_open("/dev/null", flags);
	errno = played.open_errno;
	return -1;
}

static int run_cpu(void)
{
	while (played.hangs)
		pause();
	run->exit_reason = played.exit_reason;
	run->io.port = 0x10;
	run->io.data_offset = DATA_AT;
	((uint8_t *)run)[DATA_AT] = played.said;
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	switch (request) {
	case KVM_GET_API_VERSION: return played.is_something ? -1 : KVM_API_VERSION;
	case KVM_CREATE_VM: return VM_FD;
	case KVM_CREATE_VCPU: return CPU_FD;
	case KVM_GET_VCPU_MMAP_SIZE: return RUN_BYTES;
	case KVM_RUN: return run_cpu();
	default: return 0;
	}
}

void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	void *memory;

	if (fd != CPU_FD)
		return __real_mmap(addr, len, prot, flags, fd, offset);
	memory = __real_mmap(addr, len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	run = memory;
	return memory;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	waits_ms = timeout_ms;
	return __real_poll(fds, count, played.hangs ? 100 : timeout_ms);
}

static char why[200];

static int play(void **state)
{
	memset(&played, 0, sizeof played);
	played.exit_reason = KVM_EXIT_IO;
	played.said = 0x5a;
	strcpy(why, "nothing");
	return 0;
}

static void what_works_is_used(void **state)
{
	assert_true(kvm_works(why, sizeof why));
	assert_string_equal(why, "nothing");
}

static void what_cannot_be_opened_is_told(void **state)
{
	played.open_errno = EACCES;
	assert_false(kvm_works(why, sizeof why));
	assert_string_equal(why, "/dev/kvm cannot be opened: Permission denied");
	played.open_errno = ENOENT;
	assert_false(kvm_works(why, sizeof why));
	assert_string_equal(why, "/dev/kvm cannot be opened: No such file or directory");
}

static void what_is_no_kvm_makes_no_machines(void **state)
{
	played.is_something = true;
	assert_false(kvm_works(why, sizeof why));
	assert_string_equal(why, "/dev/kvm makes no machines");
}

static void code_has_to_run_to_its_end(void **state)
{
	played.exit_reason = KVM_EXIT_SHUTDOWN;
	assert_false(kvm_works(why, sizeof why));
	assert_string_equal(why, "/dev/kvm runs 64-bit code wrongly");
	play(state);
	played.said = 0;
	assert_false(kvm_works(why, sizeof why));
	assert_string_equal(why, "/dev/kvm runs 64-bit code wrongly");
}

static void a_cpu_that_hangs_is_not_waited_for(void **state)
{
	played.hangs = true;
	assert_false(kvm_works(why, sizeof why));
	assert_string_equal(why, "a virtual CPU does not come to its end in /dev/kvm");
	assert_true(waits_ms >= 10000); /* a host may stand still for seconds */
	assert_true(waits_ms <= 15000); /* oriel-host waits too */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_works_is_used, play),
		cmocka_unit_test_setup(what_cannot_be_opened_is_told, play),
		cmocka_unit_test_setup(what_is_no_kvm_makes_no_machines, play),
		cmocka_unit_test_setup(code_has_to_run_to_its_end, play),
		cmocka_unit_test_setup(a_cpu_that_hangs_is_not_waited_for, play),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
