/* A private server for the bench: oriel-host and oriel-server in a temporary folder,
 * on a free port of the loopback, serving one ordinary user's own desktop. As root
 * that user is the account oriel-bench, made for it and removed at the end. Not
 * thread-safe; one at a time on a machine. */
#ifndef BENCH_STACK_H
#define BENCH_STACK_H

#include <base/err.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	STACK_PATH_CAP = 128,
	STACK_PASSWORD_CAP = 33,
};

struct stack {
	char dir[STACK_PATH_CAP / 2]; /* removed at the end */
	char bin[STACK_PATH_CAP];     /* where the programs are: beside ourselves */
	char trace[STACK_PATH_CAP];   /* the file of oriel-server --trace */
	char user[64];
	char password[STACK_PASSWORD_CAP];
	int port;
	uid_t uid;
	gid_t gid;
	pid_t host, server; /* 0: not running */
};

/* guest: "pattern" or "x11"; options: more of its arguments, or "". Waits until both
 * answer. 0, or ERR_* after a line on stderr; stack_stop in both cases. */
MUST_USE int stack_start(struct stack *stack, const char *guest, const char *options);

/* Ends all of it: guests and sessions too. keep: the folder with the logs stays, and
 * its name is told; also when ORIEL_TEST_KEEP is in the environment. */
void stack_stop(struct stack *stack, bool keep);

/* Process of the (only) session that is logged in. Returns its pid, or ERR_MISSING. */
MUST_USE pid_t stack_session(const struct stack *stack);

/* The process of a program (15 characters of its name) that we started, however
 * indirectly. Returns its pid, or ERR_MISSING. */
MUST_USE pid_t stack_find(const struct stack *stack, const char *program);

#endif
