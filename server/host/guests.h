/* Finds the guest of a user or starts it. One desktop per user: the guest's name is
 * the user's. Who asks for a guest that is still starting waits with the others.
 * Loop thread only. */
#ifndef HOST_GUESTS_H
#define HOST_GUESTS_H

#include "registry.h"
#include <base/err.h>
#include <proto/control.h>
#include <server/conf.h>
#include <systemd/sd-event.h>

enum {
	GUESTS_START_TIME_S = 30,
	GUESTS_LOOK_EVERY_US = 20000, /* while one starts; nothing else tells that its socket is there */
};

struct guests;

/* One that waits; embedded in its owner. */
struct guest_wait {
	/* fd: the guest's link, connected, owned by the callee; or negative, and text
	 * says why in one sentence. The wait is over when this is called. */
	void (*on_done)(struct guest_wait *wait, int fd, const char *text);
	/* Private. */
	struct guest_wait *next;
	struct guest_start *start;
};

/* conf is borrowed and may change between calls (guest kind, options, pam); pam_dir
 * is borrowed, NULL for the system's. Returns owned, or NULL after a log line. */
struct guests *guests_create(sd_event *event, const struct oriel_conf *conf, const char *pam_dir);

/* Guests go on; waits are forgotten. NULL is fine. */
void guests_destroy(struct guests *guests);

/* user: name_valid. Returns the link of a guest that runs, connected, owned; or
 * ERR_AGAIN: wait->on_done is called later, never from here; or another error with
 * text (CONTROL_TEXT_CAP bytes) filled. */
MUST_USE int guests_attach(struct guests *guests, const char *user, const struct control_attach *attach,
		struct guest_wait *wait, char text[CONTROL_TEXT_CAP]);

/* Does nothing when it does not wait. */
void guest_wait_cancel(struct guest_wait *wait);

/* Borrowed. */
struct registry *guests_registry(struct guests *guests);

#endif
