/* The command line of oriel-session. It is started by oriel-server, not by people:
 * see oriel-session(8). */
#ifndef SESSION_OPTIONS_H
#define SESSION_OPTIONS_H

#include <base/err.h>
#include <base/log.h>
#include <stdbool.h>

/* Descriptors that the starter leaves open, always at these numbers. */
enum {
	FD_CLIENT = 3,      /* the accepted connection */
	FD_CONTROL = 4,     /* to oriel-host */
	FD_RECORD = 5,      /* proto/record.h */
	FD_CERTIFICATE = 6, /* PEM */
	FD_KEY = 7,         /* PEM */
	FD_TRACE = 8,       /* opened for appending; only read with --trace */
};

struct options {
	const char *id;      /* of the session, for logs */
	const char *address; /* of the client */
	bool nla, tls;       /* which log-ins are offered */
	bool trace;
	enum log_level log_level;
};

/* Returns 0; 1 after --help (exit with 0); ERR_ARGUMENT after one line on standard error. */
MUST_USE int options_parse(struct options *options, int argc, char **argv);

#endif
