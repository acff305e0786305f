/* The guest link: the one contract between what draws (a guest) and what sends
 * (a session). SOCK_SEQPACKET on a unix socket; one packet is one message:
 * u16 type, u16 zero, then the fields below, little-endian, in the order of the
 * struct. This file turns bytes into structs and back; it does no I/O.
 *
 * Pictures are pulled. The session lends one sealed memfd (LINK_BUFFER) and asks
 * for a frame (LINK_PULL) when it can use one. The guest gathers damage until it
 * is asked, copies the damaged rectangles into the memfd and answers LINK_FRAME;
 * if there is no damage it answers once there is. From LINK_FRAME until the next
 * LINK_PULL the memfd is the session's; between pull and frame it is the guest's.
 * Pixels are XRGB8888: bytes B, G, R, X; X is undefined.
 *
 * Order: session HELLO, guest WELCOME and LAYOUT and CURSOR; then session
 * LAYOUT_SET (optional), guest LAYOUT; session BUFFER for that size, PULL ... A
 * change of layout makes the buffer stale: frames stop until a BUFFER of the new
 * size and a PULL come. Both ends ignore types that they do not know.
 * Structs own nothing. Thread-safe (no state). */
#ifndef PROTO_LINK_H
#define PROTO_LINK_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LINK_VERSION = 1,
	LINK_MONITORS_MAX = 16,         /* [MS-RDPBCGR] 2.2.1.3.6 allows as many */
	LINK_RECTS_MAX = 256,           /* more damage than this is joined by the guest */
	LINK_SIZE_MAX_PX = 8192,        /* per axis, of monitors, layouts and buffers */
	LINK_WHEEL_MAX_120 = 120 * 100, /* a guest turns notches into clicks, one by one */
	LINK_CURSOR_MAX_PX = 384,       /* [MS-RDPBCGR] 2.2.9.1.1.4.11 large pointer */
	LINK_TEXT_CAP = 64,             /* bytes with the final NUL; UTF-8 */
	LINK_PACKET_MAX = 4 + 32 + 16 * LINK_RECTS_MAX,
};

enum link_type {
	/* session to guest */
	LINK_HELLO = 1,
	LINK_BUFFER = 2, /* carries one descriptor: the memfd */
	LINK_PULL = 3,
	LINK_LAYOUT_SET = 4,
	LINK_KEY = 16,
	LINK_UNICODE = 17,
	LINK_POINTER = 18,
	LINK_BUTTON = 19,
	LINK_WHEEL = 20,
	LINK_LOCKS = 21,
	LINK_KEYMAP = 22,
	LINK_RELEASE_ALL = 23, /* no fields: every held key and button goes up */
	/* guest to session */
	LINK_WELCOME = 64,
	LINK_FRAME = 65,
	LINK_LAYOUT = 66,
	LINK_CURSOR = 67, /* carries one descriptor unless hidden: a memfd with the image */
	LINK_CURSOR_MOVED = 68,
	LINK_BYE = 69, /* the last message */
};

enum {
	LINK_HELLO_SHARED = 1, /* do not take over: other attachments stay */
};

struct link_hello {
	uint32_t version;
	uint32_t flags;
	char from[LINK_TEXT_CAP]; /* who connects, for the one that is taken over: an address */
};

struct link_welcome {
	uint32_t version;
	char kind[LINK_TEXT_CAP]; /* "x11", "pattern" */
};

struct link_buffer {
	uint32_t serial; /* never 0, new for each buffer */
	uint32_t width_px, height_px;
	uint32_t stride_bytes; /* 4 * width_px to 4 * LINK_SIZE_MAX_PX, a multiple of 64 */
	/* The memfd has at least stride_bytes * height_px bytes, sealed against shrinking and growing. */
};

enum {
	LINK_PULL_FULL = 1, /* the whole picture, damaged or not */
};

struct link_pull {
	uint32_t serial; /* comes back in the frame */
	uint32_t flags;
};

struct link_rect {
	/* Pixels of the picture, never empty. link_parse holds them within LINK_SIZE_MAX_PX;
	 * whoever receives them checks them against the buffer's size. */
	uint32_t x, y, width, height;
};

struct link_frame {
	uint32_t pull_serial, buffer_serial;
	uint64_t damage_us;  /* CLOCK_MONOTONIC: oldest damage in this frame */
	uint64_t capture_us; /* CLOCK_MONOTONIC: when the pixels were in the memfd */
	uint32_t count;      /* 1..LINK_RECTS_MAX */
	struct link_rect rects[LINK_RECTS_MAX];
};

struct link_monitor {
	int32_t x, y; /* place; the primary is at 0,0, so others may be negative */
	uint32_t width_px, height_px;
	uint32_t scale_percent; /* 100..500 */
	uint32_t flags;         /* LINK_MONITOR_PRIMARY */
};

enum {
	LINK_MONITOR_PRIMARY = 1,
};

/* LINK_LAYOUT_SET and LINK_LAYOUT. The picture is the bounding box of the
 * monitors; its top left pixel is the first of the buffer. Exactly one primary. */
