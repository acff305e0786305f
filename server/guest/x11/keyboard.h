/* The client's keyboard: scancodes, repetition, Pause, lock keys. */
#ifndef X11_KEYBOARD_H
#define X11_KEYBOARD_H

#include "keymap.h"
#include "typist.h"
#include <proto/link.h>

struct keyboard {
	struct keymap keymap;
	struct typist typist;
	bool down[KEYMAP_KEYS];
	/* Pause came: the 0x45 that follows in the same direction belongs to it. */
	bool pause_pending, pause_up;
};

/* 0; ERR_IO. */
MUST_USE int keyboard_init(struct keyboard *keyboard, struct display *display);

void keyboard_key(struct keyboard *keyboard, const struct link_key *key);

/* flags: LINK_LOCK_* that are on. Kana has no state in X. */
void keyboard_locks(struct keyboard *keyboard, uint32_t flags);

/* Loads the layout; keys from here on are those of the new one. */
void keyboard_layout(struct keyboard *keyboard, uint32_t klid);

/* After events that say so. */
void keyboard_reread(struct keyboard *keyboard, enum keymap_change change);

#endif
