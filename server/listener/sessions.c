#include "sessions.h"
#include <base/log.h>
#include <base/loop.h>
#include <errno.h>
#include <server/conf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	SECOND_US = 1000000,
	CLOSING_S = 10, /* for a session that is neither logging in nor active at the log-in limit */
	LOOK_AGAIN_US = SECOND_US,
};

struct session {
	TAILQ_ENTRY(session) link;
	struct sessions *owner;
	char id[RECORDS_ID_CAP];
	struct peer peer;
	struct seat seat;
	bool seated; /* false: killed, its death is on its way */
	bool child;  /* ours to reap */
	bool late;   /* killed at the log-in limit: a failed log-in */
	bool closing;
	int pidfd; /* -1: its record does not tell the pid (yet) */
	uint64_t login_until_us;
	sd_event_source *death, *timer;
};

uint64_t sessions_boottime_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * SECOND_US + (uint64_t)now.tv_nsec / 1000;
}

int sessions_init(struct sessions *sessions, sd_event *event, const char *run_dir)
{
	char path[CONF_PATH_CAP + 16];

	*sessions = (struct sessions){ .event = event };
	TAILQ_INIT(&sessions->list);
	seats_init(&sessions->seats, 0, 0);
	snprintf(path, sizeof path, "%s/sessions", run_dir);
	return records_open(&sessions->records, path);
}

static void leave_seat(struct session *session)
{
	if (session->seated)
		seats_leave(&session->owner->seats, &session->seat);
	session->seated = false;
}

static void forget(struct session *session)
{
	leave_seat(session);
	TAILQ_REMOVE(&session->owner->list, session, link);
	sd_event_source_disable_unref(session->death);
	sd_event_source_disable_unref(session->timer);
	if (session->pidfd >= 0)
		close(session->pidfd);
	free(session);
}

void sessions_finish(struct sessions *sessions)
{
	struct session *session;

	while ((session = TAILQ_FIRST(&sessions->list)))
		forget(session);
	records_close(&sessions->records);
}

static void count_failure(struct sessions *sessions, const struct peer *peer)
{
	uint32_t wait_s = backoff_fail(&sessions->backoff, peer->key, loop_now_us());

	if (wait_s)
		log_warn("too many failed log-ins from %s: closing its connections for %u s", peer->text,
				wait_s);
}

/* "exit status 1", "signal 11", or "" when nobody knows. */
static void describe_exit(const siginfo_t *info, char *text, size_t cap)
{
	text[0] = '\0';
	if (info->si_pid == 0 || (info->si_code == CLD_EXITED && info->si_status == 0))
		return;
	snprintf(text, cap, info->si_code == CLD_EXITED ? " (exit status %d)" : " (signal %d)",
			info->si_status);
}

static unsigned age_s(const struct record *rec)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec > rec->started_us / SECOND_US
			? (unsigned)((uint64_t)now.tv_sec - rec->started_us / SECOND_US)
			: 0;
}

/* The one line a session leaves: who, from where, how long, why. */
static void log_end(const char *id, const char *from, const struct record *rec, const char *why,
		const char *exit_text)
{
	const char *who = rec->user[0] ? rec->user : "nobody";
	const char *how = rec->security[0] ? rec->security : "no known way";
	unsigned age = age_s(rec);

	if (rec->state == RECORD_REFUSED)
		log_warn("session %s: refused '%s' from %s by %s, %u s: %s%s", id, who, from, how, age, why,
				exit_text);
	else if (rec->state == RECORD_ACTIVE)
		log_warn("session %s: %s from %s, %u s: %s%s", id, who, from, age, why, exit_text);
	else
		log_info("session %s: %s from %s, %u s: %s%s", id, who, from, age, why, exit_text);
}

static const char *reason_of(const struct record *rec, bool late)
{
	switch (rec->state) {
	case RECORD_LOGIN: return late ? "no log-in in time" : "gone before the log-in";
	case RECORD_ACTIVE: return "died";
	case RECORD_REFUSED: return rec->reason[0] ? rec->reason : "log-in refused";
	default: return rec->reason[0] ? rec->reason : "closed";
	}
}

