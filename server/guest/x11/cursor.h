/* The cursor's image, from XFixes. */
#ifndef X11_CURSOR_H
#define X11_CURSOR_H

#include "display.h"
#include <proto/link.h>

/* Asks the server for an event at each change. */
void cursor_watch(struct display *display);

bool cursor_is_event(const struct display *display, uint8_t type);

/* A cursor as the link takes it. */
struct cursor_image {
	struct link_cursor head;
	uint8_t *pixels; /* owned; NULL when hidden */
};

/* The present one, cut to LINK_CURSOR_MAX_PX; one without a visible pixel counts
 * as hidden. Before cursor_release, which frees it. 0; ERR_IO; ERR_MEMORY. */
MUST_USE int cursor_fetch(struct display *display, struct cursor_image *image);

void cursor_release(struct cursor_image *image);

#endif
