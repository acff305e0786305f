/* Fair shares of one GPU, by weight. Pure arithmetic: the broker measures what each
 * virtual GPU used and does what comes out.
 *
 * Start-time fair queueing. Each member has a virtual time: what it used, divided by
 * its weight. Among those that have work, whoever is ahead of the last one by more than
 * SHARE_AHEAD_US of its own use is held until it is not. The last one counts only once
 * it has work for the second time in a row: one that needs little is done before that,
 * and nobody was held for it. A member without work cannot save up: it falls behind the
 * others by SHARE_CREDIT_US of its own use at most, which lets one that draws all the
 * time, but for pauses between its pictures, keep its place. So an idle GPU is given
 * whole to whoever wants it, a member that needs little is never held, and members that
 * want all get their shares. */
#ifndef BROKER_SHARE_H
#define BROKER_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SHARE_AHEAD_US = 15000,
	SHARE_CREDIT_US = 100000,
	SHARE_WEIGHT_UNIT = 100, /* virtual time of this weight passes as real use does */
};

struct share_member {
	/* set by the caller before each share_update */
	uint32_t weight;  /* 1..1000 */
	uint64_t used_us; /* GPU time in all, as measured */
	bool has_work;    /* batches wait or are being drawn */
	/* share_update's; zero at first, but last_us: used_us as it is then */
	uint64_t last_us;
	double virtual_us;
	bool had_work; /* at the update before */
	bool held;
};

void share_update(struct share_member *const *members, size_t count);

#endif
