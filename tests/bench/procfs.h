/* What the kernel says about a process. No state; thread-safe. */
#ifndef BENCH_PROCFS_H
#define BENCH_PROCFS_H

#include <base/err.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Time on a CPU so far, all threads, ns. 0 or ERR_MISSING. */
MUST_USE int procfs_cpu_ns(pid_t pid, uint64_t *ns);

struct procfs_memory {
	uint64_t pss_kib;
	uint64_t shared_kib;     /* of it: shared memory (memfds), its part of it */
	uint64_t shared_all_kib; /* the same counted in full */
};

/* 0; ERR_DENIED (a process that may not be looked into, and we are not root); ERR_MISSING. */
MUST_USE int procfs_memory(pid_t pid, struct procfs_memory *memory);

/* The name of the process ("" when it is gone), 16 bytes with NUL. */
void procfs_name(pid_t pid, char name[16]);

/* True while it runs; zombies do not. *parent may be NULL. */
bool procfs_alive(pid_t pid, pid_t *parent);

#endif
