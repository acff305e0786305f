#include <session/input.h>

#include <freerdp/input.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MESSAGES_MAX = 16 };

static struct {
	rdpContext context;
	rdpInput in;
	struct input input;
	struct link_message sent[MESSAGES_MAX];
	int count;
} t;

/* In place of the one in rdp.c, which needs a connection. */
struct input *rdp_input(rdpContext *context);
struct input *rdp_input(rdpContext *context)
{
	return &t.input;
}

static void on_send(void *user, const struct link_message *message)
{
	uint8_t packet[LINK_PACKET_MAX];

	assert_true(t.count < MESSAGES_MAX);
	assert_true(link_write(message, packet, sizeof packet) > 0); /* a guest takes it */
	t.sent[t.count++] = *message;
}

static int start(void **state)
{
	memset(&t, 0, sizeof t);
	t.input = (struct input){ .send = on_send, .width_px = 800, .height_px = 600 };
	t.context.input = &t.in;
	t.in.context = &t.context;
	input_attach(&t.input, &t.context);
	return 0;
}

static const struct link_message *only(enum link_type type)
{
	assert_int_equal(t.count, 1);
	t.count = 0;
	assert_int_equal(t.sent[0].type, type);
	return &t.sent[0];
}

static int wheel(int flags)
{
	const struct link_message *m;

	assert_true(t.in.MouseEvent(&t.in, (UINT16)flags, 5, 5));
	m = only(LINK_WHEEL);
	if (flags & PTR_FLAGS_HWHEEL)
		assert_int_equal(m->wheel.vertical_120, 0);
	else
		assert_int_equal(m->wheel.horizontal_120, 0);
	return m->wheel.vertical_120 + m->wheel.horizontal_120;
}

/* 9 bits, two's complement. */
static void wheels_have_their_sign_and_fine_steps(void **state)
{
	static const int deltas[] = { 120, 1, 7, 240, 255, -1, -7, -120, -240, -256 };

	for (int i = 0; i < 10; i++) {
		assert_int_equal(wheel(PTR_FLAGS_WHEEL | (deltas[i] & 0x1ff)), deltas[i]);
		assert_int_equal(wheel(PTR_FLAGS_HWHEEL | (deltas[i] & 0x1ff)), deltas[i]);
	}
}

static void keys_have_their_prefix(void **state)
{
	t.in.KeyboardEvent(&t.in, 0, 30);
	assert_int_equal(t.sent[0].key.flags, 0);
	assert_int_equal(only(LINK_KEY)->key.scancode, 30);
	t.in.KeyboardEvent(&t.in, KBD_FLAGS_RELEASE | KBD_FLAGS_EXTENDED, 28);
	assert_int_equal(only(LINK_KEY)->key.flags, LINK_KEY_UP | LINK_KEY_EXTENDED);
	t.in.KeyboardEvent(&t.in, KBD_FLAGS_EXTENDED1, 29);
	assert_int_equal(only(LINK_KEY)->key.flags, LINK_KEY_EXTENDED1);
	assert_true(t.in.KeyboardEvent(&t.in, 0, 200)); /* no make code */
	assert_int_equal(t.count, 0);
}

static void surrogates_make_one_character(void **state)
{
	t.in.UnicodeKeyboardEvent(&t.in, 0, 0x20ac);
	assert_int_equal(only(LINK_UNICODE)->unicode.code_point, 0x20ac);
	t.in.UnicodeKeyboardEvent(&t.in, 0, 0xd83d);
	assert_int_equal(t.count, 0);
	t.in.UnicodeKeyboardEvent(&t.in, 0, 0xde00);
	assert_int_equal(only(LINK_UNICODE)->unicode.code_point, 0x1f600);
	t.in.UnicodeKeyboardEvent(&t.in, KBD_FLAGS_RELEASE, 0xd83d);
	t.in.UnicodeKeyboardEvent(&t.in, KBD_FLAGS_RELEASE, 0xde00);
	assert_int_equal(only(LINK_UNICODE)->unicode.flags, LINK_KEY_UP);
}

