/* What a session does with keyboard and pointer, in its order: at once, except
 * behind text that has to wait (typist.h). */
#ifndef X11_INPUT_H
#define X11_INPUT_H

#include "keyboard.h"
#include "pointer.h"
#include <systemd/sd-event.h>

enum {
	INPUT_WAITING_MAX = 4096, /* events; beyond that they are lost */
	INPUT_RESERVE = 1024,     /* of them not for text and moves: a release must not be lost */
};

enum input_kind {
	INPUT_KEY,     /* scancode, LINK_KEY_* flags */
	INPUT_TEXT,    /* code point */
	INPUT_LOCKS,   /* LINK_LOCK_* flags */
	INPUT_LAYOUT,  /* keyboard layout identifier */
	INPUT_POINTER, /* x, y in the root window */
	INPUT_BUTTON,  /* enum link_button_name, down */
	INPUT_WHEEL,   /* vertical, horizontal; 120 is a notch */
};

struct input_event {
	enum input_kind kind;
	uint32_t a, b;
};

struct input {
	struct keyboard keyboard;
	struct pointer pointer;
	sd_event_source *timer;                        /* owned */
	struct input_event waiting[INPUT_WAITING_MAX]; /* a ring */
	int first, count;
};

/* 0; ERR_MEMORY; ERR_IO. Finish also after a failure. */
MUST_USE int input_init(struct input *input, struct display *display, sd_event *event);

void input_finish(struct input *input);

void input_submit(struct input *input, enum input_kind kind, uint32_t a, uint32_t b);

#endif
