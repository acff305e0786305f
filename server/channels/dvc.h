/* The server's end of the dynamic channels of one connection, on top of whatever
 * carries the static channel "drdynvc". Messages are queued per connection and go
 * out in order when the owner flushes, so that a full socket
 * neither blocks nor makes anything grow here beyond what was queued. One thread. */
#ifndef SERVER_CHANNELS_DVC_H
#define SERVER_CHANNELS_DVC_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DVC_CHANNELS_MAX = 8, /* that we open ourselves */
};

struct dvc;

struct dvc_carrier {
	/* Sends one PDU (at most DVC_PDU_MAX bytes). Negative: the connection is gone. */
	int (*send)(void *user, const uint8_t *pdu, size_t len);
	/* The socket is full: nothing more now. */
	bool (*blocked)(void *user);
	void *user;
};

struct dvc_handler {
	const char *name; /* of the channel; static */
	/* Longest message that a client may send here. */
	size_t message_max_bytes;
	/* The client agreed or refused. */
	void (*on_open)(void *user, bool opened);
	/* One whole message, borrowed. Negative ends the connection. */
	int (*on_message)(void *user, const uint8_t *data, size_t len);
	void (*on_close)(void *user);
	void *user;
};

/* Sends the capabilities. carrier and its user are borrowed. NULL on failure. */
struct dvc *dvc_create(const struct dvc_carrier *carrier);

/* NULL is fine. */
void dvc_destroy(struct dvc *dvc);

/* Opens a channel, now or when the client's capabilities are there. handler is
 * borrowed until dvc_destroy. Returns the channel's id (> 0) or ERR_*. */
MUST_USE int dvc_open(struct dvc *dvc, const struct dvc_handler *handler);

/* One chunk of the static channel. first and last as in [MS-RDPBCGR] 2.2.6.1.1.
 * 0, or ERR_* after which the connection must be closed. */
MUST_USE int dvc_receive(struct dvc *dvc, const uint8_t *data, size_t len, bool first, bool last);

/* Queues one message (copied). 0; ERR_UNEXPECTED: the channel is not open; ERR_SPACE:
 * the client reads nothing, end the connection; ERR_MEMORY. */
MUST_USE int dvc_queue(struct dvc *dvc, int channel_id, const void *message, size_t len);

/* Sends what is queued until the carrier is blocked. 0 or ERR_*. */
MUST_USE int dvc_flush(struct dvc *dvc);

/* Bytes queued and not yet handed to the carrier. */
size_t dvc_queued_bytes(const struct dvc *dvc);

/* Why dvc_receive failed, for the log. Static text. */
const char *dvc_error(const struct dvc *dvc);

#endif
