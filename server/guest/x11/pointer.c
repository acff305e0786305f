#include "pointer.h"
#include <xcb/xtest.h>

/* X's numbers of buttons. */
enum {
	BUTTON_UP = 4,
	BUTTON_DOWN = 5,
	BUTTON_TO_LEFT = 6,
	BUTTON_TO_RIGHT = 7,
};

static void fake(struct pointer *pointer, uint8_t type, uint8_t detail, int16_t x, int16_t y)
{
	xcb_test_fake_input(pointer->display->conn, type, detail, XCB_CURRENT_TIME, pointer->display->root, x,
			y, 0);
}

void pointer_move(struct pointer *pointer, int16_t x, int16_t y)
{
	pointer->x = x;
	pointer->y = y;
	fake(pointer, XCB_MOTION_NOTIFY, 0, x, y);
}

void pointer_button(struct pointer *pointer, enum link_button_name button, bool down)
{
	static const uint8_t numbers[] = {
		[LINK_BUTTON_LEFT] = 1,
		[LINK_BUTTON_MIDDLE] = 2,
		[LINK_BUTTON_RIGHT] = 3,
		[LINK_BUTTON_BACK] = 8,
		[LINK_BUTTON_FORWARD] = 9,
	};

	if (button < sizeof numbers && numbers[button])
		fake(pointer, down ? XCB_BUTTON_PRESS : XCB_BUTTON_RELEASE, numbers[button], 0, 0);
}

/* A window manager that looks at each press first (a synchronous grab) lets the X server hold
 * what follows. The server drops a release that it held if the button is down again when it
 * gets to it: so nobody is served between the clicks. */
static void click(struct pointer *pointer, int clicks, uint8_t positive, uint8_t negative)
{
	xcb_connection_t *conn = pointer->display->conn;
	uint8_t button = clicks > 0 ? positive : negative;

	if (clicks == 0)
		return;
	xcb_grab_server(conn);
	for (int left = clicks > 0 ? clicks : -clicks; left > 0; left--) {
		fake(pointer, XCB_BUTTON_PRESS, button, 0, 0);
		fake(pointer, XCB_BUTTON_RELEASE, button, 0, 0);
	}
	xcb_ungrab_server(conn);
}

void pointer_wheel(struct pointer *pointer, int32_t vertical_120, int32_t horizontal_120)
{
	click(pointer, wheel_turn(&pointer->vertical, vertical_120), BUTTON_UP, BUTTON_DOWN);
	click(pointer, wheel_turn(&pointer->horizontal, horizontal_120), BUTTON_TO_RIGHT, BUTTON_TO_LEFT);
}
