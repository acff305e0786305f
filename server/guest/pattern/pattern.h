/* The pattern guest: picture, steps and answers to the link. One per process. */
#ifndef SERVER_GUEST_PATTERN_PATTERN_H
#define SERVER_GUEST_PATTERN_PATTERN_H

#include "canvas.h"
#include "shapes.h"
#include <server/guest.h>
#include <server/pattern.h>

enum {
	PATTERN_RATE_MAX = 1000, /* frames a second */
};

struct pattern_guest {
	sd_event *event; /* borrowed */
	struct guest_link *link;
	struct link_layout layout;
	struct canvas canvas;
	uint32_t seed;
	struct pattern_state state;
	enum shape shape;
	bool attended;
	bool releases_step; /* key and button releases are steps too */

	bool running;
	uint32_t rate_hz;
	sd_event_source *timer;
	uint64_t next_us; /* when running: the next frame's time */
};

/* Zeroed memory, then: draws the first picture and listens on path. Ends the loop
 * when told to log out. 0 or negative, after a log line. */
int pattern_guest_init(struct pattern_guest *guest, sd_event *event, const char *path,
		const struct link_layout *layout, uint32_t rate_hz, bool running);

void pattern_guest_finish(struct pattern_guest *guest);

#endif
