/* virtio-gpu: what the guest's driver puts on the control and cursor queues, and what
 * the device answers (VIRTIO 1.2, 5.7; the 3D commands as Linux's virtio_gpu.h has
 * them). Little-endian. No I/O; structs own nothing; thread-safe. */
#ifndef PROTO_VIRTIO_GPU_H
#define PROTO_VIRTIO_GPU_H

#include <base/err.h>
#include <base/reader.h>
#include <base/writer.h>
#include <stdint.h>

enum { /* bits of features */
	VIRTIO_GPU_F_VIRGL = 0,
	VIRTIO_GPU_F_EDID = 1,
	VIRTIO_GPU_F_RESOURCE_UUID = 2,
	VIRTIO_RING_F_INDIRECT_DESC = 28,
	VIRTIO_RING_F_EVENT_IDX = 29,
	VHOST_USER_F_PROTOCOL_FEATURES = 30,
	VIRTIO_F_VERSION_1 = 32,
};

enum {
	VIRTIO_GPU_HEADER_BYTES = 24,
	VIRTIO_GPU_COMMAND_MAX = 128, /* bytes of the longest command, without list or batch */
	VIRTIO_GPU_ANSWER_MAX = 8192, /* bytes of the longest answer: capabilities */
	VIRTIO_GPU_SCANOUTS_MAX = 16, /* in an answer; how many there are is in the configuration */
	VIRTIO_GPU_EDID_MAX = 1024,
	VIRTIO_GPU_UUID_BYTES = 16,
	VIRTIO_GPU_ENTRY_BYTES = 16, /* of a backing list */
	VIRTIO_GPU_CONFIG_BYTES = 16,
	VIRTIO_GPU_NAME_CAP = 64,
};

enum virtio_gpu_type {
	VIRTIO_GPU_GET_DISPLAY_INFO = 0x100,
	VIRTIO_GPU_RESOURCE_CREATE_2D,
	VIRTIO_GPU_RESOURCE_UNREF,
	VIRTIO_GPU_SET_SCANOUT,
	VIRTIO_GPU_RESOURCE_FLUSH,
	VIRTIO_GPU_TRANSFER_TO_2D,
	VIRTIO_GPU_ATTACH_BACKING,
	VIRTIO_GPU_DETACH_BACKING,
	VIRTIO_GPU_GET_CAPSET_INFO,
	VIRTIO_GPU_GET_CAPSET,
	VIRTIO_GPU_GET_EDID,
	VIRTIO_GPU_ASSIGN_UUID,
	VIRTIO_GPU_CONTEXT_CREATE = 0x200,
	VIRTIO_GPU_CONTEXT_DESTROY,
	VIRTIO_GPU_CONTEXT_ATTACH,
	VIRTIO_GPU_CONTEXT_DETACH,
	VIRTIO_GPU_RESOURCE_CREATE_3D,
	VIRTIO_GPU_TRANSFER_TO_3D,
	VIRTIO_GPU_TRANSFER_FROM_3D,
	VIRTIO_GPU_SUBMIT_3D,
	VIRTIO_GPU_UPDATE_CURSOR = 0x300,
	VIRTIO_GPU_MOVE_CURSOR,

	VIRTIO_GPU_OK = 0x1100,
	VIRTIO_GPU_OK_DISPLAY_INFO,
	VIRTIO_GPU_OK_CAPSET_INFO,
	VIRTIO_GPU_OK_CAPSET,
	VIRTIO_GPU_OK_EDID,
	VIRTIO_GPU_OK_UUID,
	VIRTIO_GPU_ERR_UNSPECIFIED = 0x1200,
	VIRTIO_GPU_ERR_OUT_OF_MEMORY,
	VIRTIO_GPU_ERR_SCANOUT,
	VIRTIO_GPU_ERR_RESOURCE,
	VIRTIO_GPU_ERR_CONTEXT,
	VIRTIO_GPU_ERR_PARAMETER,
};

enum {
	VIRTIO_GPU_FLAG_FENCE = 1, /* answer when the work is done */
};

struct virtio_gpu_header {
	uint32_t type; /* enum virtio_gpu_type, or one that is not known */
	uint32_t flags;
	uint64_t fence;
	uint32_t context;
	uint32_t ring; /* and padding */
};

struct virtio_gpu_rect {
	uint32_t x, y, width, height;
};

struct virtio_gpu_box {
	uint32_t x, y, z, width, height, depth;
};

struct virtio_gpu_resource {
	uint32_t resource, target, format, bind;
	uint32_t width, height, depth, array_size, last_level, samples, flags;
};

struct virtio_gpu_transfer {
	struct virtio_gpu_box box;
	uint64_t offset;
	uint32_t resource, level, stride, layer_stride;
};

struct virtio_gpu_cursor {
	uint32_t scanout, x, y;
	uint32_t resource, hot_x, hot_y; /* of UPDATE_CURSOR */
};

struct virtio_gpu_command {
	struct virtio_gpu_header header;
	uint32_t resource; /* of UNREF, SET_SCANOUT (0: off), FLUSH, *_BACKING, UUID, CONTEXT_*TACH */
	union {
		struct virtio_gpu_resource create; /* of CREATE_2D too, filled up */
		struct {
			struct virtio_gpu_rect rect;
			uint32_t scanout;            /* of SET_SCANOUT */
		};                                   /* SET_SCANOUT, FLUSH */
		struct virtio_gpu_transfer transfer; /* of TRANSFER_TO_2D too, filled up */
		uint32_t entries;                    /* ATTACH_BACKING: a list of so many follows */
		uint32_t capset_index;               /* GET_CAPSET_INFO */
		struct {
			uint32_t capset, capset_version;
		};                              /* GET_CAPSET */
		uint32_t head;                  /* GET_EDID */
		uint32_t batch_bytes;           /* SUBMIT_3D: so many follow */
		char name[VIRTIO_GPU_NAME_CAP]; /* CONTEXT_CREATE; printable ASCII */
		struct virtio_gpu_cursor cursor;
	};
};

struct virtio_gpu_entry { /* of a backing list */
	uint64_t guest_addr;
	uint32_t len_bytes;
};

/* A command without what follows it: a list or batch begins where the reader then stands.
 * More bytes than needed are let pass. The header is set even when the rest is not
 * right, if it was there. 0; ERR_FORMAT (too short); ERR_ARGUMENT (type not known). */
MUST_USE int virtio_gpu_parse(struct virtio_gpu_command *cmd, struct reader *r);

/* One entry of a backing list: VIRTIO_GPU_ENTRY_BYTES. */
struct virtio_gpu_entry virtio_gpu_entry_parse(struct reader *r);

/* The header of an answer to such a command, of that type; a fence is repeated. */
void virtio_gpu_answer_write(struct writer *w, const struct virtio_gpu_header *to, enum virtio_gpu_type type);

/* One of the VIRTIO_GPU_SCANOUTS_MAX entries of OK_DISPLAY_INFO, after its header. */
void virtio_gpu_head_write(struct writer *w, const struct virtio_gpu_rect *rect, bool enabled);

#endif
