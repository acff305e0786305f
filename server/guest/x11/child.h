/* Programs that the guest starts: X server, message bus, desktop. Each is told by
 * the kernel to end when the guest dies; what they leave behind becomes the
 * guest's child and is ended by program_end_children. Loop thread only. */
#ifndef X11_CHILD_H
#define X11_CHILD_H

#include <base/err.h>
#include <stdbool.h>
#include <sys/types.h>

enum {
	CHILD_PASSED_FD = 3, /* where a child finds pass_fd */
};

struct child {
	pid_t pid;  /* 0: not started, or ended */
	int status; /* as waitpid gives it, once ended */
};

/* Makes orphans of the children our own children. Call once, before the first. */
void children_adopt(void);

/* Starts argv[0] (looked up in PATH) in a session of its own. Its input is
 * /dev/null, its output goes to output_fd (borrowed), pass_fd (borrowed, -1: none)
 * becomes CHILD_PASSED_FD. 0; ERR_MISSING (no such program); ERR_IO. */
MUST_USE int child_start(struct child *child, const char *const argv[], char *const envp[], int output_fd,
		int pass_fd);

/* Children from now on are in these namespaces of users and mounts (borrowed; -1: in ours). */
void children_move(int users_fd, int mounts_fd);

/* Collects whoever ended, among them these children. For SIGCHLD. */
void children_reap(struct child *const known[], int count);

/* Waits at most timeout_ms for it to end by itself. */
void child_await(struct child *child, int timeout_ms);

/* Sends the signal, waits at most timeout_ms, then kills. Returns with the child gone. */
void child_stop(struct child *child, int signal, int timeout_ms);

/* "code 1", "signal 11". dst has 32 bytes. */
const char *child_status_text(const struct child *child, char *dst);

#endif
