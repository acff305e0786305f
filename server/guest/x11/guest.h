/* The X11 guest: an X server's display, joined to the guest link. */
#ifndef X11_GUEST_H
#define X11_GUEST_H

#include "display.h"
#include "input.h"
#include "picture.h"
#include "scale.h"
#include "screens.h"
#include <server/guest.h>
#include <systemd/sd-event.h>

/* Exit codes of the program beside EXIT_SUCCESS and EXIT_FAILURE. */
enum {
	GUEST_EXIT_USAGE = 2,
	GUEST_EXIT_ROOT = 3,
	GUEST_EXIT_XORG = 4,    /* it does not start, or it died */
	GUEST_EXIT_DESKTOP = 5, /* likewise */
};

struct guest {
	sd_event *event;         /* borrowed */
	struct guest_link *link; /* owned */
	struct display display;
	struct screens screens;
	struct picture picture;
	struct input input;
	struct scale scale;
	sd_event_source *io; /* owned; the X connection */
	/* What the events of one batch ask for. */
	bool damaged, cursor_stale, screens_stale, scale_stale;
	enum keymap_change keymap_change;
};

/* Connects to the X server (DISPLAY, XAUTHORITY), sets the layout.
 * 0, or negative after a log line; then guest_finish too. */
MUST_USE int guest_init(struct guest *guest, sd_event *event, const struct link_layout *layout);

/* Listens at path: sessions may come, and are answered when the loop runs. 0 or negative, as
 * above. */
MUST_USE int guest_serve(struct guest *guest, const char *path);

void guest_finish(struct guest *guest);

#endif
