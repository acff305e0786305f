/* The connection to the X server and what every part needs to know of it. */
#ifndef X11_DISPLAY_H
#define X11_DISPLAY_H

#include <base/err.h>
#include <stdbool.h>
#include <stdint.h>
#include <xcb/xcb.h>

struct display {
	xcb_connection_t *conn; /* owned */
	xcb_screen_t *screen;   /* of the connection */
	xcb_window_t root;
	/* First event numbers of the extensions. */
	uint8_t damage_event, xfixes_event, randr_event, xkb_event;
};

/* Connects to the server that DISPLAY and XAUTHORITY name, checks that it has the
 * extensions and the pixel format that the link wants. Says in the log what is
 * missing. 0; ERR_IO; ERR_ARGUMENT (not such a server). */
MUST_USE int display_open(struct display *display);

/* Also after a failed open. */
void display_close(struct display *display);

/* An atom by name, made if need be; XCB_ATOM_NONE when the server is gone. */
xcb_atom_t display_atom(struct display *display, const char *name);

/* Waits for a checked request. True when the server accepted it. */
bool display_check(struct display *display, xcb_void_cookie_t cookie);

#endif
