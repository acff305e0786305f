/* What a process gives up before it meets bytes from a stranger. Linux only; the system
 * call filter that belongs to it is each program's own. */
#ifndef BASE_CAGE_H
#define BASE_CAGE_H

#include <base/err.h>
#include <stdint.h>

/* Namespaces of our own: users, mounts, network, IPC. One thread only. What is mounted
 * stays as it is. 0, or ERR_DENIED where the kernel gives none to ordinary users (errno
 * tells why). */
MUST_USE int cage_namespaces(void);

/* After cage_namespaces, for all threads: the root becomes an empty directory that
 * cannot be written. 0 or ERR_IO. */
MUST_USE int cage_empty_root(void);

/* Of this thread, and of those that it makes; a new user namespace comes with all. */
void cage_drop_capabilities(void);

/* setrlimit, both limits; says so in the log when it is refused. */
void cage_limit(int resource, uint64_t value);

#endif
