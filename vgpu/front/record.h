/* What of the guest's commands must be known when another worker is to take over:
 * uploads go to their resource, all else of a batch to its context's journal. */
#ifndef FRONT_RECORD_H
#define FRONT_RECORD_H

#include "context.h"
#include <proto/render.h>
#include <stddef.h>
#include <stdint.h>

struct front;
struct answer;

/* TRANSFER_TO of a command. */
void record_transfer(struct front *front, const struct render_transfer *transfer);

/* A batch that was carried out. */
void record_batch(struct front *front, struct context *context, const struct answer *answer);

#endif
