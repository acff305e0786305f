#include "options.h"
#include <getopt.h>
#include <stdio.h>

enum {
	OPT_CONFIG = 256,
	OPT_CHECK,
	OPT_LOG_LEVEL,
	OPT_PAM_DIR,
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "check-config", no_argument, NULL, OPT_CHECK },
	{ "log-level", required_argument, NULL, OPT_LOG_LEVEL },
	{ "pam-dir", required_argument, NULL, OPT_PAM_DIR },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

void options_print_help(void)
{
	printf("Usage: oriel-host [OPTION]...\n"
	       "Checks log-ins and starts and finds the desktops. As root it serves the\n"
	       "users of the machine; started by an ordinary user it serves that user only.\n"
	       "\n"
	       "  --config FILE       settings; default /etc/oriel/oriel.conf, for an\n"
	       "                      ordinary user ~/.config/oriel/oriel.conf\n"
	       "  --check-config      check the settings and exit\n"
	       "  --log-level LEVEL   error, warn, info or debug\n"
	       "  --help, --version\n"
	       "\n"
	       "See oriel-host(8), oriel(1) and oriel.conf(5).\n");
}

static int complain(const char *option, const char *value, const char *expected)
{
	fprintf(stderr, "oriel-host: %s %s: expected %s\n", option, value, expected);
	return ERR_ARGUMENT;
}

static int take(struct options *options, int option, const char *value)
{
	switch (option) {
	case OPT_CONFIG: options->config = value; return 0;
	case OPT_CHECK: options->task = OPTIONS_CHECK; return 0;
	case OPT_LOG_LEVEL:
		options->log_level_given = log_level_parse(value, &options->log_level);
		return options->log_level_given
				? 0
				: complain("--log-level", value, "error, warn, info or debug");
	case OPT_PAM_DIR: options->pam_dir = value; return 0;
	case 'h': options->task = OPTIONS_HELP; return 0;
	case 'V': options->task = OPTIONS_VERSION; return 0;
	default: return ERR_ARGUMENT; /* getopt_long has said it */
	}
}

int options_parse(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){ .task = OPTIONS_SERVE };
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (take(options, option, optarg) < 0)
			return ERR_ARGUMENT;
	}
	if (optind < argc)
		return complain("argument", argv[optind], "options only, see --help");
	return 0;
}

int options_load(
		const struct options *options, bool system, struct oriel_conf *conf, struct conf_error *error)
{
	int err = conf_load(options->config, system, conf, error);

	if (err == 0 && options->log_level_given)
		conf->log_level = options->log_level;
	return err;
}
