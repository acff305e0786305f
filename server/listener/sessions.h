/* The running sessions: each has a record, a process and a seat. A session is
 * watched by pidfd until it dies, then its record is read, logged and removed.
 *
 * Sessions outlive the server that started them: sessions_adopt finds those of an
 * earlier one by their records. What a record says is a session's own word: a
 * hostile one could name another process of our user as itself, which would only be
 * killed if that record also said that nobody had logged in for too long.
 *
 * On an sd-event loop, in its thread. */
#ifndef LISTENER_SESSIONS_H
#define LISTENER_SESSIONS_H

#include "backoff.h"
#include "records.h"
#include "seats.h"
#include <sys/types.h>
#include <systemd/sd-event.h>

struct session;

struct sessions {
	sd_event *event; /* borrowed */
	struct records records;
	struct seats seats;
	struct backoff backoff;
	TAILQ_HEAD(, session) list;
};

/* run_dir has the folder sessions/. 0; ERR_BUSY (another oriel-server); ERR_IO. */
MUST_USE int sessions_init(struct sessions *sessions, sd_event *event, const char *run_dir);

/* Forgets them all; they go on. */
void sessions_finish(struct sessions *sessions);

/* Takes over what an earlier server left: the living are watched, records of the
 * dead are logged and removed. Returns how many live, or ERR_IO. */
MUST_USE int sessions_adopt(struct sessions *sessions, int login_timeout_s);

/* 0 at first. Lower ones than before close nobody's session. */
void sessions_set_limits(struct sessions *sessions, int max, int max_per_address);

/* May somebody from there come in? Makes room where that is fair. NULL: yes; else
 * why not, static. */
const char *sessions_refuse(struct sessions *sessions, const struct peer *peer);

/* Watches a new one, our child. rec is as it was written. 0; or ERR_IO or
 * ERR_MEMORY, and then the child is killed and its record removed. */
MUST_USE int sessions_add(struct sessions *sessions, const char *id, const struct peer *peer,
		const struct record *rec, pid_t pid);

/* CLOCK_BOOTTIME in microseconds, of record.login_until_us. */
uint64_t sessions_boottime_us(void);

#endif
