/* The front connects to nothing once its sandbox is closed. A child made before can, to
 * one path and no other: it is asked with a byte, and answers with a byte and, if
 * somebody listened, the connected socket. It ends when the front does. */
#ifndef FRONT_CONNECTOR_H
#define FRONT_CONNECTOR_H

#include <base/err.h>

/* Before the first thread and before other descriptors are opened: the child has what
 * the front has. path is a SOCK_SEQPACKET socket. Returns the socket to ask on, owned,
 * non-blocking; ERR_IO. */
MUST_USE int connector_start(const char *path);

#endif
