/* The client's pointer: position, buttons and wheels, by XTEST. */
#ifndef X11_POINTER_H
#define X11_POINTER_H

#include "display.h"
#include "wheel.h"
#include <proto/link.h>

struct pointer {
	struct display *display; /* borrowed */
	struct wheel vertical, horizontal;
	int16_t x, y; /* in the root window: where the session knows it to be */
};

/* x, y: in the root window. */
void pointer_move(struct pointer *pointer, int16_t x, int16_t y);

void pointer_button(struct pointer *pointer, enum link_button_name button, bool down);

void pointer_wheel(struct pointer *pointer, int32_t vertical_120, int32_t horizontal_120);

#endif
