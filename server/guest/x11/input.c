#include "input.h"
#include <base/log.h>
#include <base/loop.h>

static int on_time(sd_event_source *source, uint64_t now_us, void *user);

int input_init(struct input *input, struct display *display, sd_event *event)
{
	int err = keyboard_init(&input->keyboard, display);

	input->pointer.display = display;
	return err == 0 ? loop_timer_add(event, &input->timer, on_time, input) : err;
}

void input_finish(struct input *input)
{
	input->timer = sd_event_source_disable_unref(input->timer);
}

static struct input_event *at(struct input *input, int index)
{
	return &input->waiting[(input->first + index) % INPUT_WAITING_MAX];
}

/* The text that is next, and the text that waits behind it. */
static int gather_text(struct input *input, uint32_t *text)
{
	int count = 0;

	for (int i = 0; i < input->count && count < TYPIST_BATCH; i++) {
		if (at(input, i)->kind == INPUT_TEXT)
			text[count++] = at(input, i)->a;
	}
	return count;
}

static uint64_t change_layout(struct keyboard *keyboard, uint32_t klid)
{
	uint64_t wait_us = typist_rest_us(&keyboard->typist);

	if (wait_us == 0)
		keyboard_layout(keyboard, klid);
	return wait_us;
}

/* The first one. Returns 0, or in how many microseconds it can be done. */
static uint64_t perform(struct input *input)
{
	const struct input_event *event = at(input, 0);
	struct keyboard *keyboard = &input->keyboard;
	uint32_t text[TYPIST_BATCH], a = event->a, b = event->b;

	switch (event->kind) {
	case INPUT_KEY: keyboard_key(keyboard, &(struct link_key){ a, b }); break;
	case INPUT_TEXT: return typist_type(&keyboard->typist, text, gather_text(input, text));
	case INPUT_LOCKS: keyboard_locks(keyboard, a); break;
	case INPUT_LAYOUT: return change_layout(keyboard, a);
	case INPUT_POINTER: pointer_move(&input->pointer, (int16_t)a, (int16_t)b); break;
	case INPUT_BUTTON: pointer_button(&input->pointer, (enum link_button_name)a, b); break;
	case INPUT_WHEEL: pointer_wheel(&input->pointer, (int32_t)a, (int32_t)b); break;
	}
	return 0;
}

static void perform_all(struct input *input)
{
	while (input->count > 0) {
		uint64_t wait_us = perform(input);

		if (wait_us > 0) {
			loop_timer_arm(input->timer, wait_us);
			return;
		}
		input->first = (input->first + 1) % INPUT_WAITING_MAX;
		input->count--;
	}
}

static int on_time(sd_event_source *source, uint64_t now_us, void *user)
{
	perform_all(user);
	return 0;
}

void input_submit(struct input *input, enum input_kind kind, uint32_t a, uint32_t b)
{
	bool minor = kind == INPUT_TEXT || kind == INPUT_POINTER || kind == INPUT_WHEEL;
	int room = INPUT_WAITING_MAX - (minor ? INPUT_RESERVE : 0) - input->count;

	if (room <= 0)
		return;
	if (room == 1)
		log_warn("%d input events wait behind text; the next ones are lost", input->count);
	*at(input, input->count++) = (struct input_event){ kind, a, b };
	if (input->count == 1)
		perform_all(input);
}
