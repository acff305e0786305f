/* The command line of oriel-host. */
#ifndef HOST_OPTIONS_H
#define HOST_OPTIONS_H

#include <server/command_line.h>

struct options {
	struct command_line common;
	const char *pam_dir; /* --pam-dir, for tests: where the PAM service's file is; borrowed from argv */
};

/* 0, or ERR_ARGUMENT after a sentence on standard error. */
MUST_USE int options_parse(struct options *options, int argc, char **argv);

void options_print_help(void);

#endif
