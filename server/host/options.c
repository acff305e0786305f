#include "options.h"
#include <stdio.h>

enum {
	OPT_PAM_DIR = 1,
};

static const struct option own[] = {
	{ "pam-dir", required_argument, NULL, OPT_PAM_DIR },
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

static int take(void *user, int option, const char *value)
{
	struct options *options = user;

	options->pam_dir = value; /* the only one */
	return 0;
}

int options_parse(struct options *options, int argc, char **argv)
{
	static const struct command_line_program program = { "oriel-host", own, take };

	*options = (struct options){ 0 };
	return command_line_parse(&options->common, &program, options, argc, argv);
}