static void halves_alone_are_dropped(void **state)
{
	assert_true(t.in.UnicodeKeyboardEvent(&t.in, 0, 0xde00));
	assert_int_equal(t.count, 0);
	t.in.UnicodeKeyboardEvent(&t.in, 0, 0xd83d);
	t.in.UnicodeKeyboardEvent(&t.in, 0, 'a');
	assert_int_equal(only(LINK_UNICODE)->unicode.code_point, 'a');
	t.in.UnicodeKeyboardEvent(&t.in, 0, 0xde00); /* the half before was used up */
	t.in.UnicodeKeyboardEvent(&t.in, 0, 0);
	assert_int_equal(t.count, 0);
}

static void every_button_has_its_name(void **state)
{
	static const struct {
		int flags;
		enum link_button_name name;
		bool extended;
	} buttons[] = {
		{ PTR_FLAGS_BUTTON1, LINK_BUTTON_LEFT, false },
		{ PTR_FLAGS_BUTTON2, LINK_BUTTON_RIGHT, false },
		{ PTR_FLAGS_BUTTON3, LINK_BUTTON_MIDDLE, false },
		{ PTR_XFLAGS_BUTTON1, LINK_BUTTON_BACK, true },
		{ PTR_XFLAGS_BUTTON2, LINK_BUTTON_FORWARD, true },
	};

	for (int i = 0; i < 10; i++) {
		int flags = buttons[i / 2].flags | (i % 2 ? 0 : PTR_FLAGS_DOWN); /* the same bit for both */

		t.count = 0;
		if (buttons[i / 2].extended)
			t.in.ExtendedMouseEvent(&t.in, (UINT16)flags, 10, 20);
		else
			t.in.MouseEvent(&t.in, (UINT16)flags, 10, 20);
		assert_int_equal(t.count, 2); /* the place first */
		assert_int_equal(t.sent[0].type, LINK_POINTER);
		assert_true(t.sent[0].pointer.x == 10 && t.sent[0].pointer.y == 20);
		assert_int_equal(t.sent[1].type, LINK_BUTTON);
		assert_int_equal(t.sent[1].button.button, buttons[i / 2].name);
		assert_int_equal(t.sent[1].button.down, i % 2 ? 0 : 1);
	}
}

static void a_pointer_outside_stays_at_the_edge(void **state)
{
	const struct link_message *m;

	t.in.MouseEvent(&t.in, PTR_FLAGS_MOVE, 65535, 600);
	m = only(LINK_POINTER);
	assert_true(m->pointer.x == 799 && m->pointer.y == 599);
	t.input.width_px = 0; /* no desktop yet */
	assert_true(t.in.MouseEvent(&t.in, PTR_FLAGS_MOVE, 1, 1));
	assert_int_equal(t.count, 0);
}

static void synchronise_releases_and_sets_locks(void **state)
{
	t.in.SynchronizeEvent(&t.in, KBD_SYNC_NUM_LOCK | KBD_SYNC_CAPS_LOCK);
	assert_int_equal(t.count, 2);
	assert_int_equal(t.sent[0].type, LINK_RELEASE_ALL);
	assert_int_equal(t.sent[1].type, LINK_LOCKS);
	assert_int_equal(t.sent[1].locks.flags, LINK_LOCK_NUM | LINK_LOCK_CAPS);
	t.in.FocusInEvent(&t.in, KBD_SYNC_SCROLL_LOCK | KBD_SYNC_KANA_LOCK);
	assert_int_equal(t.sent[3].locks.flags, LINK_LOCK_SCROLL | LINK_LOCK_KANA);
}

static void the_layout_is_named(void **state)
{
	rdpSettings *settings = freerdp_settings_new(FREERDP_SETTINGS_SERVER_MODE);

	freerdp_settings_set_uint32(settings, FreeRDP_KeyboardLayout, 0x407);
	freerdp_settings_set_uint32(settings, FreeRDP_KeyboardType, 4);
	input_send_keymap(&t.input, settings);
	assert_int_equal(t.sent[0].keymap.type, 4);
	assert_int_equal(only(LINK_KEYMAP)->keymap.klid, 0x407);
	freerdp_settings_free(settings);
}

#define TEST(function) cmocka_unit_test_setup(function, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(wheels_have_their_sign_and_fine_steps),
		TEST(keys_have_their_prefix),
		TEST(surrogates_make_one_character),
		TEST(halves_alone_are_dropped),
		TEST(every_button_has_its_name),
		TEST(a_pointer_outside_stays_at_the_edge),
		TEST(synchronise_releases_and_sets_locks),
		TEST(the_layout_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
