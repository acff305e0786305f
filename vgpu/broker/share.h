/* Fair shares of one GPU, by weight. Pure arithmetic: the broker measures what each
 * virtual GPU used and does what comes out.
 *
 * Start-time fair queueing. Each member has a virtual time: what it used, divided by
 * its weight. Among those that draw all the time, the one that used least sets the pace:
 * whoever is ahead of it by more than SHARE_AHEAD_US of its own use is held. A program
 * that draws all the time still pauses between pictures, so what counts is that it had
 * work at half of the last updates; one that needs little is served and holds nobody,
 * and a pause longer than some ten updates gives the GPU to the others. Nobody can save
 * up: who does not set the pace falls behind it by SHARE_CREDIT_US of its own use at
 * most. So an idle GPU is given whole to whoever wants it, and members that want all
 * get their shares. */
#ifndef BROKER_SHARE_H
#define BROKER_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SHARE_AHEAD_US = 15000,
	SHARE_CREDIT_US = 20000,
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
	double duty; /* part of the last updates at which it had work, 0..1 */
	bool held;
};

/* Who has no GPU for a while is left out of share_update, and comes back as one that
 * had nothing to draw: others do not wait until it has caught up. */
void share_leave(struct share_member *member);

void share_update(struct share_member *const *members, size_t count);

#endif
