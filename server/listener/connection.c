/* What happens to a new connection: limits, back-off, control socket, record, and
 * a session of its own. Whatever fails closes this one connection with a log line. */
#include "server.h"
#include "spawn.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	SECOND_US = 1000000,
	/* A dead network is noticed after half a minute, whether or not data is on its
	 * way; the session's heartbeat, each 10 s, is such data. */
	KEEPALIVE_IDLE_S = 10,
	KEEPALIVE_INTERVAL_S = 5,
	KEEPALIVE_COUNT = 4,
	USER_TIMEOUT_MS = 30000,
};

static void set_socket_options(int fd)
{
	static const struct {
		int level, option, value;
	} settings[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS },
	};

	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		if (setsockopt(fd, settings[i].level, settings[i].option, &settings[i].value, sizeof(int)) <
				0)
			log_debug("socket option %d: %s", settings[i].option, strerror(errno));
	}
}

/* Returns a descriptor, or an error with its sentence. */
static int connect_host(const struct oriel_conf *conf, char *why, size_t cap)
{
	char path[CONF_PATH_CAP + 16];
	int fd;

	snprintf(path, sizeof path, "%s/control", conf->run_dir);
	fd = packet_connect(path);
	if (fd == ERR_MISSING || fd == ERR_CLOSED)
		snprintf(why, cap, "oriel-host does not run (nobody listens on %s)", path);
	else if (fd < 0)
		snprintf(why, cap, "cannot reach oriel-host on %s: %s", path, strerror(errno));
	return fd;
}

/* O_NONBLOCK: a pipe that somebody put there must not hang us. */
static int open_file(const char *path, int flags, char *why, size_t cap)
{
	int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0)
		snprintf(why, cap, "cannot open %s: %s", path, strerror(errno));
	return fd;
}

static void fill_record(const struct server *server, const struct peer *peer, struct record *rec)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*rec = (struct record){
		.state = RECORD_LOGIN,
		.started_us = (uint64_t)now.tv_sec * SECOND_US + (uint64_t)now.tv_nsec / 1000,
		.login_until_us = sessions_boottime_us() +
				(uint64_t)server->conf.server.login_timeout_s * SECOND_US,
	};
	memcpy(rec->address, peer->text, sizeof rec->address);
}

/* Opens everything but the client's socket. 0, or an error with its sentence. */
static int open_all(struct server *server, struct spawn *spawn, char *id, char *why, size_t cap)
{
	const char *trace = server->conf.trace[0] ? server->conf.trace : "/dev/null";
	int trace_flags = server->conf.trace[0] ? O_WRONLY | O_APPEND | O_CREAT : O_WRONLY;
	int *fds = spawn->fds;

	fds[SPAWN_CONTROL] = connect_host(&server->conf, why, cap);
	if (fds[SPAWN_CONTROL] < 0)
		return ERR_IO;
	fds[SPAWN_CERT] = open_file(server->identity.cert_path, O_RDONLY, why, cap);
	fds[SPAWN_KEY] = fds[SPAWN_CERT] < 0 ? -1 : open_file(server->identity.key_path, O_RDONLY, why, cap);
	fds[SPAWN_TRACE] = fds[SPAWN_KEY] < 0 ? -1 : open_file(trace, trace_flags, why, cap);
	if (fds[SPAWN_TRACE] < 0)
		return ERR_IO;
	fds[SPAWN_RECORD] = records_create(&server->sessions.records, id, spawn->record);
	if (fds[SPAWN_RECORD] < 0)
		snprintf(why, cap, "cannot write a record in %s/sessions: %s", server->conf.run_dir,
				strerror(errno));
	return fds[SPAWN_RECORD] < 0 ? ERR_IO : 0;
}

static int start_session(struct server *server, int fd, const struct peer *peer, char *why, size_t cap)
{
	const struct conf_server *conf = &server->conf.server;
	struct record rec;
	char id[RECORDS_ID_CAP];
	struct spawn spawn = {
		.program = server->program,
		.fds = { fd, -1, -1, -1, -1, -1 },
		.id = id,
		.address = peer->text,
		.security = conf->nla && conf->tls ? "nla,tls"
				: conf->nla        ? "nla"
						   : "tls",
		.log_level = server->conf.log_level,
		.trace = server->conf.trace[0] != '\0',
		.record = &rec,
		.files = &server->files,
	};
	pid_t pid = -1;

	fill_record(server, peer, &rec);
	if (open_all(server, &spawn, id, why, cap) == 0) {
		pid = spawn_session(&spawn);
		if (pid < 0) {
			snprintf(why, cap, "cannot start a process: %s", strerror(errno));
			records_remove(&server->sessions.records, id);
		}
	}
	/* Our copies: a session's descriptors are its own, its lock above all. */
	for (int i = SPAWN_CONTROL; i < SPAWN_FD_COUNT; i++) {
		if (spawn.fds[i] >= 0)
			close(spawn.fds[i]);
	}
	if (pid < 0)
		return ERR_IO;
	log_info("session %s: connection from %s", id, peer->text);
	return sessions_add(&server->sessions, id, peer, &rec, pid);
}

void server_take(struct server *server, int fd, const struct sockaddr *address)
{
	struct peer peer;
	const char *refused;
	char why[512] = "";

	peer_init(&peer, address);
	refused = sessions_refuse(&server->sessions, &peer);
	if (!refused) {
		set_socket_options(fd);
		if (start_session(server, fd, &peer, why, sizeof why) < 0)
			refused = why;
	}
	if (refused && *refused && hush_may_say(&server->hush, loop_now_us()))
		log_warn("connection from %s closed: %s", peer.text, refused);
	close(fd);
}
