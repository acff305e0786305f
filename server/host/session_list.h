/* The sessions of oriel-server, from their records in RUN/sessions (proto/record.h).
 * A record is written by its session, which may have been taken over: it is shown,
 * and believed in nothing. Loop thread only. */
#ifndef HOST_SESSION_LIST_H
#define HOST_SESSION_LIST_H

#include <base/err.h>
#include <proto/record.h>
#include <stddef.h>

enum {
	SESSION_ID_CAP = 33, /* with the final NUL; longer file names are no session's */
	SESSIONS_MAX = 10000,
};

struct session_item {
	char id[SESSION_ID_CAP];
	struct record record;
};

/* Those that live: whose record is locked. Returns owned (free), with *count set; NULL
 * when there is no memory. No folder is no session. */
struct session_item *session_list(const char *run_dir, size_t *count);

/* Ends a session: SIGTERM to the process that its record names, if that really is an
 * oriel-session and has that very record open. 0; ERR_MISSING (no such session, or it
 * is gone); ERR_DENIED (the record lies); ERR_IO. */
MUST_USE int session_end(const char *run_dir, const char *id);

#endif