/* Everything that follows from a session's death but the struct. */
static void settle_death(struct sessions *sessions, const char *id, const struct peer *peer, bool late,
		const char *exit_text)
{
	struct record rec;
	int err = records_read(&sessions->records, id, &rec);

	records_remove(&sessions->records, id);
	if (err < 0) {
		log_warn("session %s from %s: ended, its record is unreadable%s", id, peer->text, exit_text);
		rec.state = RECORD_ENDED;
	} else {
		log_end(id, peer->text, &rec, reason_of(&rec, late), exit_text);
	}
	if (late || rec.state == RECORD_REFUSED)
		count_failure(sessions, peer);
}

static int on_death(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct session *session = user;
	siginfo_t info = { .si_pid = 0 };
	char exit_text[40];

	if (session->child)
		waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG);
	describe_exit(&info, exit_text, sizeof exit_text);
	settle_death(session->owner, session->id, &session->peer, session->late, exit_text);
	forget(session);
	return 0;
}

/* One whose pid is not known goes once it is (look_again). */
static void kill_session(struct session *session)
{
	if (session->pidfd >= 0)
		pidfd_send_signal(session->pidfd, SIGKILL, NULL, 0);
	leave_seat(session);
}

static void arm(struct session *session, uint64_t boottime_us)
{
	sd_event_source_set_time(session->timer, boottime_us);
	sd_event_source_set_enabled(session->timer, SD_EVENT_ONESHOT);
}

static void check_login(struct session *session)
{
	struct record rec;
	int err = records_read(&session->owner->records, session->id, &rec);

	if (err == 0 && rec.state == RECORD_ACTIVE) {
		if (session->seated)
			seats_settle(&session->owner->seats, &session->seat);
	} else if (err == 0 && rec.state != RECORD_LOGIN && !session->closing) {
		session->closing = true;
		arm(session, sessions_boottime_us() + CLOSING_S * SECOND_US);
	} else {
		session->late = session->seated && !session->closing;
		kill_session(session);
	}
}

/* pidfd is taken on success. */
static int watch(struct session *session, int pidfd)
{
	int priority = SD_EVENT_PRIORITY_IMPORTANT; /* before new connections: frees seats */

	if (sd_event_add_io(session->owner->event, &session->death, pidfd, EPOLLIN, on_death, session) < 0)
		return ERR_MEMORY;
	sd_event_source_set_priority(session->death, priority);
	session->pidfd = pidfd;
	arm(session, session->login_until_us);
	return 0;
}

/* A session that an earlier server left. Its pid is in the record, unless it is
 * about to write it or is hostile: then looks again until it is there. The lock is
 * tested after pidfd_open: if it is still held, the pid has not passed on to another. */
static void look_again(struct session *session)
{
	struct sessions *sessions = session->owner;
	struct record rec;
	int pidfd = -1;

	if (records_read(&sessions->records, session->id, &rec) == 0 && rec.pid > 1 &&
			rec.pid != (uint32_t)getpid())
		pidfd = pidfd_open((pid_t)rec.pid, 0);
	if (!records_is_held(&sessions->records, session->id)) {
		if (pidfd >= 0)
			close(pidfd);
		settle_death(sessions, session->id, &session->peer, false, "");
		forget(session);
		return;
	}
	if (pidfd >= 0 && watch(session, pidfd) == 0) {
		if (!session->seated) /* evicted while nobody knew its pid */
			kill_session(session);
		return;
	}
	if (pidfd >= 0)
		close(pidfd);
	arm(session, sessions_boottime_us() + LOOK_AGAIN_US);
}

static int on_timer(sd_event_source *source, uint64_t time_us, void *user)
{
	struct session *session = user;

	if (session->pidfd < 0)
		look_again(session);
	else
		check_login(session);
	return 0;
}

static struct session *make(struct sessions *sessions, const char *id, const struct peer *peer)
{
	struct session *session = calloc(1, sizeof *session);

