/* One worker of each GPU that has guests is started ahead: what it takes to load a driver
 * is done when a guest's worker dies, and the guest waits only until the next one knows
 * what the last one knew. A spare has seen no guest; nobody has its render socket. */
#ifndef BROKER_SPARES_H
#define BROKER_SPARES_H

#include <base/err.h>

struct broker;
struct worker;

/* 0 or ERR_MEMORY. */
MUST_USE int spares_init(struct broker *broker);
void spares_finish(struct broker *broker);

/* The spare of that GPU, or one that has just been started: worker_assign it. Another
 * spare follows. NULL when that fails, errno says why. */
struct worker *spares_take(struct broker *broker, int gpu);

/* A guest is gone, and perhaps the last one of its GPU. */
void spares_review(struct broker *broker);

#endif
