/* The command line of oriel-host. */
#ifndef HOST_OPTIONS_H
#define HOST_OPTIONS_H

#include <base/err.h>
#include <server/conf.h>

enum options_task {
	OPTIONS_SERVE,
	OPTIONS_CHECK, /* --check-config */
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

struct options {
	enum options_task task;
	const char *config;  /* borrowed from argv; NULL: not given */
	const char *pam_dir; /* --pam-dir, for tests: where the PAM service's file is */
	bool log_level_given;
	enum log_level log_level;
};

/* 0, or ERR_ARGUMENT after a sentence on standard error. */
MUST_USE int options_parse(struct options *options, int argc, char **argv);

void options_print_help(void);

/* The file, then the command line over it. Returns as conf_load. */
MUST_USE int options_load(const struct options *options, bool system, struct oriel_conf *conf,
		struct conf_error *error);

#endif
