/* Starts this very program again in one of its hidden modes, with nothing of our
 * memory, signal masks or descriptors. */
#ifndef HOST_SPAWN_H
#define HOST_SPAWN_H

#include <base/err.h>
#include <stdbool.h>
#include <sys/types.h>

/* argv[0] is the name, argv[1] the mode, the last one NULL. in: -1 means /dev/null;
 * out; err: -1 means ours; extra: becomes descriptor SPAWN_EXTRA_FD, -1: none. All
 * borrowed. new_session: away from our terminal and its signals.
 * Returns the pid, or ERR_IO with errno. */
struct spawn {
	const char *const *argv;
	int in, out, err, extra;
	bool new_session;
};

enum {
	SPAWN_EXTRA_FD = 3,
};

MUST_USE pid_t spawn_self(const struct spawn *spawn);

#endif
