/* Tables and sums of the X11 guest: layouts, scancodes, wheels. */
#include "klid.h"
#include "scancode.h"
#include "wheel.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>
#include <xkbcommon/xkbcommon.h>

static void is_layout(uint32_t klid, const char *layout, const char *variant)
{
	const struct klid_layout *found = klid_find(klid);

	assert_string_equal(found->layout, layout);
	assert_string_equal(found->variant, variant);
}

static void test_klid_exact(void **state)
{
	is_layout(0x00000409, "us", "");
	is_layout(0x00020409, "us", "intl");
	is_layout(0x00000809, "gb", "");
	is_layout(0x00000407, "de", "");
	is_layout(0x00000807, "ch", "");
	is_layout(0x0000100c, "ch", "fr");
	is_layout(0x00000c0c, "ca", "fr-legacy");
	is_layout(0x00000411, "jp", "");
	is_layout(0x00010416, "br", "");
	is_layout(0x0000080a, "latam", "");
}

static void test_klid_falls_back(void **state)
{
	is_layout(0xa0000407, "de", "");    /* a layout that somebody made */
	is_layout(0xe0010411, "jp", "");    /* an input method */
	is_layout(0x00001407, "de", "");    /* Liechtenstein: the language's first */
	is_layout(0x0000300a, "latam", ""); /* Ecuador */
	is_layout(0x00001401, "ara", "");
	is_layout(0, "us", "");
	is_layout(0xffffffff, "us", "");
}

static void test_klid_symbols(void **state)
{
	char text[KLID_SYMBOLS_CAP];

	klid_symbols(klid_find(0x407), false, text);
	assert_string_equal(text, "pc+de+inet(evdev)");
	klid_symbols(klid_find(0x20409), false, text);
	assert_string_equal(text, "pc+us(intl)+inet(evdev)");
	klid_symbols(klid_find(0x20409), true, text);
	assert_string_equal(text, "pc+us+inet(evdev)");
	klid_symbols(klid_find(0x419), false, text);
	assert_string_equal(text, "pc+ru+us:2+inet(evdev)+group(alt_shift_toggle)");
	assert_string_equal(klid_keycodes(klid_find(0x40c)), "evdev+aliases(azerty)");
	assert_string_equal(klid_keycodes(klid_find(0x407)), "evdev+aliases(qwertz)");
	assert_string_equal(klid_keycodes(klid_find(0x409)), "evdev+aliases(qwerty)");
}

static struct xkb_keymap *compile(struct xkb_context *context, const struct klid_layout *row, bool plain)
{
	const struct xkb_rule_names names = { .rules = "evdev",
		.model = "pc105",
		.layout = row->layout,
		.variant = plain ? "" : row->variant };

	return xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
}

static bool has_latin_letters(struct xkb_keymap *map)
{
	for (xkb_keycode_t key = KEYCODE_MIN; key <= KEYCODE_MAX; key++) {
		const xkb_keysym_t *symbols;

		if (xkb_keymap_key_get_syms_by_level(map, key, 0, 0, &symbols) == 1 && symbols[0] >= 'a' &&
				symbols[0] <= 'z')
			return true;
	}
	return false;
}

/* xkeyboard-config has each row's layout, and its variant too but for a few that
 * come and go with its versions; those rows work without. */
static void test_klid_rows_exist(void **state)
{
	struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_FLAGS);
	const struct klid_layout *rows;
	size_t count;
	int without = 0;

	rows = klid_table(&count);
	assert_true(count > 90);
	for (size_t i = 0; i < count; i++) {
		struct xkb_keymap *map = compile(context, &rows[i], false);
		bool complete = map != NULL;

		if (!complete)
			map = compile(context, &rows[i], true);
		if (!map || (complete && has_latin_letters(map) == rows[i].add_latin))
			fail_msg("%08x: %s(%s)", rows[i].klid, rows[i].layout, rows[i].variant);
		without += !complete;
		xkb_keymap_unref(map);
	}
	xkb_context_unref(context);
	assert_in_range(without, 0, 3);
}

static void test_klid_rows_fit_and_differ(void **state)
{
	const struct klid_layout *rows;
	size_t count;

	rows = klid_table(&count);
	for (size_t i = 0; i < count; i++) {
		char text[KLID_SYMBOLS_CAP];

		klid_symbols(&rows[i], false, text);
		assert_true(strlen(text) < sizeof text - 1);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(rows[i].klid, rows[k].klid);
	}
}

