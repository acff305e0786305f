/* A program that the machine needs: QEMU, the front of its virtual GPU. It is told by
 * the kernel to end when we die. What it says goes to our log line by line, and the
 * last line is kept for the sentence that says why it ended. Loop thread only. */
#ifndef VM_PROCESS_H
#define VM_PROCESS_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

enum {
	PROCESS_FIRST_FD = 3, /* where a child finds fds[0], the others behind it */
	PROCESS_FDS_MAX = 8,
	PROCESS_LINE_CAP = 240,
	PROCESS_LINES_PER_MINUTE = 200, /* that are logged */
};

struct process {
	const char *name; /* for the log; set it before the start */
	int nice;         /* so much is its priority lower than ours; likewise */
	pid_t pid;        /* 0: not started, or ended */
	int status;       /* as waitpid gives it, once ended */
	/* Called in the loop when it has ended; may be NULL. */
	void (*on_end)(void *user);
	void *user;

	sd_event_source *exit, *output;
	int output_fd;
	char line[PROCESS_LINE_CAP], last_line[PROCESS_LINE_CAP];
	size_t line_len;
	uint64_t minute_us; /* when the present minute began */
	unsigned minute_lines;
};

/* Starts argv[0] (looked up in PATH) with /dev/null as its input and these descriptors
 * (borrowed). event NULL: nobody watches, process_run waits. 0; ERR_MISSING; ERR_IO
 * with errno. */
MUST_USE int process_start(struct process *process, sd_event *event, const char *const argv[], const int *fds,
		int count);

/* Runs it to its end. 0: it said yes; ERR_IO: it did not, last_line may say why;
 * ERR_MISSING: there is no such program; ERR_TIMEOUT: killed. */
MUST_USE int process_run(struct process *process, const char *const argv[], int timeout_ms);

/* Sends the signal, waits at most timeout_ms, then kills. Returns with it gone, and
 * without on_end. Nothing when it is not there. */
void process_stop(struct process *process, int signal, int timeout_ms);

/* Whether it has ended, before on_end too, and not with success. */
bool process_failed(const struct process *process);

/* "signal 9", "code 1: ..." with the last line. */
void process_why(const struct process *process, char *dst, size_t cap);

#endif
