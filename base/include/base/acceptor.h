/* Connections off a listening socket. While there is no descriptor or memory for one
 * it looks once a second: a connection that waits must not make the program spin.
 * Belongs to the loop's thread. */
#ifndef BASE_ACCEPTOR_H
#define BASE_ACCEPTOR_H

#include <systemd/sd-event.h>

struct acceptor;

/* Takes listen_fd, also when it fails. on_connection is given each new
 * descriptor, owned, close-on-exec and non-blocking; it may destroy the acceptor.
 * NULL: no memory. */
struct acceptor *acceptor_create(
		sd_event *event, int listen_fd, void (*on_connection)(void *user, int fd), void *user);

/* Closes the listening socket. NULL is nothing. */
void acceptor_destroy(struct acceptor *acceptor);

#endif
