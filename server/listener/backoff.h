/* Back-off per address after failed log-ins: BACKOFF_FAILURES within a minute, and
 * further connections are closed at once for 1 s; each failure after that, within a
 * minute of the wait's end, doubles the wait up to a minute. A success forgives
 * nothing: somebody with one account could guess at the others between log-ins.
 *
 * The table has a fixed size. When it is full the address that is forgotten soonest
 * makes room, so an attacker with more addresses than BACKOFF_SLOTS is slowed by
 * the limits only. Loopback is no exception: behind a proxy or a tunnel everybody
 * shares one address, and guessing must not become free there.
 *
 * now_us is CLOCK_MONOTONIC. No I/O, no allocation; not thread-safe. */
#ifndef LISTENER_BACKOFF_H
#define LISTENER_BACKOFF_H

#include "peer.h"

enum {
	BACKOFF_SLOTS = 1024,
	BACKOFF_FAILURES = 5,
	BACKOFF_WINDOW_S = 60,
	BACKOFF_WAIT_MAX_S = 60,
};

struct backoff_slot {
	uint8_t key[PEER_KEY_LEN];
	uint64_t failed_us[BACKOFF_FAILURES]; /* ring of the last ones */
	int failures;                         /* in the slot's life; 0: the slot is free */
	uint32_t wait_s;                      /* the last wait; 0: none yet */
	uint64_t until_us;
};

/* All zero is an empty table. */
struct backoff {
	struct backoff_slot slots[BACKOFF_SLOTS];
};

/* A log-in from there failed. Returns the seconds for which connections are closed
 * from now on, 0 if none. Failures of connections taken before a wait began do not
 * make it longer. */
uint32_t backoff_fail(struct backoff *backoff, const uint8_t key[PEER_KEY_LEN], uint64_t now_us);

/* Are connections from there closed at once? */
bool backoff_waits(const struct backoff *backoff, const uint8_t key[PEER_KEY_LEN], uint64_t now_us);

#endif
