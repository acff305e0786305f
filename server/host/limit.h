/* Back-off of log-in tries, so that guessing through many connections is slow. Kept
 * per user name (the host does not know addresses: oriel-server limits those) and
 * for the whole host. In memory only; a restart forgets it.
 *
 * A try is charged before it is looked at, so that a hundred at once do not slip
 * through, and given back when it was right. A try during a wait is refused
 * unseen and does not prolong the wait: whoever keeps guessing slows a user down,
 * but the longest wait is LIMIT_WAIT_MAX_S. Loop thread only. */
#ifndef HOST_LIMIT_H
#define HOST_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	LIMIT_FREE_TRIES = 5,   /* wrong ones per name without a wait; then 1, 2, 4 ... s */
	LIMIT_WAIT_MAX_S = 30,  /* so at most 2880 guesses a day per name */
	LIMIT_FORGET_S = 900,   /* a name without wrong tries for so long starts anew */
	LIMIT_NAMES_MAX = 1024, /* remembered; the one whose wait ends first gives way */
	LIMIT_ALL_BURST = 100,  /* wrong ones of all names together ... */
	LIMIT_ALL_PER_S = 2,    /* ... and how many more each second */
};

struct limit;

/* Returns owned, or NULL (no memory). */
struct limit *limit_create(void);

/* NULL is fine. */
void limit_destroy(struct limit *limit);

/* May this name be tried now (CLOCK_MONOTONIC)? true: charged. Names count without
 * case; all names that no account can have count as one. */
bool limit_take(struct limit *limit, const char *name, uint64_t now_us);

/* The try was right: forgets the name's wrong tries. */
void limit_give_back(struct limit *limit, const char *name);

#endif
