/* The guest's log: what comes out of its pipe goes to NAME.log, which never grows
 * past KEEPER_LOG_MAX: it lies in the memory of /run and its writer is a user. */
#ifndef HOST_KEEPER_LOG_H
#define HOST_KEEPER_LOG_H

#include <stdbool.h>
#include <stddef.h>

struct keeper_log {
	const char *dir, *name; /* borrowed: RUN/guests, the guest's name */
	int pipe_fd;            /* to read from; -1 once the pipe is closed */
	size_t len;
};

/* Copies what is there now to standard error. */
void keeper_log_copy(struct keeper_log *log);

#endif
