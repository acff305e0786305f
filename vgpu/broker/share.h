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
 * get their shares.
 *
 * What a member says of its work may be a lie, or its processor may be busy with others:
 * one that others are held for pays for a part of the GPU's time also when it does not
 * use it (and not again when it uses it later), so they get on at no less than about that
 * pace; and one that used next to nothing for SHARE_UNUSED_US does not set the pace, but
 * for a moment now and then, in which it can show that it would. */
#ifndef BROKER_SHARE_H
#define BROKER_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SHARE_AHEAD_US = 15000,
	SHARE_CREDIT_US = 20000,
	SHARE_LEAST_PARTS = 4,         /* who is waited for pays for one part in so many */
	SHARE_PREPAID_MAX_US = 500000, /* of that, what it has still to use */
	SHARE_UNUSED_US = 1000000,     /* with work, not held */
	SHARE_USE_US = 20000,          /* in that time: more than next to nothing */
	SHARE_AGAIN_US = 5000000,      /* until that moment */
	SHARE_MOMENT_US = 100000,
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
	uint64_t prepaid_us;
	/* For how long it had work, was not held, and used next to nothing, less the time
	 * without work since; and used_us when that began. */
	uint64_t unused_us, unused_at_us;
	bool held;
};

/* Who has no GPU for a while is left out of share_update, and comes back as one that
 * had nothing to draw: others do not wait until it has caught up. */
void share_leave(struct share_member *member);

/* passed_us: since the last update. */
void share_update(struct share_member *const *members, size_t count, uint64_t passed_us);

#endif
