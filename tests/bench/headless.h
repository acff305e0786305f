/* A headless RDP client on FreeRDP's client library: it connects, decodes into
 * memory, sends input and counts what it was sent. For tests and oriel-bench; it
 * shares nothing with the server, so that it can be a judge of it.
 *
 * Everything of one client happens in the thread that calls it, inside
 * headless_connect, headless_step and headless_wait: between calls nothing moves.
 * Several clients in several threads are fine. A client that sees the server break
 * a rule that strict clients insist on keeps the first such thing (headless_fault). */
#ifndef BENCH_HEADLESS_H
#define BENCH_HEADLESS_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct headless;

enum headless_pictures {
	HEADLESS_PROGRESSIVE, /* RDPGFX, RemoteFX progressive */
	HEADLESS_GFX_THIN,    /* RDPGFX, THINCLIENT: classic RemoteFX inside it */
	HEADLESS_RFX,         /* no RDPGFX: RemoteFX surface bits */
	HEADLESS_BITMAP,      /* bitmap updates of depth_bpp */
};

struct headless_options {
	const char *host; /* texts are borrowed for headless_create */
	int port;
	const char *user, *password; /* password NULL: sends none */
	uint32_t width_px, height_px;
	enum headless_pictures pictures;
	int depth_bpp;      /* 15, 16, 24 or 32 */
	bool nla;           /* false: TLS with the password in Client Info */
	uint32_t klid;      /* keyboard layout, 0: 0x409 */
	int client_build;   /* -1: FreeRDP's own */
	uint32_t link_type; /* claimed: [MS-RDPBCGR] 2.2.1.3.2 connectionType; 0: none */
	bool no_acks;       /* never acknowledges a frame (RDPGFX) */
};

/* What came so far. */
struct headless_counts {
	uint64_t frames;     /* RDPGFX frames, or paints (update begin..end) without */
	uint64_t bytes_in;   /* of RDP PDUs, without TLS */
	uint64_t packets_in; /* PDUs, heartbeats too */
	uint64_t heartbeats;
	uint64_t resizes;  /* desktop sizes after the first */
	uint64_t pointers; /* pointer updates of any kind */
	uint64_t tiles;    /* RDPGFX surface commands, surface bits, bitmaps */
};

/* 1920x1080, progressive, 32 bpp, NLA. */
struct headless_options headless_defaults(void);

/* Returns owned, or NULL (memory). */
struct headless *headless_create(const struct headless_options *options);

/* Disconnects. NULL is fine. */
void headless_destroy(struct headless *client);

/* Logs in. 0; ERR_DENIED (the server refuses the credentials); ERR_CLOSED. */
MUST_USE int headless_connect(struct headless *client);

/* Handles what came, waiting up to timeout_ms for something. 0; ERR_CLOSED. */
MUST_USE int headless_step(struct headless *client, int timeout_ms);

/* From now on headless_step also returns when fd (borrowed) can be read. 0 or ERR_MEMORY. */
MUST_USE int headless_also(struct headless *client, int fd);

/* Steps until done(user) is true; asks before each step. 0, ERR_TIMEOUT, ERR_CLOSED. */
MUST_USE int headless_wait(struct headless *client, bool (*done)(void *user), void *user, int timeout_ms);

/* The decoded desktop: XRGB8888 (bytes B, G, R, X), borrowed until the next step. */
const uint8_t *headless_picture(
		struct headless *client, uint32_t *width_px, uint32_t *height_px, uint32_t *stride_bytes);

struct headless_counts headless_counts(struct headless *client);

/* Why the server closed: "Set Error Info" as FreeRDP names it, "" if it sent none;
 * borrowed. code (may be NULL): the number. */
const char *headless_error_info(struct headless *client, uint32_t *code);

/* The first broken rule, or NULL; borrowed. */
const char *headless_fault(struct headless *client);

/* Input. 0 or ERR_CLOSED. */
MUST_USE int headless_scancode(struct headless *client, uint8_t scancode, bool extended, bool down);
MUST_USE int headless_unicode(struct headless *client, uint16_t code_unit, bool down);
MUST_USE int headless_pointer(struct headless *client, uint16_t x, uint16_t y);
MUST_USE int headless_button(
		struct headless *client, int button, bool down, uint16_t x, uint16_t y); /* 1, 2, 3 */
MUST_USE int headless_wheel(struct headless *client, int delta, bool horizontal);

enum {
	HEADLESS_MONITORS_MAX = 16,
};

struct headless_monitor {
	int32_t x, y; /* the first is the primary, at 0,0 */
	uint32_t width_px, height_px;
};

/* Asks for these monitors (RDPEDISP). 0; ERR_ARGUMENT (count); ERR_UNEXPECTED (the
 * channel is not open, or its capabilities have not come); ERR_CLOSED. */
MUST_USE int headless_layout(struct headless *client, const struct headless_monitor *monitors, size_t count);

/* True once RDPEDISP's capabilities came. */
bool headless_can_resize(struct headless *client);

#endif
