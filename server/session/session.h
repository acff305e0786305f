/* One connection from its first byte to its last: ties the RDP core, the log-in, the
 * guest, the channels and the pictures together. One thread. */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "options.h"
#include <base/pool.h>
#include <systemd/sd-event.h>

struct session;

/* PEM texts of the server's certificate and its key. */
struct session_keys {
	const char *certificate_pem, *key_pem; /* borrowed during session_create */
};

/* Ends the loop when the connection ends. pool and options are borrowed. NULL on
 * failure (logged). */
struct session *session_create(sd_event *event, struct pool *pool, const struct options *options,
		const struct session_keys *keys);

/* Tells the client and the record that the server stops it. */
void session_stop(struct session *session);

/* NULL is fine. Destroy the pool before. */
void session_destroy(struct session *session);

#endif
