/* The numbers in the picture of oriel-guest-pattern: the 64x64 pixels at its top
 * left are 8x16 cells of 8x4 pixels, black or white, so that they survive lossy
 * codecs and colour reduction. They say which frame it is and which input event it
 * answers; a checksum tells a torn or foreign tile from a whole one. With each
 * frame nearly all cells change colour (the odd frames are inverted), so a step is
 * a real change of one 64x64 tile.
 *
 * Cells from left to right, top to bottom, one bit each, most significant bit of
 * each field first: inverted 1, frame 32, event 4, serial 16, code 32, pointer x 13,
 * pointer y 13, CRC-16 (CCITT, from 0xffff) 16 over the bits before it (as if not
 * inverted), one white cell. All cells are inverted when the first says so.
 * No state, no allocation; thread-safe. */
#ifndef SERVER_PATTERN_H
#define SERVER_PATTERN_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PATTERN_TILE_PX = 64, /* a smaller picture carries no numbers */
};

/* Input that makes a step, and what code is then. */
enum pattern_event {
	PATTERN_EVENT_NONE,        /* no input yet */
	PATTERN_EVENT_KEY_DOWN,    /* scancode, | 0x80: extended, | 0x100: extended1 */
	PATTERN_EVENT_KEY_UP,      /* the same; only when the guest was told to, see its --help */
	PATTERN_EVENT_UNICODE,     /* code point */
	PATTERN_EVENT_BUTTON_DOWN, /* enum link_button_name */
	PATTERN_EVENT_BUTTON_UP,   /* as KEY_UP */
	PATTERN_EVENT_WHEEL,       /* low half: vertical, high half: horizontal, both int16 */
	PATTERN_EVENT_LOCKS,       /* LINK_LOCK_* */
	PATTERN_EVENT_KEYMAP,      /* KLID */
};

struct pattern_state {
	uint32_t frame;
	enum pattern_event event; /* the last one, also when later steps had no event */
	uint16_t serial;          /* of that event: counts from 1, wraps */
	uint32_t code;
	uint32_t x, y; /* 0..8191: the pointer at the time of this frame, pixels of the picture */
};

/* Paints the tile. xrgb: its top left pixel, XRGB8888, 64 rows. */
void pattern_draw(const struct pattern_state *state, uint8_t *xrgb, ptrdiff_t stride_bytes);

/* Reads the tile from a picture that went through codecs. 0, or ERR_FORMAT: no
 * tile there, or parts of two. */
MUST_USE int pattern_read(struct pattern_state *state, const uint8_t *xrgb, ptrdiff_t stride_bytes);

#endif
