/* What a session may ask, and when: the order that proto/control.h describes, as a
 * table without I/O. */
#ifndef HOST_DOOR_H
#define HOST_DOOR_H

#include <proto/control.h>

enum door_state {
	DOOR_LOGIN,     /* waits for NLA or PASSWORD */
	DOOR_CHECKING,  /* PAM is asked */
	DOOR_LOGGED_IN, /* waits for ATTACH */
	DOOR_ATTACHING, /* the guest is looked for */
	DOOR_DONE,
};

/* Starts zeroed. */
struct door {
	enum door_state state;
	int tries;
	char user[CONTROL_NAME_CAP]; /* from DOOR_LOGGED_IN on: the account */
};

/* May this message come now? Then the state is the one in which it is being
 * answered. 0, ERR_UNEXPECTED, ERR_DENIED (more than CONTROL_TRIES_MAX tries). */
MUST_USE int door_message(struct door *door, enum control_type type);

/* The answer to a try. */
void door_verdict(struct door *door, const struct control_verdict *verdict);

#endif
