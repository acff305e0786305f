/* The monitors: outputs of the dummy driver, set and read with RandR. The picture
 * is their bounding box. */
#ifndef X11_SCREENS_H
#define X11_SCREENS_H

#include "display.h"
#include <proto/link.h>
#include <xcb/randr.h>

struct screens_mode {
	xcb_randr_mode_t id;
	uint16_t width, height;
};

struct screens {
	struct display *display; /* borrowed */
	xcb_randr_output_t outputs[LINK_MONITORS_MAX];
	xcb_randr_crtc_t crtcs[LINK_MONITORS_MAX]; /* the only one that its output can use */
	int count;
	/* Modes that we made: those in use. */
	struct screens_mode modes[LINK_MONITORS_MAX];
	int mode_count;
	/* What is in force; scale_percent is 100 throughout. serial is 0. */
	struct link_layout layout;
	int16_t left, top; /* of the picture in the root window */
};

/* Finds the outputs and reads what is in force. 0; ERR_IO. */
MUST_USE int screens_init(struct screens *screens, struct display *display);

/* Sets these monitors; whatever happens, screens->layout is what is in force after
 * it. 0; ERR_ARGUMENT (too many, too large or too small for the driver); ERR_IO. */
MUST_USE int screens_set(struct screens *screens, const struct link_layout *want);

/* After RandR events: reads what is in force. True when it is not what it was. */
bool screens_read(struct screens *screens);

/* Is it an event that calls for screens_read? */
bool screens_is_event(const struct screens *screens, uint8_t type);

#endif
