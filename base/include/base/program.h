/* Other programs of ours: where they are, and their end. Thread-safe, but for
 * program_end_children. */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
	PROGRAM_PATH_CAP = 512,
};

/* Where the program of that name (it may have folders) is: beside this executable, as
 * in a build folder, else in the folder installed. 0; ERR_MISSING, and path is where it
 * was looked for last, errno why not. */
MUST_USE int program_find(char path[PROGRAM_PATH_CAP], const char *name, const char *installed);

/* Waits up to timeout_ms for the end of a process that is ours or is there, and leaves
 * it to be reaped. False: it goes on. */
bool program_ended(pid_t pid, int timeout_ms);

/* Ends all children of the calling thread, adopted ones (PR_SET_CHILD_SUBREAPER) too:
 * asks them, and kills who is there after timeout_ms. SIGCHLD must be blocked. */
void program_end_children(int timeout_ms);

#endif
