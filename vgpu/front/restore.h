/* A new worker is told everything that the last one knew: guest memory, resources with
 * what was uploaded into them, contexts with their objects and state; then the batches that
 * the last one had not drawn, and the targets. That can be more than socket and arena hold,
 * so it goes in steps, and the guest's new commands wait until it is done: it sees only
 * answers that took longer.
 *
 * If the new worker dies of it, less is told to the next: first no batches again, then
 * no journals, then no uploads. A context whose batch did not end in time, or that was
 * drawing when a third worker died in a row, draws no more. Loop thread only. */
#ifndef FRONT_RESTORE_H
#define FRONT_RESTORE_H

#include "restore_batches.h"
#include "restore_uploads.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct front;
struct answer;

struct restore {
	bool running;
	bool backings_only; /* after the guest's memory changed: the worker has the rest */
	unsigned phase;
	size_t at; /* in the phase's table */
	bool half; /* the resource there is made, but the arena was full */
	struct restore_uploads uploads;
	struct restore_batches batches;
	struct answer *answer; /* whose command is sent again next */
	uint32_t last; /* serial of the last fence; until that comes back the worker is on trial; 0: passed */
	unsigned failures; /* workers in a row that did not pass */
	uint32_t suspect;  /* context whose batch was the oldest when the worker was lost; 0: none */
	uint64_t lost_us, passed_us; /* the last worker; CLOCK_MONOTONIC */
	uint64_t lived_us;           /* after it had passed */
	uint32_t count, reason;      /* of SCREEN_RESET */
};

/* The worker was lost, just now. */
void restore_lost(struct front *front);

/* Another one is connected. */
void restore_start(struct front *front, uint32_t reason);

/* The worker knows the guest's new memory, and no backing any more. */
void restore_backings(struct front *front);

/* Goes on; the renderer has room. */
void restore_step(struct front *front);

/* A fence came back. */
void restore_fenced(struct front *front, uint32_t serial);

void restore_finish(struct restore *restore);

#endif
