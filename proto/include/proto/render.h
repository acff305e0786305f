/* The render socket: between the front of a virtual GPU (oriel-vgpu), which has a
 * hostile guest before it and survives, and its worker (oriel-vgpu-worker), which runs
 * virglrenderer and may die. SOCK_SEQPACKET; one packet is one message: u16 type,
 * u16 flags, u32 serial, then the fields, little-endian, in the order of the struct.
 * No I/O here; structs own nothing; thread-safe.
 *
 * Commands are carried out in order. A worker answers a command that has
 * RENDER_WANT_DONE with RENDER_DONE, and any that fails too; a fence when everything
 * before it has been drawn. Bulk data (batches, backing lists) lies in the arena, a
 * memfd of the front's that the worker only reads; a part may be used again once a
 * command with RENDER_WANT_DONE behind it was answered. The worker trusts nothing
 * here either: sizes, ids, ranges are checked on both ends. It closes the socket (ends)
 * when a message is malformed, and when the front closes. */
#ifndef PROTO_RENDER_H
#define PROTO_RENDER_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RENDER_ARENA_BYTES = 16 << 20,
	RENDER_BATCH_MAX_BYTES = 4 << 20, /* of one RENDER_SUBMIT */
	RENDER_REGIONS_MAX = 32,          /* of guest memory; QEMU's vhost-user limit is 8 or 32 */
	RENDER_ENTRIES_MAX = 1 << 18,     /* of one backing list: 1 GiB in pages */
	RENDER_TARGETS_MAX = 160,
	RENDER_RECTS_MAX = 256,
	RENDER_SIZE_MAX_PX = 16384, /* of a resource, per axis; buffers are wider (bytes) */
	RENDER_NAME_CAP = 64,
	RENDER_CAPS_MAX_BYTES = 4096,
	RENDER_SHADERS_PARTS = 2,
	RENDER_SHADERS_MAX_BYTES = 32 << 20, /* of each; a worker cannot write more */
	RENDER_PACKET_MAX = 64 + 24 * RENDER_RECTS_MAX,
};

enum {
	RENDER_WANT_DONE = 1, /* flags of a command */
};

enum render_type {
	/* front to worker */
	RENDER_ARENA = 1,         /* first of all; carries the memfd, RENDER_ARENA_BYTES; no fields */
	RENDER_CAPS = 2,          /* answered by RENDER_CAPS_DATA */
	RENDER_REGION = 3,        /* carries the memfd of that part of guest memory */
	RENDER_REGIONS_CLEAR = 4, /* forgets all; backings in them must be detached before; no fields */
	RENDER_CONTEXT_CREATE = 5,
	RENDER_CONTEXT_DESTROY = 6, /* struct render_context, as are ATTACH and DETACH */
	RENDER_CONTEXT_ATTACH = 7,
	RENDER_CONTEXT_DETACH = 8,
	RENDER_RESOURCE_CREATE = 9,
	RENDER_RESOURCE_UNREF = 10, /* struct render_resource_id */
	RENDER_BACKING = 11,        /* pages of guest memory behind a resource: list in the arena */
	RENDER_BACKING_FD = 12,     /* carries a memfd that is the backing whole (vtest) */
	RENDER_BACKING_DETACH = 13, /* struct render_resource_id */
	RENDER_TRANSFER_TO = 14,    /* backing to resource; struct render_transfer */
	RENDER_TRANSFER_FROM = 15,
	RENDER_SUBMIT = 16,
	RENDER_FENCE = 17,
	RENDER_TARGET = 18, /* carries a memfd that pictures are read into */
	RENDER_TARGET_DROP = 19,
	RENDER_READ = 20,
	RENDER_SHADERS = 21, /* carries a file for compiled shaders: struct render_shaders */
	RENDER_FRAME = 22,   /* the guest shows a picture: counted; no fields */
	/* worker to front */
	RENDER_DONE = 64,
	RENDER_FENCED = 65, /* struct render_fence */
	RENDER_CAPS_DATA = 66,
};

enum render_result {
	RENDER_OK = 0,
	RENDER_INVALID = 1,       /* an id, size or range that is not there or not possible */
	RENDER_OUT_OF_MEMORY = 2, /* over the quota of video memory, or truly out of it */
	RENDER_FAILED = 3,        /* virglrenderer refused */
};

