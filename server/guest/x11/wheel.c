#include "wheel.h"

enum {
	TURN_MAX = WHEEL_CLICKS_MAX * WHEEL_NOTCH,
};

int wheel_turn(struct wheel *wheel, int32_t turn_120)
{
	int clicks;

	if (turn_120 > TURN_MAX)
		turn_120 = TURN_MAX;
	else if (turn_120 < -TURN_MAX)
		turn_120 = -TURN_MAX;
	if ((turn_120 > 0 && wheel->rest_120 < 0) || (turn_120 < 0 && wheel->rest_120 > 0))
		wheel->rest_120 = 0;
	wheel->rest_120 += turn_120;
	clicks = wheel->rest_120 / WHEEL_NOTCH;
	wheel->rest_120 %= WHEEL_NOTCH;
	if (clicks > WHEEL_CLICKS_MAX)
		return WHEEL_CLICKS_MAX;
	return clicks < -WHEEL_CLICKS_MAX ? -WHEEL_CLICKS_MAX : clicks;
}
