/* The session's keys and pointer for the machine's keyboard and tablet, in their order:
 * at once, unless they wait behind text, which goes another way (the agent). No I/O but
 * through struct qmp. Loop thread only. */
#ifndef VM_INPUT_H
#define VM_INPUT_H

#include "qmp.h"
#include <proto/link.h>

enum {
	INPUT_KEYS = 256,        /* QEMU's key numbers */
	INPUT_PLACES = 32,       /* that the guest may still echo */
	INPUT_NEAR_PX = 2,       /* what the tablet's scale may move a place by */
	INPUT_CLICKS_MAX = 32,   /* of one turn of the wheel */
	INPUT_WAITING_MAX = 256, /* events; with one more nobody waits any longer */
};

enum input_kind {
	INPUT_KEY,     /* scancode, LINK_KEY_* flags */
	INPUT_POINTER, /* in units of the tablet */
	INPUT_BUTTON,  /* enum link_button_name, down */
	INPUT_WHEEL,   /* 120 is a notch */
};

struct input_event {
	enum input_kind kind;
	uint32_t a, b;
};

struct input {
	struct qmp *qmp; /* borrowed */
	bool held;
	struct input_event waiting[INPUT_WAITING_MAX];
	int waiting_count;
	bool down[INPUT_KEYS];
	bool pause_pending, pause_up;
	int32_t wheel_rest_120;
	struct {
		uint32_t x, y;
	} places[INPUT_PLACES];
	unsigned place_count; /* since the start; the newest ones are in the ring */
};

/* From here on all waits until input_release. */
void input_hold(struct input *input);
void input_release(struct input *input);

void input_key(struct input *input, const struct link_key *key);

/* In a picture of that size. */
void input_pointer(struct input *input, uint32_t x, uint32_t y, uint32_t width_px, uint32_t height_px);

void input_button(struct input *input, enum link_button_name button, bool down);

/* Vertical only: QEMU's tablet has no other wheel (agent_link_wheel). */
void input_wheel(struct input *input, int32_t vertical_120);

/* Whether a place of the cursor that the guest tells is one that a session put it to:
 * the guest answers each move, late, and that is no news. */
bool input_is_echo(const struct input *input, uint32_t x, uint32_t y);

#endif
