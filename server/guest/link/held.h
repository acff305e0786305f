/* What one session holds down, so that it can be let go when the session leaves. */
#ifndef SERVER_GUEST_LINK_HELD_H
#define SERVER_GUEST_LINK_HELD_H

#include <server/guest.h>

enum {
	HELD_KEYS = 512, /* 7 bits of scancode, extended, extended1 */
};

/* Zeroed: nothing is held. */
struct held {
	uint8_t keys[HELD_KEYS / 8];
	uint8_t buttons; /* bit by enum link_button_name */
};

void held_key(struct held *held, const struct link_key *key);
void held_button(struct held *held, const struct link_button *button);

/* Calls the ops with a release of each, and forgets them. */
void held_release(struct held *held, const struct guest_ops *ops, void *user);

#endif
