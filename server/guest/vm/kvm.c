/* That /dev/kvm is there says little: some hosts (software ones such as PVM, broken
 * nesting) make machines and then run them wrongly, or a thousand times too slowly, and
 * a kernel hangs in them without a word. So a virtual CPU runs what every kernel does
 * early: 64-bit code with paging, a loop of a hundred thousand rounds, an SSE2
 * instruction; and has to come to its end in a time that only what hangs takes, for a
 * host may stand still for seconds (measured 2026-11: 140 ms under PVM, which then fails
 * at the SSE2 instruction; real KVM takes less than 1 ms). */
#include "kvm.h"
#include <base/err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PROBE_TIME_MS = 10000,  /* oriel-host gives us 30 s to start */
	MEMORY_BYTES = 2 << 20, /* one large page */
	CODE_AT = 0x1000,
	PML4_AT = 0x2000,
	PDPT_AT = 0x3000,
	PD_AT = 0x4000,
	STACK_AT = 0x8000,
	PORT = 0x10,
	DONE = 0x5a,
	PAGE_PRESENT_WRITABLE = 3,
	PAGE_LARGE = 0x80,
	CPUID_MAX = 256,
};

/* Exit codes of the child. */
enum outcome {
	OUTCOME_WORKS,
	OUTCOME_NOT_OPEN, /* the code is this one plus errno, which is below 200 */
	OUTCOME_NO_MACHINE = 250,
	OUTCOME_WRONG,
};

static const uint8_t code[] = {
	/* clang-format off */
	0xb9, 0xa0, 0x86, 0x01, 0x00, /* mov $100000, %ecx */
	0xff, 0xc9,                   /* 1: dec %ecx */
	0x75, 0xfc,                   /* jnz 1b */
	0x66, 0x0f, 0xef, 0xc0,       /* pxor %xmm0, %xmm0 */
	0xb0, DONE,                   /* mov $DONE, %al */
	0xe6, PORT,                   /* out %al, $PORT */
	0xf4,                         /* hlt */
	/* clang-format on */
};

static void put_entry(uint8_t *memory, size_t at, uint64_t entry)
{
	memcpy(memory + at, &entry, sizeof entry);
}

static uint8_t *make_memory(int vm)
{
	uint8_t *memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region region = { .memory_size = MEMORY_BYTES,
		.userspace_addr = (uintptr_t)memory };

	if (memory == MAP_FAILED || ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
		return NULL;
	put_entry(memory, PML4_AT, PDPT_AT | PAGE_PRESENT_WRITABLE);
	put_entry(memory, PDPT_AT, PD_AT | PAGE_PRESENT_WRITABLE);
	put_entry(memory, PD_AT, PAGE_LARGE | PAGE_PRESENT_WRITABLE);
	memcpy(memory + CODE_AT, code, sizeof code);
	return memory;
}

static int set_cpuid(int kvm, int cpu)
{
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof *cpuid + CPUID_MAX * sizeof cpuid->entries[0]);
	int result = ERR_MEMORY;

	if (!cpuid)
		return result;
	cpuid->nent = CPUID_MAX;
	result = ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid) < 0 || ioctl(cpu, KVM_SET_CPUID2, cpuid) < 0
			? ERR_IO
			: 0;
	free(cpuid);
	return result;
}

/* 64-bit mode with paging, AMD64 Architecture Programmer's Manual volume 2, chapter 14. */
static int set_registers(int cpu)
{
	struct kvm_segment code_segment = {
		.limit = 0xffffffff, .selector = 8, .present = 1, .type = 11, .s = 1, .l = 1, .g = 1
	};
	struct kvm_segment data = {
		.limit = 0xffffffff, .selector = 16, .present = 1, .type = 3, .s = 1, .db = 1, .g = 1
	};
	struct kvm_regs regs = { .rip = CODE_AT, .rsp = STACK_AT, .rflags = 2 };
	struct kvm_sregs sregs;

	if (ioctl(cpu, KVM_GET_SREGS, &sregs) < 0)
		return ERR_IO;
	sregs.cs = code_segment;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
	sregs.cr3 = PML4_AT;
	sregs.cr4 = 0x620;      /* PAE, OSFXSR, OSXMMEXCPT */
	sregs.cr0 = 0x80050033; /* PG, AM, WP, NE, ET, MP, PE */
	sregs.efer = 0x500;     /* LMA, LME */
	return ioctl(cpu, KVM_SET_SREGS, &sregs) < 0 || ioctl(cpu, KVM_SET_REGS, &regs) < 0 ? ERR_IO : 0;
}

static enum outcome run_cpu(int kvm, int vm)
{
	int cpu = ioctl(vm, KVM_CREATE_VCPU, 0), size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	struct kvm_run *run;

	if (cpu < 0 || size < (int)sizeof *run || set_cpuid(kvm, cpu) < 0 || set_registers(cpu) < 0)
		return OUTCOME_NO_MACHINE;
	run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
	if (run == MAP_FAILED)
		return OUTCOME_NO_MACHINE;
	if (ioctl(cpu, KVM_RUN, 0) < 0 || run->exit_reason != KVM_EXIT_IO || run->io.port != PORT ||
			((uint8_t *)run)[run->io.data_offset] != DONE)
		return OUTCOME_WRONG;
	return OUTCOME_WORKS;
}

static _Noreturn void probe(void)
{
	int kvm, vm;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		_exit(OUTCOME_NOT_OPEN + errno);
	if (ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		_exit(OUTCOME_NO_MACHINE);
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0 || !make_memory(vm))
		_exit(OUTCOME_NO_MACHINE);
	_exit(run_cpu(kvm, vm));
}

/* Its status, or -1 after the time is up. */
static int await(pid_t pid)
{
	int fd = pidfd_open(pid, 0), status = -1;
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	if (fd < 0 || poll(&poll_fd, 1, PROBE_TIME_MS) <= 0)
		kill(pid, SIGKILL);
	else
		waitpid(pid, &status, 0);
	/* Where KVM hangs in the kernel the child cannot die: it is left to itself. */
	if (status < 0)
		waitpid(pid, NULL, WNOHANG);
	if (fd >= 0)
		close(fd);
	return status;
}

bool kvm_works(char *why, size_t cap)
{
	pid_t pid = fork();
	int status, exit_code;

	if (pid == 0)
		probe();
	status = pid < 0 ? -1 : await(pid);
	exit_code = status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : OUTCOME_WRONG;
	if (status < 0)
		snprintf(why, cap, "a virtual CPU does not come to its end in /dev/kvm");
	else if (exit_code == OUTCOME_NO_MACHINE)
		snprintf(why, cap, "/dev/kvm makes no machines");
	else if (exit_code == OUTCOME_WRONG)
		snprintf(why, cap, "/dev/kvm runs 64-bit code wrongly");
	else if (exit_code != OUTCOME_WORKS)
		snprintf(why, cap, "/dev/kvm cannot be opened: %s", strerror(exit_code - OUTCOME_NOT_OPEN));
	return status >= 0 && exit_code == OUTCOME_WORKS;
}
