/* The broker's sockets. oriel-vgpu-broker shares the host's GPUs: it alone starts
 * workers (oriel-vgpu-worker), one for each virtual GPU.
 *
 * RUN/vgpu (SOCK_SEQPACKET, listening): fronts ask for workers, and administrators'
 * programs for figures. One packet is one message: u16 type, u16 zero, then the fields,
 * little-endian, in the order of the struct. A front keeps its connection as long as it
 * lives; a second BROKER_JOIN on it means that the worker is lost and another is wanted.
 * When the broker goes, fronts and workers go on without it, and nobody is held; a front
 * joins the next broker with BROKER_JOIN_HAS_WORKER and the page that it kept as the
 * packet's descriptor, and is answered by BROKER_WORKER without a descriptor. From then
 * on the worker is held again when it is ahead. When that is refused it may be asked for
 * again.
 *
 * Broker and worker share a page (struct broker_page, a memfd: descriptor 3 of the
 * worker) and a socket (descriptor 5) on which the broker says BROKER_GO, to wake a
 * worker that waits because of page.held. Descriptor 4 is the render socket. A worker is
 * started before anybody knows whose it will be: page.video_memory_bytes is set before
 * the other end of the render socket is handed to a front, and the worker looks at it
 * when the first command comes. Fronts have the page to read only; the worker keeps a
 * write lock (fcntl) on it, which tells the next broker whose it is.
 * No I/O here; structs own nothing; thread-safe. */
#ifndef PROTO_BROKER_H
#define PROTO_BROKER_H

#include <base/err.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BROKER_HELD_US = 200 * 1000, /* see page.held_us */
	BROKER_NAME_CAP = 64,
	BROKER_TEXT_CAP = 128,
	BROKER_ITEMS_MAX = 256, /* virtual GPUs on a host */
	BROKER_PACKET_MAX = 512,
};

enum broker_type {
	/* to the broker */
	BROKER_JOIN = 1,
	BROKER_LIST = 2, /* no fields: answered by BROKER_ITEMs and one BROKER_END */
	/* from the broker */
	BROKER_WORKER = 64, /* carries the render socket when status is BROKER_OK and one was wanted */
	/* No fields; follows BROKER_OK and carries the worker's page, for a later
	 * BROKER_JOIN_HAS_WORKER. */
	BROKER_PAGE = 65,
	BROKER_ITEM = 66,
	BROKER_END = 67, /* no fields */
	BROKER_GO = 96,  /* to a worker; no fields */
};

enum {
	BROKER_JOIN_HAS_WORKER = 1,
};

struct broker_join {
	uint32_t flags;
	uint32_t worker_pid;           /* of HAS_WORKER, else 0 */
	char name[BROKER_NAME_CAP];    /* of the guest, for people */
	char profile[BROKER_NAME_CAP]; /* "" is the default profile */
	uint32_t wanted_gpu;           /* index of the GPU, or UINT32_MAX: the least loaded */
};

enum broker_status {
	BROKER_OK = 0,
	BROKER_NO_PROFILE = 1,
	BROKER_FULL = 2,
	BROKER_NO_GPU = 3, /* no EGL on this host; text says what was tried */
	BROKER_FAILED = 4, /* the worker does not start, or starts and dies too often */
};

/* What the profile allows, as RemoteFX vGPUs had them. */
struct broker_limits {
	uint32_t heads_max;           /* 1..4 */
	uint32_t width_px, height_px; /* of the largest monitor */
	uint64_t video_memory_bytes;
	uint32_t weight; /* 1..1000; its share of a busy GPU */
};

struct broker_worker {
	uint32_t status; /* enum broker_status */
	uint32_t worker_pid;
	uint32_t reason; /* why the one before ended: enum screen_reset_reason (screen.h) */
	struct broker_limits limits;
	char gpu[BROKER_NAME_CAP];  /* "renderD128", or "software" */
	char text[BROKER_TEXT_CAP]; /* why not, one sentence */
};

/* Figures of one virtual GPU. */
struct broker_item {
	char name[BROKER_NAME_CAP], profile[BROKER_NAME_CAP], gpu[BROKER_NAME_CAP];
	struct broker_limits limits;
	uint32_t worker_pid;
	uint32_t resets;
	uint64_t gpu_time_us; /* on a software GPU the workers' CPU time */
	uint64_t memory_bytes;
	uint64_t frames;            /* scanout flushes or vtest frames, since the start */
	uint32_t queue;             /* batches waiting or being drawn */
	uint32_t held;              /* 1: waits for its turn */
	uint32_t frames_per_1000_s; /* of the last seconds: fps * 1000 */
};

struct broker_message {
	enum broker_type type;
	union {
		struct broker_join join;
		struct broker_worker worker;
		struct broker_item item;
	};
};

enum {
	BROKER_SPANS = 64,
};

/* Work of the GPU that ended, CLOCK_MONOTONIC. */
struct broker_span {
	_Atomic uint64_t begin_us; /* when it was asked for */
	_Atomic uint64_t end_us;
};

/* Shared by the broker and one worker; each field has one writer. A worker may be
 * compromised: the broker takes its fields as hints, bounds them, and measures time
 * itself. */
struct broker_page {
	/* the broker's */
	_Atomic uint32_t held; /* 1: begin no more batches until BROKER_GO, or the end of that socket */
	_Atomic uint32_t zero;
	_Atomic uint64_t video_memory_bytes; /* 0: it draws for nobody yet */
	/* Of a broker that found the worker running, and has no socket to it: when it last
	 * looked, CLOCK_MONOTONIC. held counts until BROKER_HELD_US later. */
	_Atomic uint64_t held_us;
	/* the worker's */
	_Atomic uint64_t busy_since_us; /* CLOCK_MONOTONIC: when the oldest unfinished batch began; 0: idle */
	_Atomic uint64_t batches, frames, memory_bytes;
	_Atomic uint32_t queue, ready; /* ready: 1 once the renderer is initialised, 2: it failed */
	_Atomic uint32_t
			span_count; /* so far; the last of them are there: number n in spans[n % BROKER_SPANS] */
	struct broker_span spans[BROKER_SPANS];
};

/* Bounds and texts (UTF-8, NUL) are checked. 0 or ERR_FORMAT (unknown types too). */
MUST_USE int broker_parse(struct broker_message *msg, const void *packet, size_t len);

/* Returns the length; ERR_SPACE (never with a cap of BROKER_PACKET_MAX); ERR_ARGUMENT. */
MUST_USE int broker_write(const struct broker_message *msg, void *dst, size_t cap);

#endif
