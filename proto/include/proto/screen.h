/* The screen socket: between a guest's supervisor (oriel-guest-vm, or who else shows
 * a virtual GPU's pictures) and the front of its virtual GPU (oriel-vgpu).
 * SOCK_SEQPACKET; one packet is one message: u16 type, u16 zero, then the fields,
 * little-endian, in the order of the struct. No I/O here; structs own nothing;
 * thread-safe.
 *
 * The picture is the bounding box of the enabled heads, as in a link_layout whose
 * monitors are the heads. Pixels go from the renderer straight into memfds that the
 * supervisor lends (SCREEN_TARGET: the ones it got from sessions): on SCREEN_DAMAGE
 * it asks for rectangles with SCREEN_READ, and after SCREEN_READ_DONE they are there.
 * While it waits for damage it may ask for what will come with SCREEN_AWAIT: then that is
 * read at once, and not when the supervisor got to run and the guest draws the next.
 * Reads are answered in order. A target that is dropped has no reads under way after
 * SCREEN_DROPPED. Parts of the picture that no scanout covers read as black. */
#ifndef PROTO_SCREEN_H
#define PROTO_SCREEN_H

#include <proto/link.h>

enum {
	SCREEN_HEADS_MAX = 4,
	SCREEN_TARGETS_MAX = 128, /* at a time; GUEST_ATTACHMENTS_MAX of server/guest.h */
	SCREEN_PACKET_MAX = LINK_PACKET_MAX,
};

enum screen_type {
	/* supervisor to front */
	SCREEN_HEADS = 1,
	SCREEN_TARGET = 2, /* carries one descriptor: the memfd */
	SCREEN_DROP = 3,
	SCREEN_READ = 4,
	SCREEN_AWAIT = 5,
	/* front to supervisor */
	SCREEN_SCANOUT = 64,
	SCREEN_DAMAGE = 65,
	SCREEN_READ_DONE = 66,
	SCREEN_DROPPED = 67,
	SCREEN_CURSOR = 68, /* carries one descriptor unless hidden: a memfd as LINK_CURSOR's */
	SCREEN_CURSOR_MOVED = 69,
	SCREEN_RESET = 70,
};

/* What GET_DISPLAY_INFO and the EDIDs shall say from now on; before the first one the
 * front shows one head of 1280x800. */
struct screen_heads {
	uint32_t count; /* 1..SCREEN_HEADS_MAX */
	struct link_rect heads[SCREEN_HEADS_MAX];
};

struct screen_target {
	uint32_t handle; /* chosen by the supervisor, unused until then */
	struct link_buffer buffer;
};

struct screen_drop { /* and SCREEN_DROPPED */
	uint32_t handle;
};

struct screen_read {
	uint32_t serial, handle;
	uint32_t count;                         /* 1..LINK_RECTS_MAX */
	struct link_rect rects[LINK_RECTS_MAX]; /* of the picture, inside the target */
};

/* The next SCREEN_DAMAGE that can be told at once begins a read of it into that target,
 * unless another SCREEN_AWAIT, of whatever target, or a SCREEN_READ or SCREEN_DROP of this
 * one comes before. */
struct screen_await {
	uint32_t serial, handle; /* serial: not 0 */
};

/* The guest's driver set (or with width 0: ended) a head's scanout: its true size,
 * which may be another than asked for. */
struct screen_scanout {
	uint32_t head; /* below SCREEN_HEADS_MAX */
	uint32_t width_px, height_px;
};

struct screen_damage {
	uint32_t head;
	uint64_t damage_us;    /* CLOCK_MONOTONIC */
	struct link_rect rect; /* of that head's scanout */
	/* The SCREEN_AWAIT that is over with it, 0: none; then what is being read, in
	 * coordinates of the picture, and SCREEN_READ_DONE follows. */
	uint32_t read_serial;
	struct link_rect read_rect;
};

enum screen_result {
	SCREEN_READ_OK = 0,
	SCREEN_READ_LATER = 1, /* the renderer is being replaced: ask again after the next damage */
};

struct screen_read_done {
	uint32_t serial, result;
	uint64_t capture_us; /* CLOCK_MONOTONIC */
};

struct screen_cursor {
	uint32_t head;
	struct link_cursor cursor;
};

struct screen_cursor_moved {
	uint32_t head, x, y;
};

/* The renderer was lost and has been replaced: everything may have changed. */
struct screen_reset {
	uint32_t count;  /* of resets since the start */
	uint32_t reason; /* enum screen_reset_reason */
};

enum screen_reset_reason {
	SCREEN_RESET_DIED = 0,     /* the renderer crashed or was killed */
	SCREEN_RESET_WATCHDOG = 1, /* a batch did not end in time */
};

struct screen_message {
	enum screen_type type;
	union {
		struct screen_heads heads;
		struct screen_target target;
		struct screen_drop drop; /* DROP and DROPPED */
		struct screen_read read;
		struct screen_await await;
		struct screen_scanout scanout;
		struct screen_damage damage;
		struct screen_read_done read_done;
		struct screen_cursor cursor;
		struct screen_cursor_moved cursor_moved;
		struct screen_reset reset;
	};
};

/* Bounds named here and in link.h are checked. 0; ERR_FORMAT; ERR_ARGUMENT for a type
 * that is not known. */
MUST_USE int screen_parse(struct screen_message *msg, const void *packet, size_t len);

/* Returns the length; ERR_SPACE (never with a cap of SCREEN_PACKET_MAX); ERR_ARGUMENT
 * when msg breaks a bound that screen_parse would refuse. */
MUST_USE int screen_write(const struct screen_message *msg, void *dst, size_t cap);

#endif
