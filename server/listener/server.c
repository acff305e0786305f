#include "server.h"
#include "spawn.h"
#include "user.h"
#include <base/log.h>
#include <base/loop.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum {
	ACCEPTS_PER_TURN = 16, /* then deaths and timers have a look-in */
	PAUSE_US = 100 * 1000,
};

/* No descriptor or memory left: connections wait in the kernel, we try again soon. */
static void pause_accepting(struct server *server)
{
	if (hush_may_say(&server->hush, loop_now_us()))
		log_warn("cannot accept connections now: %s", strerror(errno));
	sockets_pause(&server->sockets, true);
	loop_timer_arm(server->resume, PAUSE_US);
}

static int on_resume(sd_event_source *source, uint64_t time_us, void *user)
{
	struct server *server = user;

	sockets_pause(&server->sockets, false);
	return 0;
}

static bool is_short_of_something(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static int on_connections(sd_event_source *source, int listen_fd, uint32_t events, void *user)
{
	struct server *server = user;

	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
		socklen_t len = sizeof address;
		int fd = accept4(listen_fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			server_take(server, fd, (struct sockaddr *)&address);
		} else if (is_short_of_something(errno)) {
			pause_accepting(server);
			break;
		} else if (errno == EAGAIN) {
			break;
		} /* else that one connection was gone before we came */
	}
	return 0;
}

/* A pidfd per session, and a few while one starts. */
static void raise_file_limit(struct server *server)
{
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &server->files);
	files = server->files;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		log_debug("the limit of open files stays at %lu", (unsigned long)server->files.rlim_cur);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *user)
{
	server_reload(user);
	return 0;
}

static int create_loop(struct server *server)
{
	sigset_t hangup;

	server->event = loop_create();
	if (!server->event)
		return ERR_MEMORY;
	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	sigprocmask(SIG_BLOCK, &hangup, NULL);
	if (sd_event_add_signal(server->event, NULL, SIGHUP, on_hangup, server) < 0)
		return ERR_MEMORY;
	return loop_timer_add(server->event, &server->resume, on_resume, server);
}

static int make_folder(const char *base, const char *below, mode_t mode, const struct user *owner)
{
	char path[CONF_PATH_CAP + 16];
	int err;

	snprintf(path, sizeof path, "%s%s", base, below);
	err = conf_dir_make(path, mode, owner ? owner->uid : (uid_t)-1, owner ? owner->gid : (gid_t)-1);
	if (err == ERR_DENIED)
		log_error("%s: must be a directory of %s or root that nobody else can write in", path,
				owner ? owner->name : "this user");
	else if (err < 0)
		log_error("cannot make %s: %s", path, strerror(errno));
	return err;
}

/* For the system the outer folders are root's and open, the inner ones the user's. */
static int make_folders(const struct oriel_conf *conf, const struct user *owner)
{
	mode_t outer = owner ? 0755 : 0700;
	int err = make_folder(conf->run_dir, "", outer, NULL);

	if (err == 0)
		err = make_folder(conf->run_dir, "/sessions", 0700, owner);
	if (err == 0)
		err = make_folder(conf->state_dir, "", outer, NULL);
	if (err == 0)
		err = make_folder(conf->state_dir, "/tls", outer, owner);
	return err;
}

static int become_user(const struct oriel_conf *conf, struct user *user)
{
	int err = user_find(user, conf->host.server_user);

	if (err == ERR_DENIED)
		log_error("server_user = %s: is root, and serving as root is refused",
				conf->host.server_user);
	else if (err < 0)
		log_error("server_user = %s: no such user", conf->host.server_user);
	if (err == 0)
		err = make_folders(conf, user);
	if (err < 0)
		return err;
	err = user_become(user);
	if (err < 0)
		log_error("cannot become user %s: %s", user->name, strerror(errno));
	return err;
}

static int check_trace(const struct oriel_conf *conf)
{
	int fd;

	if (!conf->trace[0])
		return 0;
	fd = open(conf->trace, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0) {
		log_error("cannot write the trace file %s: %s", conf->trace, strerror(errno));
		return ERR_IO;
	}
	close(fd);
	return 0;
}

/* At the start: an upgrade may replace the file. */
static int find_program(struct server *server)
{
	int err = program_find(server->program, "oriel-session", ORIEL_LIBEXEC_DIR);

	if (err < 0)
		log_error("oriel-session is neither beside this program nor in %s", ORIEL_LIBEXEC_DIR);
	return err;
}

