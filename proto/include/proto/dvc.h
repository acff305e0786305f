/* Dynamic virtual channels, [MS-RDPEDYC], as a server speaks them: version 1, no
 * compression, on the static channel "drdynvc". This file turns bytes into structs
 * and back; it does no I/O. Thread-safe; structs borrow the parsed bytes. */
#ifndef PROTO_DVC_H
#define PROTO_DVC_H

#include <base/err.h>
#include <base/writer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DVC_PDU_MAX = 1600, /* 2.2.3.1, of one PDU that a server sends */
	DVC_NAME_MAX = 64,  /* of our channels; the format has no bound */
};

#define DVC_STATIC_NAME "drdynvc"

enum dvc_command {
	DVC_CREATE = 1,
	DVC_DATA_FIRST = 2,
	DVC_DATA = 3,
	DVC_CLOSE = 4,
	DVC_CAPABILITIES = 5,
};

/* What a client sends. */
struct dvc_pdu {
	enum dvc_command command;
	uint32_t channel_id;  /* all but CAPABILITIES */
	uint16_t version;     /* CAPABILITIES */
	int32_t status;       /* CREATE: negative is a refusal */
	uint32_t total_bytes; /* DATA_FIRST: of the whole message, as the client claims */
	const uint8_t *data;  /* DATA_FIRST, DATA: borrowed */
	size_t data_len;
};

/* Returns 0; ERR_FORMAT; ERR_ARGUMENT for commands that a version 1 client must not send. */
MUST_USE int dvc_parse(struct dvc_pdu *pdu, const void *data, size_t len);

/* DYNVC_CAPS_VERSION1, 2.2.1.1.1 */
void dvc_write_capabilities(struct writer *w);

/* DYNVC_CREATE_REQ, 2.2.2.1 */
void dvc_write_create(struct writer *w, uint32_t channel_id, const char *name);

void dvc_write_close(struct writer *w, uint32_t channel_id);

/* The next PDU of a message of `total` bytes of which `done` were sent: header and
 * as much data as fits into DVC_PDU_MAX bytes of w. Returns the data bytes taken. */
size_t dvc_write_data(
		struct writer *w, uint32_t channel_id, const uint8_t *message, size_t total, size_t done);

#endif
