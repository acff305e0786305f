/* The batches that make a context again, from its journal: cut between commands into
 * pieces that are sent one by one. */
#ifndef FRONT_RESTORE_BATCHES_H
#define FRONT_RESTORE_BATCHES_H

#include "context.h"

struct front;
struct restore_batch;

struct restore_batches {
	struct restore_batch *first, **last;
};

/* Writes them, for that context. Without memory, or with a journal that had too much,
 * there are none, and its programs draw nothing right any more: said in the log. */
void restore_batches_make(
		struct front *front, struct restore_batches *batches, const struct context *context);

/* Sends the next. 1; 0: there was none; ERR_AGAIN: no room now. */
MUST_USE int restore_batches_step(
		struct front *front, struct restore_batches *batches, const struct context *context);

void restore_batches_finish(struct restore_batches *batches);

#endif
