/* Wheel turns to X's whole clicks, the rest being kept for the next turn. */
#ifndef X11_WHEEL_H
#define X11_WHEEL_H

#include <stdint.h>

enum {
	WHEEL_NOTCH = 120,
	WHEEL_CLICKS_MAX = 32, /* of one turn; a hostile client's turn is not longer work */
};

/* One axis; zeroes to begin with. */
struct wheel {
	int32_t rest_120;
};

/* Returns clicks in -WHEEL_CLICKS_MAX..WHEEL_CLICKS_MAX. A change of direction
 * drops the rest, so that the first step back counts. */
int wheel_turn(struct wheel *wheel, int32_t turn_120);

#endif
