/* What the front gives up before it reads the first byte of the guest: the file system,
 * the network, every capability, and the system calls that open, connect, start or
 * trace anything. Descriptors come over its sockets only. */
#ifndef FRONT_SANDBOX_H
#define FRONT_SANDBOX_H

#include <base/err.h>
#include <stdint.h>

/* files_max: descriptors at a time. Single-threaded callers only. 0; ERR_IO. */
MUST_USE int sandbox_enter(uint64_t files_max);

#endif
