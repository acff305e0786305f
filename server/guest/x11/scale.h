/* The scale that the client asks for, given to programs as dots per inch. The
 * desktop publishes its settings (fonts among them) as XSETTINGS and as X
 * resources; here the dots per inch in both are multiplied, in what is published,
 * not in what the user has set. Fonts grow and shrink at once, in every toolkit
 * that listens. */
#ifndef X11_SCALE_H
#define X11_SCALE_H

#include "display.h"

enum {
	SCALE_DEFAULT_DPI = 96,
};

struct scale {
	struct display *display; /* borrowed */
	uint32_t percent;        /* in force */
	xcb_atom_t selection, property, manager, resources;
	xcb_window_t owner; /* who publishes XSETTINGS; XCB_NONE: nobody */
	/* The desktop's own value, 1024ths; and what we made of it last. 0: not known. */
	uint32_t own_dpi_1024, made_dpi_1024;
	bool resources_made; /* Xft.dpi in the X resources is ours */
};

void scale_init(struct scale *scale, struct display *display, uint32_t percent);

/* 100..500. */
void scale_set(struct scale *scale, uint32_t percent);

/* An event that calls for scale_apply. */
bool scale_is_event(const struct scale *scale, const xcb_generic_event_t *event);

/* Makes what is published agree with the scale. */
void scale_apply(struct scale *scale);

#endif