static int start_sessions(struct server *server)
{
	const struct conf_server *conf = &server->conf.server;
	int count, err = sessions_init(&server->sessions, server->event, server->conf.run_dir);

	if (err == ERR_BUSY)
		log_error("another oriel-server uses %s", server->conf.run_dir);
	else if (err < 0)
		log_error("cannot use %s/sessions: %s", server->conf.run_dir, strerror(errno));
	if (err < 0)
		return err;
	sessions_set_limits(&server->sessions, conf->max_sessions, conf->max_sessions_per_address);
	count = sessions_adopt(&server->sessions, conf->login_timeout_s);
	if (count > 0)
		log_info("%d sessions go on from before", count);
	return count < 0 ? count : 0;
}

static int start_serving(struct server *server)
{
	char where[CONF_LISTEN_MAX * (CONF_ADDRESS_CAP + 2)];

	if (sockets_attach(&server->sockets, server->event, on_connections, server) < 0)
		return ERR_MEMORY;
	sockets_describe(&server->sockets, where, sizeof where);
	log_info("certificate %s", server->identity.fingerprint);
	log_info("listening on %s%s", where,
			server->sockets.inherited ? ", which systemd gave; `listen` does not count" : "");
	sd_notify(0, "READY=1");
	return 0;
}

int server_start(struct server *server)
{
	char folder[CONF_PATH_CAP + 16];
	struct user user;
	int err = create_loop(server);

	raise_file_limit(server);
	snprintf(folder, sizeof folder, "%s/tls", server->conf.state_dir);
	if (err == 0)
		err = sockets_open(&server->sockets, &server->conf.server.listen);
	if (err == 0)
		err = server->conf.system ? become_user(&server->conf, &user)
					  : make_folders(&server->conf, NULL);
	if (err == 0)
		err = find_program(server);
	if (err == 0)
		err = check_trace(&server->conf);
	if (err == 0)
		err = start_sessions(server);
	if (err == 0)
		err = identity_prepare(&server->identity, folder);
	if (err == 0)
		err = start_serving(server);
	return err;
}

void server_stop(struct server *server)
{
	sd_notify(0, "STOPPING=1");
	sockets_close(&server->sockets);
	sessions_finish(&server->sessions);
	sd_event_source_unref(server->resume);
	sd_event_unref(server->event);
}

/* What is fixed for a server's life stays as it is. */
static void keep_fixed(const struct oriel_conf *old, struct oriel_conf *fresh)
{
	if (strcmp(old->run_dir, fresh->run_dir) != 0 || strcmp(old->state_dir, fresh->state_dir) != 0 ||
			strcmp(old->host.server_user, fresh->host.server_user) != 0)
		log_warn("run_dir, state_dir and server_user change at the next start only");
	memcpy(fresh->run_dir, old->run_dir, sizeof fresh->run_dir);
	memcpy(fresh->state_dir, old->state_dir, sizeof fresh->state_dir);
	fresh->host = old->host;
}

static void take_conf(struct server *server, const struct oriel_conf *fresh)
{
	char where[CONF_LISTEN_MAX * (CONF_ADDRESS_CAP + 2)];

	server->conf = *fresh;
	log_init("server", fresh->log_level);
	sessions_set_limits(&server->sessions, fresh->server.max_sessions,
			fresh->server.max_sessions_per_address);
	sockets_describe(&server->sockets, where, sizeof where);
	log_info("settings read again; listening on %s", where);
}

static void reload(struct server *server)
{
	struct oriel_conf fresh;
	struct conf_error error;
	int err;

	if (options_load(server->options, server->conf.system, &fresh, &error) < 0) {
		log_error("%s; the settings stay as they were", error.text);
		return;
	}
	keep_fixed(&server->conf, &fresh);
	if (check_trace(&fresh) < 0)
		return;
	err = sockets_change(&server->sockets, &fresh.server.listen);
	if (sockets_attach(&server->sockets, server->event, on_connections, server) < 0)
		err = ERR_MEMORY;
	if (err == 0)
		take_conf(server, &fresh);
	else
		log_error("the settings stay as they were");
}

void server_reload(struct server *server)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)loop_now_us());
	reload(server);
	sd_notify(0, "READY=1");
}
