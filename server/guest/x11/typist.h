/* Keys in their order: scancodes become key events at once; characters that no key
 * gives are first bound to a spare key. Programs read a changed map only when they
 * get to the event, so a spare key that was used a moment ago is not bound again;
 * with too many different characters in too short a time all later keys wait. */
#ifndef X11_TYPIST_H
#define X11_TYPIST_H

#include "keymap.h"
#include <systemd/sd-event.h>

enum {
	TYPIST_SPARES_MAX = 128,
	TYPIST_WAITING_MAX = 4096, /* keys that wait; more are dropped */
	TYPIST_RESERVE = 512,      /* of them not for text: a release must not be lost */
	/* How far behind a program may be with reading its events. */
	TYPIST_REST_US = 500000,
};

struct typist_key {
	uint32_t code; /* X keycode; or a code point when is_text */
	bool is_text, down;
};

struct typist_spare {
	uint8_t keycode;
	xcb_keysym_t symbol; /* XCB_NO_SYMBOL: free */
	uint64_t used_us;
};

struct typist {
	struct keymap *keymap;     /* borrowed */
	sd_event_source *timer;    /* owned */
	bool typable[KEYMAP_KEYS]; /* keys that a scancode stands for */
	struct typist_spare spares[TYPIST_SPARES_MAX];
	int spare_count;
	struct typist_key waiting[TYPIST_WAITING_MAX]; /* a ring */
	int first_waiting, waiting_count;
};

/* 0; ERR_MEMORY. */
MUST_USE int typist_init(struct typist *typist, struct keymap *keymap, sd_event *event);

void typist_finish(struct typist *typist);

/* After every load or read of the whole map: finds the spare keys. */
void typist_reset(struct typist *typist);

/* One key event. */
void typist_key(struct typist *typist, uint8_t keycode, bool down);

/* Types a character: press and release. Control characters other than those of the
 * Backspace, Tab, Return, Escape and Delete keys are dropped. */
void typist_text(struct typist *typist, uint32_t code_point);

#endif
