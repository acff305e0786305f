/* What the host wants of the desktop, done one after the other by a script that knows
 * the desktop: SCRIPT layout SCALE WxH+X+Y..., SCRIPT keymap LAYOUT VARIANT, SCRIPT
 * locks SCROLL NUM CAPS (0 or 1 each), SCRIPT text (UTF-8 on its standard input).
 * Newer wishes replace older ones that wait; text is put together. A desktop that is
 * not there yet fails: layout and keymap are tried again for a minute. */
#ifndef AGENT_JOBS_H
#define AGENT_JOBS_H

#include <proto/agent.h>
#include <sys/types.h>

enum job {
	JOB_LAYOUT,
	JOB_KEYMAP,
	JOB_LOCKS,
	JOB_TEXT,
	JOB_COUNT,
};

enum {
	JOBS_TEXT_MAX = 4096, /* bytes that wait; more are dropped */
	JOBS_TRIES_MAX = 60,
	JOBS_AGAIN_MS = 1000,
};

struct jobs {
	const char *script; /* borrowed */
	pid_t pid;          /* of the one that runs; 0: none */
	enum job running;
	bool due[JOB_COUNT];
	int tries[JOB_COUNT]; /* that failed */
	struct agent_layout layout;
	uint32_t klid, locks;
	char text[JOBS_TEXT_MAX];
	size_t text_len;
	/* What the host is to hear; done.serial is that of the layout that was run. */
	bool done_due;
	struct agent_layout_done done;
};

/* A message from the host; others than jobs are ignored. */
void jobs_take(struct jobs *jobs, const struct agent_message *msg);

/* Starts what is due, when nothing runs. */
void jobs_run(struct jobs *jobs);

/* For SIGCHLD. */
void jobs_reap(struct jobs *jobs);

/* How long until jobs_run has something to do that was tried before; -1: nothing is.
 * Then call jobs_again. */
int jobs_wait_ms(const struct jobs *jobs);
void jobs_again(struct jobs *jobs);

#endif