	if (!session)
		return NULL;
	session->owner = sessions;
	session->peer = *peer;
	session->pidfd = -1;
	snprintf(session->id, sizeof session->id, "%s", id);
	if (sd_event_add_time(sessions->event, &session->timer, CLOCK_BOOTTIME, UINT64_MAX, 1000, on_timer,
			    session) < 0 ||
			sd_event_source_set_priority(session->timer, SD_EVENT_PRIORITY_IMPORTANT) < 0) {
		sd_event_source_unref(session->timer);
		free(session);
		return NULL;
	}
	sd_event_source_set_enabled(session->timer, SD_EVENT_OFF);
	TAILQ_INSERT_TAIL(&sessions->list, session, link);
	return session;
}

static void sit(struct session *session, bool pending)
{
	seats_take(&session->owner->seats, &session->seat, session->peer.key, loop_now_us(), pending);
	session->seated = true;
}

struct adoption {
	struct sessions *sessions;
	uint64_t latest_us; /* no log-in takes longer, whatever the record says */
};

static void adopt_one(void *user, const char *id)
{
	struct adoption *adoption = user;
	struct sessions *sessions = adoption->sessions;
	struct record rec;
	struct session *session;
	struct peer peer;

	if (records_read(&sessions->records, id, &rec) < 0 || peer_parse(&peer, rec.address) < 0) {
		rec = (struct record){ .state = RECORD_LOGIN };
		peer = (struct peer){ .text = "unknown" };
	}
	session = make(sessions, id, &peer);
	if (!session)
		return;
	session->login_until_us = adoption->latest_us;
	if (rec.login_until_us < adoption->latest_us)
		session->login_until_us = rec.login_until_us;
	sit(session, rec.state == RECORD_LOGIN);
	look_again(session);
}

int sessions_adopt(struct sessions *sessions, int login_timeout_s)
{
	struct adoption adoption = { .sessions = sessions,
		.latest_us = sessions_boottime_us() + (uint64_t)login_timeout_s * SECOND_US };

	if (records_list(&sessions->records, adopt_one, &adoption) < 0)
		return ERR_IO;
	return sessions->seats.pending_count + sessions->seats.settled_count;
}

void sessions_set_limits(struct sessions *sessions, int max, int max_per_address)
{
	sessions->seats.max = max;
	sessions->seats.max_per_address = max_per_address;
}

/* The seat's owner goes, unless it has logged in meanwhile. */
static void evict(struct sessions *sessions, struct seat *seat)
{
	struct session *session;
	struct record rec;

	TAILQ_FOREACH(session, &sessions->list, link)
	{
		if (&session->seat == seat)
			break;
	}
	if (records_read(&sessions->records, session->id, &rec) == 0 && rec.state == RECORD_ACTIVE) {
		seats_settle(&sessions->seats, seat);
		return;
	}
	log_info("session %s from %s: closed before its log-in to make room", session->id,
			session->peer.text);
	kill_session(session);
}

const char *sessions_refuse(struct sessions *sessions, const struct peer *peer)
{
	struct seat *victim;
	uint64_t now_us = loop_now_us();

	if (backoff_waits(&sessions->backoff, peer->key, now_us))
		return "too many failed log-ins";
	for (;;) {
		switch (seats_ask(&sessions->seats, peer->key, now_us, &victim)) {
		case SEATS_FREE: return NULL;
		case SEATS_EVICT: evict(sessions, victim); break;
		case SEATS_FULL: return "all sessions are taken (max_sessions)";
		case SEATS_ADDRESS_FULL:
			return "too many sessions from this address (max_sessions_per_address)";
		}
	}
}

int sessions_add(struct sessions *sessions, const char *id, const struct peer *peer, const struct record *rec,
		pid_t pid)
{
	int pidfd = pidfd_open(pid, 0);
	struct session *session = pidfd < 0 ? NULL : make(sessions, id, peer);

	if (session) {
		session->child = true;
		session->login_until_us = rec->login_until_us;
		sit(session, true);
		if (watch(session, pidfd) == 0)
			return 0;
		forget(session);
	}
	log_error("session %s: cannot be watched: %s", id, strerror(errno));
	kill(pid, SIGKILL); /* our child, not reaped yet: the pid is its own */
	waitpid(pid, NULL, 0);
	records_remove(&sessions->records, id);
	if (pidfd >= 0)
		close(pidfd);
	return ERR_IO;
}
