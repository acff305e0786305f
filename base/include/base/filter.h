/* The system calls that a process may make from now on; others answer EACCES. A library
 * of its own (filter), for those that link libseccomp. What is allowed to begin with is
 * what every process of ours does: it reads and writes descriptors that are open, gives
 * memory back, waits, asks for the time, for its own names and for randomness, minds its
 * own signals, and ends. Thread-safe. */
#ifndef BASE_FILTER_H
#define BASE_FILTER_H

#include <base/err.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>

struct filter {
	scmp_filter_ctx context;
	bool failed; /* and stays so: filter_load says it */
};

void filter_init(struct filter *filter);

/* If all of its arguments are as args say; count 0: whatever they are. */
void filter_allow(struct filter *filter, int call, unsigned count, const struct scmp_arg_cmp *args);

void filter_allow_each(struct filter *filter, const int *calls, size_t count);

/* fcntl with these commands. */
void filter_allow_fcntls(struct filter *filter, const int *commands, size_t count);

/* The argument is value; its bits in mask are. */
struct scmp_arg_cmp filter_is(unsigned arg, int value);
struct scmp_arg_cmp filter_bits(unsigned arg, int mask, int value);

/* In force for this thread and those that it makes, or for all. There is no way back.
 * Frees what filter holds. 0 or ERR_IO. */
MUST_USE int filter_load(struct filter *filter, bool all_threads);

#endif
