/* Who may come in: every session has a seat. Limits are in all, per address, and
 * for those that have not logged in yet ("pending"). A full house makes room by the
 * oldest pending seat of the address that holds most of them, so one greedy client
 * cannot push out the others; but nobody loses a seat in its first second, which
 * bounds how many processes a flood can start.
 *
 * Times are microseconds of one clock. No I/O, no allocation; not thread-safe. */
#ifndef LISTENER_SEATS_H
#define LISTENER_SEATS_H

#include "peer.h"
#include <sys/queue.h>

enum {
	/* Pending seats: half of all, within these bounds. The upper one bounds the work
	 * of finding who must go, which is quadratic. */
	SEATS_PENDING_MIN = 100,
	SEATS_PENDING_MAX = 400,
	SEATS_EVICT_AGE_US = 1000000,
};

/* Part of a session, which owns it. */
struct seat {
	TAILQ_ENTRY(seat) link;
	const uint8_t *key; /* borrowed */
	uint64_t since_us;
	bool pending;
};

TAILQ_HEAD(seat_list, seat);

struct seats {
	int max, max_per_address;
	int pending_count, settled_count;
	struct seat_list pending, settled; /* oldest first */
};

enum seats_answer {
	SEATS_FREE,
	SEATS_EVICT, /* there is a seat if *victim goes, or settles because it logged in meanwhile */
	SEATS_FULL,
	SEATS_ADDRESS_FULL,
};

void seats_init(struct seats *seats, int max, int max_per_address);

enum seats_answer seats_ask(
		struct seats *seats, const uint8_t key[PEER_KEY_LEN], uint64_t now_us, struct seat **victim);

/* key is borrowed while the seat is taken. */
void seats_take(struct seats *seats, struct seat *seat, const uint8_t *key, uint64_t now_us, bool pending);

/* Logged in: no longer pending. Nothing happens to a settled one. */
void seats_settle(struct seats *seats, struct seat *seat);

void seats_leave(struct seats *seats, struct seat *seat);

#endif
