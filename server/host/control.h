/* RUN/control: the socket where sessions ask. One connection is one session's
 * log-in, from the first try to the guest's descriptor. Loop thread only. */
#ifndef HOST_CONTROL_H
#define HOST_CONTROL_H

#include "guests.h"
#include "login.h"

enum {
	/* At once; more are closed. A connection lives as long as a log-in. */
	CONTROL_CONNECTIONS_MAX = 512,
	/* A session that is neither logged in nor refused by then is dropped; longer than
	 * oriel-server lets it try and a guest takes to start. */
	CONTROL_TIME_S = 90,
};

struct control;

struct control_settings {
	const struct login *login;     /* borrowed; may change between calls */
	struct guests *guests;         /* borrowed */
	const struct oriel_conf *conf; /* borrowed; may change: guest.shared */
	const char *pam_dir;           /* borrowed; NULL: the system's */
	uid_t server_uid;              /* whose connections are taken, beside root's and our own */
};

/* Listens on RUN/control, for server_uid only. Returns owned, or NULL after a log line. */
struct control *control_create(sd_event *event, const struct control_settings *settings);

/* Closes all connections and removes the socket. NULL is fine. */
void control_destroy(struct control *control);

#endif
