/* Starts an oriel-session: fork, descriptors at their places, clean environment,
 * exec. The session is a process of its own in every way (session id, signals), so
 * that whatever ends oriel-server or its terminal does not reach it. */
#ifndef LISTENER_SPAWN_H
#define LISTENER_SPAWN_H

#include "records.h"
#include <base/log.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

/* What a session finds at SPAWN_FD_FIRST and after; 0 and 1 are /dev/null, 2 is ours. */
enum spawn_fd {
	SPAWN_CLIENT,  /* 3: the accepted socket */
	SPAWN_CONTROL, /* 4: connected to oriel-host */
	SPAWN_RECORD,  /* 5: read and write, locked */
	SPAWN_CERT,    /* 6: PEM, read only */
	SPAWN_KEY,     /* 7: PEM, read only */
	SPAWN_TRACE,   /* 8: append, or /dev/null */
	SPAWN_FD_COUNT,
	SPAWN_FD_FIRST = 3,
};

struct spawn {
	const char *program; /* path */
	int fds[SPAWN_FD_COUNT];
	const char *id, *address, *security;
	enum log_level log_level;
	bool trace;
	struct record *record;      /* the child fills in pid and writes it */
	const struct rlimit *files; /* RLIMIT_NOFILE of the session */
};

/* Everything is borrowed; the caller closes its descriptors afterwards. Returns the
 * pid of our child, or ERR_IO (fork failed). A failing exec is the child's death
 * with status 127, and logged by it. */
MUST_USE pid_t spawn_session(const struct spawn *spawn);

#endif
