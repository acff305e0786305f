/* A new worker is told everything that the last one knew: guest memory, resources with
 * what was uploaded into them, contexts, targets. That can be more than socket and arena
 * hold, so it goes in steps, and the guest's commands wait until it is done. */
#ifndef FRONT_RESTORE_H
#define FRONT_RESTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct front;

struct restore {
	bool running;
	bool backings_only; /* after the guest's memory changed: the worker has the rest */
	unsigned phase;
	size_t at;     /* in the phase's table */
	bool half;     /* the resource there is made, but the arena was full */
	uint32_t last; /* serial of the last command; until it is answered the new worker is on trial */
	uint64_t lost_us;
	uint32_t count, reason; /* of SCREEN_RESET */
};

/* The worker was lost, just now. */
void restore_lost(struct front *front);

/* Another one is connected. */
void restore_start(struct front *front, uint32_t reason);

/* The worker knows the guest's new memory, and no backing any more. */
void restore_backings(struct front *front);

/* Goes on; the renderer has room. */
void restore_step(struct front *front);

#endif
