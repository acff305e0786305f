#include <server/conf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A variable of the XDG base directories counts only when it is absolute and fits. */
static const char *absolute_env(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] == '/' && strlen(value) < CONF_PATH_CAP - sizeof "/oriel/oriel.conf" ? value
												      : NULL;
}

static void user_run_dir(char dst[CONF_PATH_CAP])
{
	const char *base = absolute_env("XDG_RUNTIME_DIR");

	if (base && strlen(base) + sizeof "/oriel" <= CONF_DIR_MAX)
		snprintf(dst, CONF_PATH_CAP, "%s/oriel", base);
	else
		snprintf(dst, CONF_PATH_CAP, "/tmp/oriel-%u", (unsigned)geteuid());
}

/* BASE/oriel+tail, or HOME/below/oriel+tail, or a place that only its user can have. */
static void user_path(char dst[CONF_PATH_CAP], const char *xdg, const char *below, const char *tail)
{
	const char *base = absolute_env(xdg), *home = absolute_env("HOME");

	if (base)
		snprintf(dst, CONF_PATH_CAP, "%s/oriel%s", base, tail);
	else if (home && strlen(home) + strlen(below) + strlen(tail) + sizeof "/oriel" < CONF_PATH_CAP)
		snprintf(dst, CONF_PATH_CAP, "%s%s/oriel%s", home, below, tail);
	else
		snprintf(dst, CONF_PATH_CAP, "/tmp/oriel-%u/state%s", (unsigned)geteuid(), tail);
}

static void default_listen(struct conf_listen *listen)
{
	static const char *const everywhere[] = { "0.0.0.0", "::" };

	for (int i = 0; i < 2; i++) {
		if (conf_address_parse(&listen->at[i], everywhere[i], CONF_PORT) == 0)
			listen->count++;
	}
}

void conf_defaults(struct oriel_conf *conf, bool system)
{
	*conf = (struct oriel_conf){
		.system = system,
		.log_level = LOG_LEVEL_INFO,
		.server = { .max_sessions = 200,
				.max_sessions_per_address = 20,
				.login_timeout_s = 10,
				.nla = true,
				.tls = true },
		.host = { .pam = system, .server_user = "oriel" },
		.guest = { .kind = CONF_GUEST_X11 },
	};
	default_listen(&conf->server.listen);
	if (system) {
		snprintf(conf->run_dir, sizeof conf->run_dir, "/run/oriel");
		snprintf(conf->state_dir, sizeof conf->state_dir, "/var/lib/oriel");
	} else {
		user_run_dir(conf->run_dir);
		user_path(conf->state_dir, "XDG_STATE_HOME", "/.local/state", "");
	}
}

int conf_default_path(char path[CONF_PATH_CAP], bool system)
{
	if (system)
		snprintf(path, CONF_PATH_CAP, "/etc/oriel/oriel.conf");
	else
		user_path(path, "XDG_CONFIG_HOME", "/.config", "/oriel.conf");
	return 0;
}
