/* Names of resources in a batch. Each program counts its resources from 1, but all
 * programs of a guest share one worker, so the names in what they submit are exchanged
 * for ours before anybody else reads them. */
#ifndef VTEST_HANDLES_H
#define VTEST_HANDLES_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* Of no resource: what a program calls by a name that it has not made. */
	HANDLES_NOBODY = 0x7fffffff,
};

/* name (not 0) to ours; HANDLES_NOBODY. */
typedef uint32_t handles_exchange(void *user, uint32_t name);

/* In place. 0; ERR_FORMAT for a command that is not known or does not end within the
 * batch, or that makes resources by itself. */
MUST_USE int handles_rewrite(uint32_t *words, size_t count, handles_exchange *exchange, void *user);

#endif