struct link_layout {
	uint32_t serial; /* of the request that this answers; 0: unasked */
	uint32_t count;  /* 1..LINK_MONITORS_MAX */
	struct link_monitor monitors[LINK_MONITORS_MAX];
};

enum {
	LINK_KEY_UP = 1,
	LINK_KEY_EXTENDED = 2,  /* 0xE0 before the code */
	LINK_KEY_EXTENDED1 = 4, /* 0xE1 before the code (Pause) */
};

struct link_key {
	uint32_t scancode; /* set 1, 0..127 */
	uint32_t flags;
};

struct link_unicode {
	uint32_t code_point; /* a scalar value: no surrogates */
	uint32_t flags;      /* LINK_KEY_UP */
};

/* Absolute, in pixels of the picture (0,0 is its top left), below LINK_SIZE_MAX_PX. */
struct link_pointer {
	uint32_t x, y;
};

enum link_button_name {
	LINK_BUTTON_LEFT = 1,
	LINK_BUTTON_RIGHT = 2,
	LINK_BUTTON_MIDDLE = 3,
	LINK_BUTTON_BACK = 4,
	LINK_BUTTON_FORWARD = 5,
};

struct link_button {
	uint32_t button; /* enum link_button_name */
	uint32_t down;   /* 0 or 1 */
};

/* 120 is one notch; away from the user and to the right are positive. At most
 * LINK_WHEEL_MAX_120 either way. */
struct link_wheel {
	int32_t vertical_120, horizontal_120;
};

enum {
	LINK_LOCK_SCROLL = 1,
	LINK_LOCK_NUM = 2,
	LINK_LOCK_CAPS = 4,
	LINK_LOCK_KANA = 8,
};

struct link_locks {
	uint32_t flags; /* state to set, LINK_LOCK_* */
};

struct link_keymap {
	uint32_t klid; /* keyboard layout identifier, e.g. 0x00000407; [MS-RDPBCGR] 2.2.1.3.2 */
	uint32_t type, subtype, function_keys;
};

struct link_cursor {
	uint32_t hidden;              /* 1: no image, the sizes are 0 */
	uint32_t width_px, height_px; /* 1..LINK_CURSOR_MAX_PX */
	uint32_t hot_x, hot_y;        /* inside the image */
	/* The memfd has width * height * 4 bytes: B, G, R, A, premultiplied. Read it with
	 * pread after checking that it is a regular memfd (shm_check), never map it. */
};

/* The guest moved the pointer (a program warped it). */
struct link_cursor_moved {
	uint32_t x, y;
};

enum link_bye_reason {
	LINK_BYE_TAKEN_OVER = 1, /* text: who */
	LINK_BYE_ENDED = 2,      /* the desktop ended (log-out) */
	LINK_BYE_VERSION = 3,
	LINK_BYE_PROTOCOL = 4, /* the session sent something malformed; text: what */
};

struct link_bye {
	uint32_t reason;
	char text[LINK_TEXT_CAP];
};

/* One message, parsed. */
struct link_message {
	enum link_type type;
	union {
		struct link_hello hello;
		struct link_welcome welcome;
		struct link_buffer buffer;
		struct link_pull pull;
		struct link_frame frame;
		struct link_layout layout; /* LAYOUT_SET and LAYOUT */
		struct link_key key;
		struct link_unicode unicode;
		struct link_pointer pointer;
		struct link_button button;
		struct link_wheel wheel;
		struct link_locks locks;
		struct link_keymap keymap;
		struct link_cursor cursor;
		struct link_cursor_moved cursor_moved;
		struct link_bye bye;
	};
};

/* Every bound named above is checked here (sizes, counts, flags, texts with their NUL
 * and in UTF-8, rectangles without overflow and inside LINK_SIZE_MAX_PX, one primary
 * monitor). A hello of another version is taken with any flags, to be answered.
 * Returns 0; ERR_FORMAT; ERR_ARGUMENT for a type that is not known (ignore it). */
MUST_USE int link_parse(struct link_message *msg, const void *packet, size_t len);

/* Writes msg into dst; bytes of a text that are not UTF-8 become ?, a text without
 * NUL is cut. Returns the length; ERR_SPACE (never with a cap of LINK_PACKET_MAX);
 * ERR_ARGUMENT when msg breaks a bound that link_parse would refuse. */
MUST_USE int link_write(const struct link_message *msg, void *dst, size_t cap);

/* Is this a valid layout: 1..LINK_MONITORS_MAX monitors, sizes and scales in bounds,
 * exactly one primary and that at 0,0, the whole within LINK_SIZE_MAX_PX? (Monitors
 * may overlap: a guest may mirror.) 0 or ERR_FORMAT. */
MUST_USE int link_layout_check(const struct link_layout *layout);

/* The bounding box of a valid layout, in pixels; left/top may be NULL. */
void link_layout_bounds(const struct link_layout *layout, uint32_t *width_px, uint32_t *height_px,
		int32_t *left, int32_t *top);

/* A single monitor of that size. */
struct link_layout link_layout_single(uint32_t width_px, uint32_t height_px);

#endif
