#include "options.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_FINGERPRINT = 1,
	OPT_LISTEN,
	OPT_PORT,
	OPT_TRACE,
};

static const struct option own[] = {
	{ "fingerprint", no_argument, NULL, OPT_FINGERPRINT },
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "port", required_argument, NULL, OPT_PORT },
	{ "trace", required_argument, NULL, OPT_TRACE },
	{ NULL, 0, NULL, 0 },
};

void options_print_help(void)
{
	printf("Usage: oriel-server [OPTION]...\n"
	       "Accepts RDP connections and starts an oriel-session for each.\n"
	       "\n"
	       "  --config FILE          settings; default /etc/oriel/oriel.conf, for an\n"
	       "                         ordinary user ~/.config/oriel/oriel.conf\n"
	       "  --check-config         check the settings and exit\n"
	       "  --fingerprint          print the certificate's fingerprint and exit\n"
	       "  --listen ADDR[:PORT]   listen there instead; may be given several times\n"
	       "  --port N               listen on this port instead\n"
	       "  --trace FILE           append a JSON line per frame to FILE\n"
	       "  --log-level LEVEL      error, warn, info or debug\n"
	       "  --help, --version\n"
	       "\n"
	       "See oriel-server(8) and oriel.conf(5).\n");
}

static int complain(const char *option, const char *value, const char *expected)
{
	return command_line_complain("oriel-server", option, value, expected);
}

static int add_listen(struct options *options, const char *value)
{
	struct conf_listen *listen = &options->listen;

	if (listen->count == CONF_LISTEN_MAX)
		return complain("--listen", value, "at most 16 addresses");
	if (conf_address_parse(&listen->at[listen->count], value, CONF_PORT) < 0)
		return complain("--listen", value, "an address such as 192.0.2.1, 0.0.0.0:3389 or [::]:3389");
	listen->count++;
	return 0;
}

static int set_port(struct options *options, const char *value)
{
	char *end;
	long port = strtol(value, &end, 10);

	if (*end || end == value || port < 1 || port > 65535)
		return complain("--port", value, "a number from 1 to 65535");
	options->port = (int)port;
	return 0;
}

static int set_path(const char **path, const char *option, const char *value)
{
	/* A relative path would mean another file to the session or after a reload. */
	if (value[0] != '/' || strlen(value) >= CONF_PATH_CAP)
		return complain(option, value, "an absolute path of at most 255 bytes");
	*path = value;
	return 0;
}

static int take(void *user, int option, const char *value)
{
	struct options *options = user;

	switch (option) {
	case OPT_FINGERPRINT: options->fingerprint = true; return 0;
	case OPT_LISTEN: return add_listen(options, value);
	case OPT_PORT: return set_port(options, value);
	case OPT_TRACE: return set_path(&options->trace, "--trace", value);
	default: return ERR_ARGUMENT;
	}
}

int options_parse(struct options *options, int argc, char **argv)
{
	static const struct command_line_program program = { "oriel-server", own, take };

	*options = (struct options){ 0 };
	return command_line_parse(&options->common, &program, options, argc, argv);
}

int options_load(
		const struct options *options, bool system, struct oriel_conf *conf, struct conf_error *error)
{
	int err = command_line_load(&options->common, system, conf, error);

	if (err < 0)
		return err;
	if (options->listen.count)
		conf->server.listen = options->listen;
	if (options->port)
		conf_listen_set_port(&conf->server.listen, options->port);
	if (options->trace)
		snprintf(conf->trace, sizeof conf->trace, "%s", options->trace);
	return 0;
}