static void test_scancodes(void **state)
{
	assert_int_equal(scancode_to_keycode(0x01, false), 9);   /* Escape */
	assert_int_equal(scancode_to_keycode(0x1e, false), 38);  /* A */
	assert_int_equal(scancode_to_keycode(0x45, false), 77);  /* Num Lock */
	assert_int_equal(scancode_to_keycode(0x53, false), 91);  /* keypad . */
	assert_int_equal(scancode_to_keycode(0x56, false), 94);  /* beside left Shift */
	assert_int_equal(scancode_to_keycode(0x58, false), 96);  /* F12 */
	assert_int_equal(scancode_to_keycode(0x64, false), 191); /* F13 */
	assert_int_equal(scancode_to_keycode(0x6e, false), 201); /* F23 */
	assert_int_equal(scancode_to_keycode(0x73, false), 97);  /* Ro */
	assert_int_equal(scancode_to_keycode(0x7d, false), 132); /* Yen */
	assert_int_equal(scancode_to_keycode(0x1c, true), 104);  /* keypad Enter */
	assert_int_equal(scancode_to_keycode(0x38, true), 108);  /* AltGr */
	assert_int_equal(scancode_to_keycode(0x49, true), 112);  /* Page Up */
	assert_int_equal(scancode_to_keycode(0x53, true), 119);  /* Delete */
	assert_int_equal(scancode_to_keycode(0x5b, true), 133);  /* Windows key */
	assert_int_equal(scancode_to_keycode(0x5d, true), 135);  /* Menu */
}

static void test_scancodes_that_are_none(void **state)
{
	assert_int_equal(scancode_to_keycode(0, false), 0);
	assert_int_equal(scancode_to_keycode(0, true), 0);
	assert_int_equal(scancode_to_keycode(0x2a, true), 0); /* old keyboards' made-up Shift */
	assert_int_equal(scancode_to_keycode(0x5e, true), 0); /* power */
	assert_int_equal(scancode_to_keycode(0x7f, false), 0);
	assert_int_equal(scancode_to_keycode(0x80, false), 0);
	assert_int_equal(scancode_to_keycode(UINT32_MAX, true), 0);
}

/* A key of its own each, but for those that stand for the same key. */
static void test_scancodes_differ(void **state)
{
	uint8_t seen[KEYCODE_MAX + 1] = { 0 };
	int count = 0;

	for (uint32_t code = 0; code < SCANCODE_COUNT; code++)
		count += seen[scancode_to_keycode(code, false)]++ == 0;
	assert_true(count > 100);
	for (int keycode = KEYCODE_MIN; keycode <= KEYCODE_MAX; keycode++)
		assert_true(seen[keycode] <= 1 || keycode == 129);
}

static void test_wheel_keeps_the_rest(void **state)
{
	struct wheel wheel = { 0 };

	assert_int_equal(wheel_turn(&wheel, 120), 1);
	assert_int_equal(wheel_turn(&wheel, 50), 0);
	assert_int_equal(wheel_turn(&wheel, 50), 0);
	assert_int_equal(wheel_turn(&wheel, 50), 1);
	assert_int_equal(wheel.rest_120, 30);
	assert_int_equal(wheel_turn(&wheel, 330), 3);
	assert_int_equal(wheel_turn(&wheel, 0), 0);
}

static void test_wheel_turns_back(void **state)
{
	struct wheel wheel = { 0 };

	assert_int_equal(wheel_turn(&wheel, 119), 0);
	assert_int_equal(wheel_turn(&wheel, -120), -1);
	assert_int_equal(wheel_turn(&wheel, -60), 0);
	assert_int_equal(wheel_turn(&wheel, -60), -1);
}

static void test_wheel_is_bounded(void **state)
{
	struct wheel wheel = { .rest_120 = 119 };

	assert_int_equal(wheel_turn(&wheel, INT32_MAX), WHEEL_CLICKS_MAX);
	assert_int_equal(wheel_turn(&wheel, INT32_MIN), -WHEEL_CLICKS_MAX);
	assert_in_range(wheel.rest_120 + WHEEL_NOTCH, 1, 2 * WHEEL_NOTCH - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_klid_exact),
		cmocka_unit_test(test_klid_falls_back),
		cmocka_unit_test(test_klid_symbols),
		cmocka_unit_test(test_klid_rows_exist),
		cmocka_unit_test(test_klid_rows_fit_and_differ),
		cmocka_unit_test(test_scancodes),
		cmocka_unit_test(test_scancodes_that_are_none),
		cmocka_unit_test(test_scancodes_differ),
		cmocka_unit_test(test_wheel_keeps_the_rest),
		cmocka_unit_test(test_wheel_turns_back),
		cmocka_unit_test(test_wheel_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