struct render_caps {
	uint32_t set, version; /* virtio-gpu capset id: 1 virgl, 2 virgl2 */
};

struct render_region {
	uint32_t index;      /* below RENDER_REGIONS_MAX */
	uint64_t guest_addr; /* guest-physical, of its first byte */
	uint64_t size_bytes;
	uint64_t fd_offset;
};

struct render_context {
	uint32_t context;           /* 1..; 0 is the device itself */
	uint32_t resource;          /* of ATTACH and DETACH, else 0 */
	char name[RENDER_NAME_CAP]; /* of CREATE */
};

/* As virtio-gpu's RESOURCE_CREATE_3D: gallium's target, format, bind. */
struct render_resource {
	uint32_t resource;
	uint32_t target, format, bind;
	uint32_t width, height, depth, array_size, last_level, samples, flags;
};

struct render_resource_id {
	uint32_t resource;
};

/* Arena: count times u64 guest_addr, u64 len_bytes. */
struct render_backing {
	uint32_t resource;
	uint32_t count;
	uint32_t arena_offset; /* multiple of 8 */
};

struct render_backing_fd {
	uint32_t resource;
	uint64_t size_bytes;
};

struct render_box {
	uint32_t x, y, z, width, height, depth;
};

struct render_transfer {
	uint32_t context, resource, level;
	uint32_t stride_bytes, layer_stride_bytes; /* 0: tight */
	struct render_box box;
	uint64_t offset_bytes; /* into the backing */
};

struct render_submit {
	uint32_t context;
	uint32_t arena_offset; /* multiple of 8 */
	uint32_t len_bytes;    /* multiple of 4, at most RENDER_BATCH_MAX_BYTES */
};

struct render_fence {
	uint64_t fence;   /* chosen by the front; they come back in order per context */
	uint32_t context; /* 0: of the device */
};

struct render_target {
	uint32_t handle;                            /* 1.. */
	uint32_t width_px, height_px, stride_bytes; /* XRGB8888, or ARGB for cursors */
};

struct render_target_drop {
	uint32_t handle;
};

struct render_rect {
	uint32_t src_x, src_y, dst_x, dst_y, width, height;
};

/* Copies rectangles of a resource (level 0, top row first) into a target as B, G, R,
 * X or A. Resource 0: black. */
struct render_read {
	uint32_t handle, resource;
	uint32_t count; /* 1..RENDER_RECTS_MAX */
	struct render_rect rects[RENDER_RECTS_MAX];
};

/* After ARENA, in their order, before anything that draws. The worker writes into them
 * what its driver has compiled and finds there what the last worker had; what they hold
 * is the driver's. Opened with O_APPEND. */
struct render_shaders {
	uint32_t part; /* below RENDER_SHADERS_PARTS: the code, where it is */
};

struct render_done {
	uint32_t result;  /* enum render_result; the packet's serial is the command's */
	uint64_t done_us; /* CLOCK_MONOTONIC */
};

struct render_caps_data {
	uint32_t set, version;
	uint32_t max_version; /* of the set; 0: there is no such set */
	uint16_t len;
	uint8_t data[RENDER_CAPS_MAX_BYTES];
};

struct render_message {
	enum render_type type;
	uint16_t flags;
	uint32_t serial; /* of an answer: the command's */
	union {
		struct render_caps caps;
		struct render_region region;
		struct render_context context;
		struct render_resource resource;
		struct render_resource_id resource_id;
		struct render_backing backing;
		struct render_backing_fd backing_fd;
		struct render_transfer transfer;
		struct render_submit submit;
		struct render_fence fence; /* FENCE and FENCED */
		struct render_target target;
		struct render_target_drop target_drop;
		struct render_read read;
		struct render_shaders shaders;
		struct render_done done;
		struct render_caps_data caps_data;
	};
};

/* Every bound named here is checked (arena ranges within RENDER_ARENA_BYTES, sums
 * without overflow). 0, or ERR_FORMAT (unknown types too: both ends are of one release). */
MUST_USE int render_parse(struct render_message *msg, const void *packet, size_t len);

/* Returns the length; ERR_SPACE (never with a cap of RENDER_PACKET_MAX); ERR_ARGUMENT
 * when msg breaks a bound that render_parse would refuse. */
MUST_USE int render_write(const struct render_message *msg, void *dst, size_t cap);

#endif
