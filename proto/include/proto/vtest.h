/* The vtest stream, protocol version 2: how Mesa's virpipe driver, in a program on this
 * host, speaks with the renderer (as Mesa 22.3 to 25 write it; older versions are not
 * spoken). SOCK_STREAM; a message is two words, length and type, and what follows;
 * little-endian. Memory is shared: creating a resource is answered with one byte that
 * carries a memfd, whose offsets the transfers name. The length is not to be trusted: it
 * counts words, but bytes of a name, and for TRANSFER_PUT also data that version 2 does
 * not send. No I/O here; structs own nothing; thread-safe. */
#ifndef PROTO_VTEST_H
#define PROTO_VTEST_H

#include <proto/render.h>

enum {
	VTEST_VERSION_SPOKEN = 2,
	VTEST_NAME_MAX_BYTES = 4096,     /* Mesa sends at most 64 */
	VTEST_BATCH_MAX_BYTES = 1 << 20, /* Mesa's buffer has 256 KiB */
	VTEST_HEADER_BYTES = 8,
	VTEST_MESSAGE_MAX_BYTES = VTEST_HEADER_BYTES + VTEST_BATCH_MAX_BYTES,
	VTEST_ANSWER_MAX_BYTES = VTEST_HEADER_BYTES + RENDER_CAPS_MAX_BYTES,
};

enum vtest_type {
	VTEST_CAPS = 1, /* no fields; answered, as CAPS2 */
	VTEST_RESOURCE_UNREF = 3,
	VTEST_SUBMIT = 6,
	VTEST_BUSY_WAIT = 7,       /* answered */
	VTEST_CREATE_RENDERER = 8, /* first of all */
	VTEST_CAPS2 = 9,
	VTEST_PING = 10,    /* no fields; answered: I know of versions */
	VTEST_VERSION = 11, /* answered with the version that will be spoken */
	VTEST_RESOURCE_CREATE = 12,
	VTEST_TRANSFER_GET = 13,
	VTEST_TRANSFER_PUT = 14,
};

struct vtest_renderer {
	char name[RENDER_NAME_CAP]; /* of the program; what is no text or too long is cut */
};

struct vtest_resource_create {
	struct render_resource shape; /* flags 0; within the bounds of render.h or not */
	uint32_t data_bytes;          /* of the memory behind it; 0: none, and no answer */
};

struct vtest_resource_unref {
	uint32_t resource;
};

/* Rows lie as in the whole level. */
struct vtest_transfer {
	uint32_t resource, level;
	struct render_box box; /* within the bounds of render.h or not */
	uint32_t offset_bytes;
};

struct vtest_busy_wait {
	uint32_t resource; /* 0 in the first one, which only asks whether we are old */
	uint32_t wait;     /* 1: answer when it is idle */
};

struct vtest_submit {
	const uint8_t *words; /* borrowed from the stream; not aligned */
	uint32_t count;
};

struct vtest_message {
	enum vtest_type type;
	union {
		struct vtest_renderer renderer;
		uint32_t version; /* the newest that the driver knows */
		struct vtest_resource_create create;
		struct vtest_resource_unref unref;
		struct vtest_transfer transfer;
		struct vtest_busy_wait busy_wait;
		struct vtest_submit submit;
	};
};

/* The message that data begins with. Returns how many bytes it had; 0: there are more to
 * come; ERR_FORMAT (unknown and older messages too): nothing after it can be read. */
MUST_USE int vtest_parse(struct vtest_message *msg, const void *data, size_t len);

struct vtest_answer {
	enum vtest_type type; /* PING, VERSION, BUSY_WAIT, CAPS or CAPS2 */
	uint32_t value;       /* version; 1: busy */
	const uint8_t *caps;  /* borrowed */
	uint16_t caps_len;
};

/* Returns the length; ERR_SPACE (never with a cap of VTEST_ANSWER_MAX_BYTES);
 * ERR_ARGUMENT. */
MUST_USE int vtest_write(const struct vtest_answer *answer, void *dst, size_t cap);

#endif
