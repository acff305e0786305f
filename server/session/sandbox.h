/* What a session gives up before it reads the first byte from the network. Two
 * steps, since namespaces must be left before the first thread starts and the
 * system call filter comes into force after the last one did. */
#ifndef SESSION_SANDBOX_H
#define SESSION_SANDBOX_H

#include <base/err.h>

/* Drops what the kernel lets an ordinary process drop: core dumps, new privileges,
 * resources beyond what a session needs; where user namespaces are allowed, also
 * the file system (an empty root), the network and IPC. Refuses to go on as root.
 * Single-threaded callers only. 0; ERR_DENIED as root; ERR_IO. */
MUST_USE int sandbox_leave_system(void);

/* Puts the system call filter into force for all threads of the process: what is
 * not listed answers EACCES. There is no way back. 0 or ERR_IO. */
MUST_USE int sandbox_filter_calls(void);

#endif
