/* What the agent does to the desktop, by a script that knows it: SCRIPT layout SCALE
 * WxH+X+Y... sets the monitors and ends; SCRIPT keys stays, and takes lines of keymap,
 * locks, text and wheel (proto/agent.h) on its standard input, and says typed. A desktop
 * that is not there yet makes both fail: they are tried again, for a quarter of an hour
 * at least, as X takes minutes to start where processors are emulated on a busy host. */
#ifndef AGENT_DESKTOP_H
#define AGENT_DESKTOP_H

#include <proto/agent.h>
#include <sys/types.h>

enum {
	DESKTOP_SOON_TRIES = 60,
	DESKTOP_TRIES_MAX = DESKTOP_SOON_TRIES + 170,
	DESKTOP_SOON_MS = 1000, /* until the next of these */
	DESKTOP_LATER_MS = 5000,
};

struct desktop_child {
	pid_t pid; /* 0: does not run */
	bool due;
	int failed; /* times in a row */
};

struct desktop {
	const char *script; /* borrowed */
	struct desktop_child monitors, keys;
	struct agent_layout layout; /* count 0: none yet */
	int keys_fd;                /* owned; to and from keys; -1: it does not run */
	struct agent_lines keys_lines;
	uint32_t texts, keys_first; /* characters that came; how many before keys started */
	struct agent_message keymap;
	bool keymap_known;
	/* What the host is to hear. */
	bool done_due;
	struct agent_layout_done done;
	uint32_t typed; /* likewise, when it is not what it was */
};

void desktop_init(struct desktop *desktop, const char *script);

/* A message from the host; what is none for the desktop is ignored. */
void desktop_take(struct desktop *desktop, const struct agent_message *msg);

/* The desktop is a new one, which knows nothing of all that. */
void desktop_renew(struct desktop *desktop);

/* Starts what is due. again: also what failed the last time. */
void desktop_run(struct desktop *desktop, bool again);

/* For SIGCHLD. */
void desktop_reap(struct desktop *desktop);

/* keys said something (keys_fd is readable). */
void desktop_read_keys(struct desktop *desktop);

/* How long until desktop_run(..., true) has something to do; -1: it has not. */
int desktop_wait_ms(const struct desktop *desktop);

#endif
