/* Which guests there are: the folder RUN/guests, so that a restarted oriel-host
 * finds them again. For the guest of alice:
 *   alice.json  the entry, root's. Its keeper holds an exclusive flock on it for as
 *               long as it lives: locked is alive, whatever the text says.
 *   alice/      the guest's own folder (0700, its user's), with the socket `link`
 *   alice.log   what the guest and its keeper say
 * What is in alice/ is in that user's hands and is taken for a trap until checked.
 * Loop thread only (no state but a descriptor). */
#ifndef HOST_REGISTRY_H
#define HOST_REGISTRY_H

#include "name.h"
#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	REGISTRY_ENTRY_MAX = 1024, /* bytes of an entry; real ones have 150 */
	REGISTRY_GUESTS_MAX = 10000,
	REGISTRY_KIND_CAP = 16,
	REGISTRY_PATH_CAP = 320,
};

struct registry_entry {
	char name[NAME_CAP]; /* of the guest; also the user's */
	char user[NAME_CAP];
	char kind[REGISTRY_KIND_CAP]; /* "x11", "pattern", "vm" */
	uid_t uid;
	pid_t keeper;
	uint64_t started_us; /* CLOCK_REALTIME */
};

struct registry {
	char path[REGISTRY_PATH_CAP]; /* RUN/guests */
	int dir_fd;
};

/* Makes RUN/guests when it is not there. 0, or negative after a log line. */
MUST_USE int registry_open(struct registry *registry, const char *run_dir);

void registry_close(struct registry *registry);

/* For a guest that is to be started: makes the entry, empty and locked. Returns its
 * descriptor, owned (close-on-exec), to be handed to the keeper; ERR_BUSY: alive; ERR_IO. */
MUST_USE int registry_claim(struct registry *registry, const char *name);

/* The start failed: removes the entry again and closes fd (taken). */
void registry_unclaim(struct registry *registry, const char *name, int fd);

/* The keeper's part: writes the entry through its descriptor. 0, ERR_MEMORY, ERR_IO. */
MUST_USE int registry_fill(int fd, const struct registry_entry *entry);

/* 0: alive and *entry filled; ERR_AGAIN: alive, its keeper has not written yet;
 * ERR_MISSING: there is none (a dead one is removed on the way). */
MUST_USE int registry_find(struct registry *registry, const char *name, struct registry_entry *entry);

/* All that are alive; names has room for cap. Returns how many, or ERR_IO. */
MUST_USE int registry_list(struct registry *registry, struct registry_entry *entries, size_t cap);

/* Connects to the guest's link: a socket (no link to one) of that user in a folder
 * of that user, and answered by a process of that user. Returns a descriptor, owned,
 * non-blocking, close-on-exec; ERR_MISSING or ERR_CLOSED (not yet, or no more, or
 * its queue is full); ERR_DENIED (something else is there); ERR_IO. */
MUST_USE int registry_connect(struct registry *registry, const struct registry_entry *entry);

/* Asks the keeper to end its guest. 0, ERR_MISSING, ERR_IO. */
MUST_USE int registry_end(struct registry *registry, const char *name);

/* The last line of the guest's log without its time, for people; "" if there is none. */
void registry_last_words(struct registry *registry, const char *name, char *text, size_t cap);

/* Text of an entry. parse: 0 or ERR_FORMAT; write: length, ERR_SPACE, ERR_MEMORY. */
MUST_USE int registry_entry_parse(struct registry_entry *entry, const char *text, size_t len);
MUST_USE int registry_entry_write(const struct registry_entry *entry, char *text, size_t cap);

#endif
