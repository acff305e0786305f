#include "host.h"
#include "secret.h"
#include <base/log.h>
#include <base/loop.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *only_user(const struct host *host)
{
	return host->own_name[0] ? host->own_name : NULL;
}

/* Who may ask, and whom an ordinary user's host serves. */
static int find_people(struct host *host)
{
	struct passwd *found =
			host->conf.system ? getpwnam(host->conf.host.server_user) : getpwuid(geteuid());

	if (!found && host->conf.system) {
		log_error("server_user = %s: no such user", host->conf.host.server_user);
		return ERR_MISSING;
	}
	if (!found || (!host->conf.system && !name_valid(found->pw_name))) {
		log_error("uid %u has no name that could be used", (unsigned)geteuid());
		return ERR_MISSING;
	}
	host->server_uid = found->pw_uid;
	if (!host->conf.system)
		snprintf(host->own_name, sizeof host->own_name, "%s", found->pw_name);
	return 0;
}

static int make_folder(const struct host *host, const char *path)
{
	int err = conf_dir_make(path, host->conf.system ? 0755 : 0700, (uid_t)-1, (gid_t)-1);

	if (err == ERR_DENIED)
		log_error("%s: must be a directory of %s that nobody else can write in", path,
				host->conf.system ? "root" : "this user");
	else if (err < 0)
		log_error("cannot make %s: %s", path, strerror(errno));
	return err;
}

static int take_lock(struct host *host)
{
	char path[CONF_PATH_CAP + 16];

	snprintf(path, sizeof path, "%s/host.lock", host->conf.run_dir);
	host->lock_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (host->lock_fd < 0) {
		log_error("%s: %s", path, strerror(errno));
		return ERR_IO;
	}
	if (flock(host->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	log_error("another oriel-host is running on %s", host->conf.run_dir);
	return ERR_BUSY;
}

static void reload(struct host *host)
{
	struct oriel_conf conf;
	struct conf_error error;

	if (command_line_load(&host->options->common, host->conf.system, &conf, &error) < 0) {
		log_error("settings not reloaded: %s", error.text);
		return;
	}
	if (strcmp(conf.run_dir, host->conf.run_dir) != 0 ||
			strcmp(conf.state_dir, host->conf.state_dir) != 0 ||
			strcmp(conf.host.server_user, host->conf.host.server_user) != 0)
		log_warn("run_dir, state_dir and server_user stay as they are until a restart");
	host->conf.log_level = conf.log_level;
	host->conf.host.pam = conf.host.pam;
	host->conf.guest = conf.guest;
	host->login.pam = conf.host.pam;
	log_init("host", conf.log_level);
	log_info("settings reloaded");
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *user)
{
	reload(user);
	return 0;
}

static int create_loop(struct host *host)
{
	sigset_t more;

	host->event = loop_create();
	if (!host->event)
		return ERR_MEMORY;
	sigemptyset(&more);
	sigaddset(&more, SIGHUP);
	sigaddset(&more, SIGCHLD); /* sd-event wants it so for children */
	sigprocmask(SIG_BLOCK, &more, NULL);
	return sd_event_add_signal(host->event, NULL, SIGHUP, on_hangup, host) < 0 ? ERR_MEMORY : 0;
}

static int start_parts(struct host *host)
{
	const char *pam_dir = host->options->pam_dir;

	host->store = store_create(host->conf.state_dir, only_user(host));
	host->limit = limit_create();
	if (!host->store || !host->limit)
		return ERR_IO;
	host->login = (struct login){ .store = host->store,
		.limit = host->limit,
		.pam = host->conf.host.pam,
		.only_user = only_user(host) };
	host->guests = guests_create(host->event, &host->conf, pam_dir);
	if (!host->guests)
		return ERR_IO;
	host->control = control_create(host->event,
			&(struct control_settings){ .login = &host->login,
					.guests = host->guests,
					.conf = &host->conf,
					.pam_dir = pam_dir,
					.server_uid = host->server_uid });
	if (!host->control)
		return ERR_IO;
	host->api = api_create(host->event,
			&(struct api_settings){ .conf = &host->conf,
					.store = host->store,
					.guests = host->guests,
					.only_user = only_user(host) });
	return host->api ? 0 : ERR_IO;
}

int host_start(struct host *host)
{
	int err;

	host->lock_fd = -1;
	umask(022);
	secret_protect_json();
	err = find_people(host);
	if (err == 0)
		err = make_folder(host, host->conf.run_dir);
	if (err == 0)
		err = make_folder(host, host->conf.state_dir);
	if (err == 0)
		err = take_lock(host);
	if (err == 0)
		err = create_loop(host);
	if (err == ERR_MEMORY)
		log_error("no memory for the event loop");
	if (err == 0)
		err = start_parts(host);
	if (err == 0 && host->own_name[0])
		log_info("ready; serving %s only", host->own_name);
	else if (err == 0)
		log_info("ready; %zu users in the store, PAM %s", store_count(host->store),
				host->conf.host.pam ? "on" : "off");
	return err;
}

void host_stop(struct host *host)
{
	api_destroy(host->api);
	control_destroy(host->control);
	guests_destroy(host->guests);
	limit_destroy(host->limit);
	store_destroy(host->store);
	sd_event_unref(host->event);
	if (host->lock_fd >= 0)
		close(host->lock_fd);
}
