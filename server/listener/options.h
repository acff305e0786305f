/* The command line of oriel-server. */
#ifndef LISTENER_OPTIONS_H
#define LISTENER_OPTIONS_H

#include <server/command_line.h>

struct options {
	struct command_line common;
	bool fingerprint;          /* --fingerprint: print it and exit */
	const char *trace;         /* borrowed from argv; NULL: not given */
	struct conf_listen listen; /* none: not given */
	int port;                  /* 0: not given */
};

/* 0, or ERR_ARGUMENT after a sentence on standard error. */
MUST_USE int options_parse(struct options *options, int argc, char **argv);

void options_print_help(void);

/* The file, then the command line over it. Returns as conf_load. */
MUST_USE int options_load(const struct options *options, bool system, struct oriel_conf *conf,
		struct conf_error *error);

#endif
