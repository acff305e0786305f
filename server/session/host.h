/* The session's end of the control socket: asks oriel-host about a log-in and for
 * the desktop. Each call waits for the answer, for a bounded time: it happens only
 * while the client is logging in, when there is nothing else to do. One thread. */
#ifndef SESSION_HOST_H
#define SESSION_HOST_H

#include <base/err.h>
#include <proto/control.h>

/* Sends the request and receives its answer into *message, which both share: a
 * verdict for CONTROL_NLA and CONTROL_PASSWORD, a guest for CONTROL_ATTACH. The
 * request is wiped. *passed_fd: the guest link, owned, or -1.
 * 0; ERR_CLOSED or ERR_TIMEOUT (the host is gone or does not answer); ERR_FORMAT. */
MUST_USE int host_ask(int control_fd, struct control_message *message, int *passed_fd);

/* For the log: "wrong user name or password", ... Static. */
const char *host_status_text(uint32_t status);

#endif
