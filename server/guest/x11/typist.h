/* Types characters: by the key that gives them, or by a spare key that they are
 * bound to first. Programs look at a changed map only when they get to the event,
 * and each change costs all of them a look. So a spare key that was used a moment
 * ago is not bound again, and text that comes faster than a hand types is bound in
 * batches. */
#ifndef X11_TYPIST_H
#define X11_TYPIST_H

#include "keymap.h"

enum {
	TYPIST_SPARES_MAX = 128,
	TYPIST_REST_US = 500000, /* how far behind a program may be with reading its events */
	TYPIST_BIND_US = 10000,  /* from one change of the map to the next */
	TYPIST_BATCH = 32,       /* characters of one change */
};

struct typist_spare {
	uint8_t keycode;
	xcb_keysym_t symbol; /* XCB_NO_SYMBOL: free */
	uint64_t used_us;
};

struct typist {
	struct keymap *keymap;     /* borrowed */
	bool typable[KEYMAP_KEYS]; /* keys that a scancode stands for */
	struct typist_spare spares[TYPIST_SPARES_MAX];
	int spare_count;
	uint64_t bound_us; /* the last change of the map */
};

void typist_init(struct typist *typist, struct keymap *keymap);

/* After every load of a map: finds the spare keys and empties them. */
void typist_reset(struct typist *typist);

/* After a program changed some keys, and keymap_read: a spare key that it uses is
 * left to it for a while. */
void typist_adopt(struct typist *typist);

/* In how many microseconds no program is likely to have text before it that it has
 * not read: before then another map would change that text. */
uint64_t typist_rest_us(const struct typist *typist);

/* Types text[0], press and release; text[1..count) is what waits behind it. Control
 * characters other than those of the Backspace, Tab, Return, Escape and Delete keys
 * are dropped. Returns 0, or in how many microseconds to try again. */
uint64_t typist_type(struct typist *typist, const uint32_t *text, int count);

#endif
