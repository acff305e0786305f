/* What the client wishes for monitors and what the guest has: one request is open at
 * a time, and of the wishes that come meanwhile only the newest counts. One thread. */
#ifndef SESSION_LAYOUT_H
#define SESSION_LAYOUT_H

#include <freerdp/freerdp.h>
#include <proto/link.h>
#include <stdbool.h>

struct layout {
	struct link_layout now;    /* in force at the guest; count 0: not known yet */
	struct link_layout wished; /* not asked for yet; count 0: nothing waits */
	uint32_t asked_serial;     /* of the open request; 0: none */
	uint32_t last_serial;
	/* Sends one message to the guest. */
	void (*send)(void *user, const struct link_message *message);
	void *user;
};

/* The monitors that the client named when it connected; else its one size. */
struct link_layout layout_of_client(const rdpSettings *settings);

/* Asks for it, at once or when the open request is answered. Nothing happens if it is
 * in force. */
void layout_wish(struct layout *layout, const struct link_layout *wish);

/* The guest's layout. True if it differs from the one before. */
bool layout_take(struct layout *layout, const struct link_layout *now);

/* An answer is still to come: what is in force will change. */
bool layout_is_open(const struct layout *layout);

#endif
