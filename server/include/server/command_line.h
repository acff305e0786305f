/* What the command lines of oriel-server and oriel-host have in common: --config,
 * --check-config, --log-level, --help and --version. No state; not thread-safe
 * (getopt_long). */
#ifndef SERVER_COMMAND_LINE_H
#define SERVER_COMMAND_LINE_H

#include <getopt.h>
#include <server/conf.h>

enum command_line_task {
	COMMAND_LINE_SERVE,
	COMMAND_LINE_CHECK, /* --check-config */
	COMMAND_LINE_HELP,
	COMMAND_LINE_VERSION,
};

struct command_line {
	enum command_line_task task;
	const char *config; /* borrowed from argv; NULL: not given */
	bool log_level_given;
	enum log_level log_level;
};

enum {
	COMMAND_LINE_OWN_MAX = 16, /* a program's own options */
};

struct command_line_program {
	const char *name;         /* for complaints */
	const struct option *own; /* values from 1 to 99; at most COMMAND_LINE_OWN_MAX, and an empty entry */
	/* One of the program's own. 0, or ERR_ARGUMENT after a sentence. */
	int (*take)(void *user, int option, const char *value);
};

/* Fills line. 0, or ERR_ARGUMENT after a sentence on standard error. */
MUST_USE int command_line_parse(struct command_line *line, const struct command_line_program *program,
		void *user, int argc, char **argv);

/* The file, then the common options over it. Returns as conf_load. */
MUST_USE int command_line_load(const struct command_line *line, bool system, struct oriel_conf *conf,
		struct conf_error *error);

/* "NAME: OPTION VALUE: expected ..." on standard error. Returns ERR_ARGUMENT. */
int command_line_complain(const char *name, const char *option, const char *value, const char *expected);

#endif
