#include "input.h"
#include "rdp.h"
#include <freerdp/input.h>

enum {
	WHEEL_MASK = 0x01ff, /* 9 bits, two's complement, [MS-RDPBCGR] 2.2.8.1.1.3.1.1.3 */
	SURROGATE_HIGH = 0xd800,
	SURROGATE_LOW = 0xdc00,
	SURROGATE_END = 0xe000,
};

static struct input *of(rdpInput *freerdp_input)
{
	return rdp_input(freerdp_input->context);
}

static void pass(struct input *input, const struct link_message *message)
{
	input->send(input->user, message);
}

static BOOL on_key(rdpInput *in, UINT16 flags, UINT8 code)
{
	struct link_message m = { .type = LINK_KEY };

	if (code > 127)
		return TRUE; /* no set 1 make code */
	m.key.scancode = code;
	m.key.flags = (flags & KBD_FLAGS_RELEASE ? LINK_KEY_UP : 0) |
			(flags & KBD_FLAGS_EXTENDED ? LINK_KEY_EXTENDED : 0) |
			(flags & KBD_FLAGS_EXTENDED1 ? LINK_KEY_EXTENDED1 : 0);
	pass(of(in), &m);
	return TRUE;
}

/* UTF-16, a unit at a time. */
static BOOL on_unicode(rdpInput *in, UINT16 flags, UINT16 unit)
{
	struct input *input = of(in);
	struct link_message m = { .type = LINK_UNICODE };
	bool high = unit >= SURROGATE_HIGH && unit < SURROGATE_LOW;
	bool low = unit >= SURROGATE_LOW && unit < SURROGATE_END;

	if (high) {
		input->high_surrogate = unit;
		return TRUE;
	}
	if (low && !input->high_surrogate)
		return TRUE;
	m.unicode.code_point = unit;
	if (low)
		m.unicode.code_point = 0x10000 + ((uint32_t)(input->high_surrogate - SURROGATE_HIGH) << 10) +
				(unit - SURROGATE_LOW);
	m.unicode.flags = flags & KBD_FLAGS_RELEASE ? LINK_KEY_UP : 0;
	input->high_surrogate = 0;
	if (m.unicode.code_point)
		pass(input, &m);
	return TRUE;
}

static void send_pointer(struct input *input, uint32_t x, uint32_t y)
{
	struct link_message m = { .type = LINK_POINTER };

	if (!input->width_px || !input->height_px)
		return;
	m.pointer.x = x < input->width_px ? x : input->width_px - 1;
	m.pointer.y = y < input->height_px ? y : input->height_px - 1;
	pass(input, &m);
}

static void send_button(struct input *input, enum link_button_name button, bool down)
{
	const struct link_message m = { .type = LINK_BUTTON, .button = { button, down } };

	pass(input, &m);
}

static void send_wheel(struct input *input, UINT16 flags)
{
	struct link_message m = { .type = LINK_WHEEL };
	int delta = flags & WHEEL_MASK;

	if (delta & PTR_FLAGS_WHEEL_NEGATIVE)
		delta -= WHEEL_MASK + 1;
	if (flags & PTR_FLAGS_HWHEEL)
		m.wheel.horizontal_120 = delta;
	else
		m.wheel.vertical_120 = delta;
	pass(input, &m);
}

static BOOL on_mouse(rdpInput *in, UINT16 flags, UINT16 x, UINT16 y)
{
	struct input *input = of(in);

	if (flags & (PTR_FLAGS_WHEEL | PTR_FLAGS_HWHEEL)) {
		send_wheel(input, flags); /* its position means nothing */
		return TRUE;
	}
	send_pointer(input, x, y);
	if (flags & PTR_FLAGS_BUTTON1)
		send_button(input, LINK_BUTTON_LEFT, flags & PTR_FLAGS_DOWN);
	if (flags & PTR_FLAGS_BUTTON2)
		send_button(input, LINK_BUTTON_RIGHT, flags & PTR_FLAGS_DOWN);
	if (flags & PTR_FLAGS_BUTTON3)
		send_button(input, LINK_BUTTON_MIDDLE, flags & PTR_FLAGS_DOWN);
	return TRUE;
}

static BOOL on_extended_mouse(rdpInput *in, UINT16 flags, UINT16 x, UINT16 y)
{
	struct input *input = of(in);

	send_pointer(input, x, y);
	if (flags & PTR_XFLAGS_BUTTON1)
		send_button(input, LINK_BUTTON_BACK, flags & PTR_XFLAGS_DOWN);
	if (flags & PTR_XFLAGS_BUTTON2)
		send_button(input, LINK_BUTTON_FORWARD, flags & PTR_XFLAGS_DOWN);
	return TRUE;
}

/* The client's window got the focus: keys went up meanwhile, the locks are as told. */
static BOOL on_synchronize(rdpInput *in, UINT32 flags)
{
	const struct link_message release = { .type = LINK_RELEASE_ALL };
	struct link_message locks = { .type = LINK_LOCKS };

	locks.locks.flags = (flags & KBD_SYNC_SCROLL_LOCK ? LINK_LOCK_SCROLL : 0) |
			(flags & KBD_SYNC_NUM_LOCK ? LINK_LOCK_NUM : 0) |
			(flags & KBD_SYNC_CAPS_LOCK ? LINK_LOCK_CAPS : 0) |
			(flags & KBD_SYNC_KANA_LOCK ? LINK_LOCK_KANA : 0);
	pass(of(in), &release);
	pass(of(in), &locks);
	return TRUE;
}

static BOOL on_focus_in(rdpInput *in, UINT16 locks)
{
	return on_synchronize(in, locks);
}

void input_attach(struct input *input, rdpContext *context)
{
	rdpInput *in = context->input;

	in->KeyboardEvent = on_key;
	in->UnicodeKeyboardEvent = on_unicode;
	in->MouseEvent = on_mouse;
	in->ExtendedMouseEvent = on_extended_mouse;
	in->SynchronizeEvent = on_synchronize;
	in->FocusInEvent = on_focus_in;
}

void input_send_keymap(struct input *input, const rdpSettings *settings)
{
	struct link_message m = { .type = LINK_KEYMAP };

	m.keymap.klid = freerdp_settings_get_uint32(settings, FreeRDP_KeyboardLayout);
	m.keymap.type = freerdp_settings_get_uint32(settings, FreeRDP_KeyboardType);
	m.keymap.subtype = freerdp_settings_get_uint32(settings, FreeRDP_KeyboardSubType);
	m.keymap.function_keys = freerdp_settings_get_uint32(settings, FreeRDP_KeyboardFunctionKey);
	pass(input, &m);
}
