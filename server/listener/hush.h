/* Keeps the log short when connections are refused by the thousand: a few lines a
 * second, then a count. Not thread-safe. */
#ifndef LISTENER_HUSH_H
#define LISTENER_HUSH_H

#include <stdbool.h>
#include <stdint.h>

enum {
	HUSH_LINES_PER_SECOND = 5,
};

/* All zero: nothing said yet. */
struct hush {
	uint64_t second_us;
	unsigned said, held_back;
};

/* May a line be logged now? Logs how many were held back, when a new second begins.
 * now_us is CLOCK_MONOTONIC. */
bool hush_may_say(struct hush *hush, uint64_t now_us);

#endif
