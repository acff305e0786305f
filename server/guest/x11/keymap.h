/* The keyboard map in force in the X server: loaded by the client's keyboard layout
 * identifier, and read back to know which key gives what. */
#ifndef X11_KEYMAP_H
#define X11_KEYMAP_H

#include "display.h"
#include "scancode.h"

enum {
	KEYMAP_KEYS = KEYCODE_MAX + 1,
	KEYMAP_CAPS = XCB_MOD_MASK_LOCK,
};

struct keymap {
	struct display *display; /* borrowed */
	/* What a key gives in the first group without modifiers; 0: nothing. Index: X keycode. */
	xcb_keysym_t symbols[KEYMAP_KEYS];
	uint8_t modifiers[KEYMAP_KEYS]; /* the real modifiers that a key sets; 0: an ordinary key */
	uint8_t num_lock;               /* the real modifier of Num Lock; 0: none */
};

/* Asks for events about maps, switches the server's own key repetition off (the
 * client repeats) and loads US. 0; ERR_IO. */
MUST_USE int keymap_init(struct keymap *keymap, struct display *display);

/* In force when this returns. Says in the log what does not work: a variant that
 * this machine's xkeyboard-config does not have is left out. 0; ERR_MISSING (the
 * old map stays). */
MUST_USE int keymap_load(struct keymap *keymap, uint32_t klid);

/* Reads the map in force. 0; ERR_IO. */
MUST_USE int keymap_read(struct keymap *keymap);

enum keymap_change {
	KEYMAP_SAME,
	KEYMAP_CHANGED, /* some keys */
	KEYMAP_REPLACED,
};

/* What an event says that somebody, perhaps we, did to the map. */
enum keymap_change keymap_event(const struct keymap *keymap, const xcb_generic_event_t *event);

/* Gives a run of keys these symbols, with and without Shift, in the server; what
 * was read stays. */
void keymap_bind(struct keymap *keymap, uint8_t first, int count, const xcb_keysym_t *symbols);

/* XTEST: as if a keyboard did it. */
void keymap_send_key(struct keymap *keymap, uint8_t keycode, bool down);

struct keymap_state {
	uint8_t modifiers; /* real ones in effect */
	uint8_t group;
	uint8_t locked;
};

/* 0; ERR_IO. */
MUST_USE int keymap_get_state(struct keymap *keymap, struct keymap_state *state);

/* Locks those modifiers of affect that are in locked, unlocks the others. */
void keymap_lock(struct keymap *keymap, uint8_t affect, uint8_t locked);

/* Scroll Lock is no modifier in usual maps: its lamp shows it. */
void keymap_scroll_lamp(struct keymap *keymap, bool on);

#endif
