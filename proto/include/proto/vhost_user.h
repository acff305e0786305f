/* vhost-user: how QEMU (the front end, in the words of its specification) hands a
 * device to another process: memory, rings, eventfds. A stream; a message is a header of
 * 12 bytes and a payload, native endian (little here), descriptors go along with the
 * first byte. QEMU docs/interop/vhost-user.rst; only what QEMU says to a GPU is known
 * here. No I/O; structs own nothing; thread-safe. */
#ifndef PROTO_VHOST_USER_H
#define PROTO_VHOST_USER_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	VHOST_USER_HEADER_BYTES = 12,
	VHOST_USER_REGIONS_MAX = 8,    /* without CONFIGURE_MEM_SLOTS, which is not offered */
	VHOST_USER_CONFIG_MAX = 256,   /* bytes of configuration space in a message */
	VHOST_USER_PAYLOAD_MAX = 1024, /* of any message known here */
	VHOST_USER_FDS_MAX = 8,
};

enum vhost_user_request {
	VHOST_USER_GET_FEATURES = 1,
	VHOST_USER_SET_FEATURES = 2,
	VHOST_USER_SET_OWNER = 3,
	VHOST_USER_RESET_OWNER = 4,
	VHOST_USER_SET_MEM_TABLE = 5,
	VHOST_USER_SET_VRING_NUM = 8,
	VHOST_USER_SET_VRING_ADDR = 9,
	VHOST_USER_SET_VRING_BASE = 10,
	VHOST_USER_GET_VRING_BASE = 11,
	VHOST_USER_SET_VRING_KICK = 12,
	VHOST_USER_SET_VRING_CALL = 13,
	VHOST_USER_SET_VRING_ERR = 14,
	VHOST_USER_GET_PROTOCOL_FEATURES = 15,
	VHOST_USER_SET_PROTOCOL_FEATURES = 16,
	VHOST_USER_GET_QUEUE_NUM = 17,
	VHOST_USER_SET_VRING_ENABLE = 18,
	VHOST_USER_SET_BACKEND_REQ_FD = 21,
	VHOST_USER_GET_CONFIG = 24,
	VHOST_USER_SET_CONFIG = 25,
	VHOST_USER_GPU_SET_SOCKET = 33,
	VHOST_USER_RESET_DEVICE = 34,
};

enum {
	VHOST_USER_FLAG_VERSION = 1, /* in two bits */
	VHOST_USER_FLAG_REPLY = 4,
	VHOST_USER_FLAG_NEED_REPLY = 8,
};

enum { /* bits of protocol features */
	VHOST_USER_PROTOCOL_MQ = 0,
	VHOST_USER_PROTOCOL_REPLY_ACK = 3,
	VHOST_USER_PROTOCOL_BACKEND_REQ = 5,
	VHOST_USER_PROTOCOL_CONFIG = 9,
	VHOST_USER_PROTOCOL_RESET_DEVICE = 13,
};

struct vhost_user_header {
	uint32_t request; /* enum vhost_user_request, or one that is not known */
	uint32_t flags;
	uint32_t size_bytes; /* of the payload, at most VHOST_USER_PAYLOAD_MAX */
};

struct vhost_user_region {
	uint64_t guest_addr, size_bytes; /* neither is zero or runs past 2^64 */
	uint64_t user_addr;              /* the same memory in QEMU: addresses of rings are such */
	uint64_t fd_offset;              /* plus size_bytes: at most 2^62 */
};

struct vhost_user_memory {
	uint32_t count; /* at most VHOST_USER_REGIONS_MAX; as many descriptors come along */
	struct vhost_user_region regions[VHOST_USER_REGIONS_MAX];
};

struct vhost_user_vring_state {
	uint32_t index, num;
};

struct vhost_user_vring_addr {
	uint32_t index, flags;
	uint64_t desc, used, avail, log; /* QEMU's addresses */
};

/* KICK, CALL, ERR. */
struct vhost_user_vring_fd {
	uint32_t index;
	bool no_fd; /* the driver polls instead */
};

struct vhost_user_config {
	uint32_t offset, size_bytes, flags; /* offset + size at most VHOST_USER_CONFIG_MAX */
	uint8_t data[VHOST_USER_CONFIG_MAX];
};

struct vhost_user_message {
	struct vhost_user_header header;
	union {
		uint64_t value; /* features */
		struct vhost_user_memory memory;
		struct vhost_user_vring_state vring; /* NUM, BASE, ENABLE */
		struct vhost_user_vring_addr addr;
		struct vhost_user_vring_fd vring_fd;
		struct vhost_user_config config;
	};
};

/* From VHOST_USER_HEADER_BYTES. 0; ERR_FORMAT (another version, a reply, too long). */
MUST_USE int vhost_user_header_parse(struct vhost_user_header *header, const void *bytes);

/* The payload that belongs to msg->header (already set). 0; ERR_FORMAT; ERR_ARGUMENT for
 * a request that is not known. */
MUST_USE int vhost_user_payload_parse(struct vhost_user_message *msg, const void *payload, size_t len);

/* Whether the request is answered with a payload of its own. */
bool vhost_user_has_answer(uint32_t request);

/* The answer with a payload like the message's member for its request, or, for others,
 * an acknowledgement: value 0, or 1 for a failure. Returns the length; ERR_SPACE. */
MUST_USE int vhost_user_answer_write(const struct vhost_user_message *msg, void *dst, size_t cap);

#endif
