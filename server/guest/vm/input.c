#include "input.h"

enum {
	TABLET_UNITS = 32768, /* QEMU's INPUT_EVENT_ABS_MAX + 1 */
	SCANCODE_PAUSE = 0x1d,
	SCANCODE_NUM_LOCK = 0x45,
	NUMBER_EXTENDED = 0x80, /* QEMU's docs: set 1, with this in place of 0xE0 */
	NUMBER_PAUSE = 0xc6,
	NUMBER_PRINT = 0xb7,
	SCANCODE_SYSRQ = 0x54, /* Print while Alt is held: the same key */
	NOTCH_120 = 120,
};

/* Pause is E1 1D 45 on the wire; clients send it as two keys: [MS-RDPBCGR]
 * 2.2.8.1.1.3.1.1.1. */
static bool is_rest_of_pause(struct input *input, const struct link_key *key)
{
	bool up = key->flags & LINK_KEY_UP;
	bool rest = input->pause_pending && input->pause_up == up && key->scancode == SCANCODE_NUM_LOCK &&
			!(key->flags & LINK_KEY_EXTENDED);

	input->pause_pending = false;
	return rest;
}

/* 0: no key. */
static uint32_t number_of(struct input *input, const struct link_key *key)
{
	if (is_rest_of_pause(input, key))
		return 0;
	if (key->flags & LINK_KEY_EXTENDED1) {
		input->pause_pending = key->scancode == SCANCODE_PAUSE;
		input->pause_up = key->flags & LINK_KEY_UP;
		return input->pause_pending ? NUMBER_PAUSE : 0;
	}
	if (key->scancode == SCANCODE_SYSRQ)
		return NUMBER_PRINT;
	return key->scancode ? key->scancode | (key->flags & LINK_KEY_EXTENDED ? NUMBER_EXTENDED : 0) : 0;
}

static bool is_modifier(uint32_t number)
{
	switch (number) {
	case 0x1d: /* Control */
	case 0x9d:
	case 0x2a: /* Shift */
	case 0x36:
	case 0x38: /* Alt */
	case 0xb8:
	case 0xdb: /* Windows */
	case 0xdc: return true;
	default: return false;
	}
}

/* The client repeats a held key by sending it down again. A guest's kernel drops that,
 * so the key goes up first; held modifiers are no news. */
static void do_key(struct input *input, const struct link_key *key)
{
	uint32_t number = number_of(input, key);
	bool down = !(key->flags & LINK_KEY_UP);

	if (number == 0)
		return;
	if (down && input->down[number]) {
		if (is_modifier(number))
			return;
		qmp_key(input->qmp, number, false);
	}
	input->down[number] = down;
	qmp_key(input->qmp, number, down);
}

static void do_button(struct input *input, uint32_t button, bool down)
{
	static const char *const names[] = {
		[LINK_BUTTON_LEFT] = "left",
		[LINK_BUTTON_RIGHT] = "right",
		[LINK_BUTTON_MIDDLE] = "middle",
		[LINK_BUTTON_BACK] = "side",
		[LINK_BUTTON_FORWARD] = "extra",
	};

	if (button < sizeof names / sizeof *names && names[button])
		qmp_button(input->qmp, names[button], down);
}

/* Whole clicks; the rest is kept, unless the direction changes. */
static void do_wheel(struct input *input, int32_t vertical_120)
{
	const char *button = vertical_120 > 0 ? "wheel-up" : "wheel-down";
	int32_t turn_120 = vertical_120, clicks;

	if ((turn_120 > 0) == (input->wheel_rest_120 > 0))
		turn_120 += input->wheel_rest_120;
	clicks = turn_120 / NOTCH_120;
	input->wheel_rest_120 = turn_120 % NOTCH_120;
	clicks = clicks < 0 ? -clicks : clicks;
	for (int32_t i = 0; i < clicks && i < INPUT_CLICKS_MAX; i++) {
		qmp_button(input->qmp, button, true);
		qmp_button(input->qmp, button, false);
	}
}

static void perform(struct input *input, const struct input_event *event)
{
	switch (event->kind) {
	case INPUT_KEY: do_key(input, &(struct link_key){ event->a, event->b }); break;
	case INPUT_POINTER: qmp_pointer(input->qmp, event->a, event->b); break;
	case INPUT_BUTTON: do_button(input, event->a, event->b); break;
	case INPUT_WHEEL: do_wheel(input, (int32_t)event->a); break;
	}
}

void input_hold(struct input *input)
{
	input->held = true;
}

void input_release(struct input *input)
{
	for (int i = 0; i < input->waiting_count; i++)
		perform(input, &input->waiting[i]);
	input->waiting_count = 0;
	input->held = false;
}

static void submit(struct input *input, enum input_kind kind, uint32_t a, uint32_t b)
{
	struct input_event event = { kind, a, b };
	struct input_event *last;

	if (input->held && input->waiting_count == INPUT_WAITING_MAX)
		input_release(input);
	last = &input->waiting[input->waiting_count ? input->waiting_count - 1 : 0];
	if (!input->held)
		perform(input, &event);
	else if (kind == INPUT_POINTER && input->waiting_count && last->kind == INPUT_POINTER)
		*last = event; /* only the newest place counts */
	else
		input->waiting[input->waiting_count++] = event;
}

void input_key(struct input *input, const struct link_key *key)
{
	submit(input, INPUT_KEY, key->scancode, key->flags);
}

/* The middle of the pixel, in units of the tablet, which spans the whole picture. */
static uint32_t tablet(uint32_t at, uint32_t size_px)
{
	return (uint32_t)(((uint64_t)at * 2 + 1) * TABLET_UNITS / (2 * (uint64_t)size_px));
}

void input_pointer(struct input *input, uint32_t x, uint32_t y, uint32_t width_px, uint32_t height_px)
{
	unsigned at = input->place_count++ % INPUT_PLACES;

	input->places[at].x = x;
	input->places[at].y = y;
	submit(input, INPUT_POINTER, tablet(x, width_px), tablet(y, height_px));
}

void input_button(struct input *input, enum link_button_name button, bool down)
{
	submit(input, INPUT_BUTTON, button, down);
}

void input_wheel(struct input *input, int32_t vertical_120)
{
	submit(input, INPUT_WHEEL, (uint32_t)vertical_120, 0);
}

static bool near(uint32_t a, uint32_t b)
{
	return (a > b ? a - b : b - a) <= INPUT_NEAR_PX;
}

bool input_is_echo(const struct input *input, uint32_t x, uint32_t y)
{
	unsigned known = input->place_count < INPUT_PLACES ? input->place_count : INPUT_PLACES;

	for (unsigned i = 0; i < known; i++) {
		if (near(input->places[i].x, x) && near(input->places[i].y, y))
			return true;
	}
	return false;
}
