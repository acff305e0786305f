/* What a program gets of what a session types: a terminal in a UTF-8 locale, whose
 * input comes back through a FIFO. */
#include "x11_stage.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	SHIFT = 0x2a,
	CONTROL = 0x1d,
	ALT = 0x38, /* with LINK_KEY_EXTENDED: AltGr */
	KEY_A = 0x1e,
	KEY_E = 0x12,
	KEY_Z = 0x2c,
	KEY_SPACE = 0x39,
	PLAIN = 0,
	WITH_SHIFT = 1,
	WITH_ALTGR = 2,
	DEAD = 4, /* KEY_E follows: the accent's letter */
};

static struct stage stage;
static int typed_fd = -1;

static int setup(void **state)
{
	char path[96], command[512];

	stage_prepare(&stage);
	snprintf(path, sizeof path, "%s/typed", stage.dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	stage_own(path);
	typed_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(typed_fd >= 0);
	snprintf(command, sizeof command,
			"xterm -u8 -geometry 80x24+0+0 -e sh -c 'exec >%s; stty raw -echo; printf R; exec cat'",
			path);
	stage_start(&stage, command, "800x600");
	stage_expect_text(&stage, typed_fd, "R");
	/* Without a window manager the keys go where the pointer is. */
	stage_pointer(&stage, 100, 100);
	return 0;
}

static int teardown(void **state)
{
	stage_finish(&stage);
	close(typed_fd);
	return 0;
}

static void shifted(uint32_t scancode)
{
	stage_key(&stage, SHIFT, 0);
	stage_tap(&stage, scancode, 0);
	stage_key(&stage, SHIFT, LINK_KEY_UP);
}

static void with_altgr(uint32_t scancode)
{
	stage_key(&stage, ALT, LINK_KEY_EXTENDED);
	stage_tap(&stage, scancode, 0);
	stage_key(&stage, ALT, LINK_KEY_EXTENDED | LINK_KEY_UP);
}

static void test_us(void **state)
{
	stage_keymap(&stage, 0x409);
	shifted(0x23);
	stage_tap(&stage, 0x12, 0);
	stage_tap(&stage, 0x26, 0);
	stage_tap(&stage, 0x26, 0);
	stage_tap(&stage, 0x18, 0);
	shifted(0x02);
	stage_tap(&stage, 0x1c, 0);
	stage_tap(&stage, 0x1c, LINK_KEY_EXTENDED);
	stage_expect_text(&stage, typed_fd, "Hello!\r\r");
}

struct sample {
	uint32_t klid;
	uint32_t scancode;
	int how;
	const char *want;
};

static const struct sample samples[] = {
	{ 0x409, 0x15, PLAIN, "y" },
	{ 0x407, 0x15, PLAIN, "z" },
	{ 0x407, 0x2c, PLAIN, "y" },
	{ 0x407, 0x1a, PLAIN, "ü" },
	{ 0x407, 0x28, WITH_SHIFT, "Ä" },
	{ 0x407, 0x0c, PLAIN, "ß" },
	{ 0x407, 0x10, WITH_ALTGR, "@" },
	{ 0x407, 0x12, WITH_ALTGR, "€" },
	{ 0x407, 0x29, DEAD, "ê" },
	{ 0x407, 0x0d, DEAD, "é" },
	{ 0x40c, 0x10, PLAIN, "a" },
	{ 0x40c, 0x1e, PLAIN, "q" },
	{ 0x40c, 0x27, PLAIN, "m" },
	{ 0x40c, 0x03, PLAIN, "é" },
	{ 0x40c, 0x03, WITH_SHIFT, "2" },
	{ 0x40c, 0x0b, WITH_ALTGR, "@" },
	{ 0x40c, 0x1a, DEAD, "ê" },
	{ 0x809, 0x04, WITH_SHIFT, "£" },
	{ 0x80c, 0x04, PLAIN, "\"" },
	{ 0x40a, 0x27, PLAIN, "ñ" },
	{ 0x40a, 0x28, DEAD, "é" },
	{ 0x80a, 0x27, PLAIN, "ñ" },
	{ 0x410, 0x27, PLAIN, "ò" },
	{ 0x41d, 0x1a, PLAIN, "å" },
	{ 0x414, 0x27, PLAIN, "ø" },
	{ 0x406, 0x27, PLAIN, "æ" },
	{ 0x40b, 0x28, PLAIN, "ä" },
	{ 0x807, 0x1a, PLAIN, "ü" },
	{ 0x100c, 0x1a, PLAIN, "è" },
	{ 0xc07, 0x1a, PLAIN, "ü" },
	{ 0x816, 0x27, PLAIN, "ç" },
	{ 0x416, 0x27, PLAIN, "ç" },
	{ 0x416, 0x73, PLAIN, "/" },
	{ 0x411, 0x1a, PLAIN, "@" },
	{ 0x411, 0x03, WITH_SHIFT, "\"" },
	{ 0x411, 0x73, WITH_SHIFT, "_" },
	{ 0x419, 0x1e, PLAIN, "ф" },
	{ 0x419, 0x10, WITH_SHIFT, "Й" },
	{ 0x422, 0x1f, PLAIN, "і" },
	{ 0x415, 0x1e, WITH_ALTGR, "ą" },
	{ 0x405, 0x03, PLAIN, "ě" },
	{ 0x41b, 0x03, PLAIN, "ľ" },
	{ 0x40e, 0x1a, PLAIN, "ő" },
	{ 0x41f, 0x17, PLAIN, "ı" },
	{ 0x408, 0x1e, PLAIN, "α" },
	{ 0x40d, 0x1e, PLAIN, "ש" },
	{ 0x401, 0x23, PLAIN, "ا" },
	{ 0x412, 0x1e, PLAIN, "a" },
	{ 0x20409, 0x28, DEAD, "é" },
	{ 0x413, 0x1e, PLAIN, "a" },
	{ 0x418, 0x27, PLAIN, "ș" },
	{ 0x41a, 0x27, PLAIN, "č" },
	{ 0x424, 0x27, PLAIN, "č" },
	{ 0xc0c, 0x35, PLAIN, "é" },
};

/* Each key follows its layout at once. */
static void test_layouts(void **state)
{
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		const struct sample *s = &samples[i];

		stage_keymap(&stage, s->klid);
		if (s->how == WITH_SHIFT)
			shifted(s->scancode);
		else if (s->how == WITH_ALTGR)
			with_altgr(s->scancode);
		else
			stage_tap(&stage, s->scancode, 0);
		if (s->how == DEAD)
			stage_tap(&stage, KEY_E, 0);
		print_message("%08x %02x: %s\n", s->klid, s->scancode, s->want);
		stage_expect_text(&stage, typed_fd, s->want);
	}
}

static void test_second_group_is_latin(void **state)
{
	stage_keymap(&stage, 0x419);
	stage_tap(&stage, KEY_A, 0);
	stage_key(&stage, ALT, 0);
	stage_tap(&stage, SHIFT, 0);
	stage_key(&stage, ALT, LINK_KEY_UP);
	stage_tap(&stage, KEY_A, 0);
	/* A program asks for the map when it gets to the event: so before the next. */
	stage_expect_text(&stage, typed_fd, "фa");
	stage_keymap(&stage, 0x409);
	stage_tap(&stage, KEY_A, 0);
	stage_expect_text(&stage, typed_fd, "a");
}

static void type_utf8(const char *text)
{
	for (const uint8_t *at = (const uint8_t *)text; *at;) {
		int more = *at < 0x80 ? 0 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;
		uint32_t code = more ? *at & (0x3f >> more) : *at;

		for (at++; more > 0; more--)
			code = code << 6 | (*at++ & 0x3f);
		stage_text(&stage, code);
	}
}

static const char sentence[] =
		"Grüße an Ærøskøbing, ŁÓDŹ & İstanbul; Привет, Ελλάς, שלום, 你好, 日本語, 한국어! "
		"😀🎉🦊 𝔘𝔫𝔦 ½ № „so“ a\u0301 ~^`'\"";

static void test_unicode(void **state)
{
	stage_keymap(&stage, 0x409);
	type_utf8(sentence);
	stage_expect_text(&stage, typed_fd, sentence);
}

static void test_unicode_in_other_layouts(void **state)
{
	static const uint32_t klids[] = { 0x407, 0x40c, 0x411, 0x419 };

	for (size_t i = 0; i < sizeof klids / sizeof *klids; i++) {
		stage_keymap(&stage, klids[i]);
		type_utf8("az AZ 19 щЮ ^´` €");
		stage_expect_text(&stage, typed_fd, "az AZ 19 щЮ ^´` €");
	}
	stage_keymap(&stage, 0x409);
}

static void test_unicode_controls(void **state)
{
	type_utf8("a\tb\rc\x1b\x01");
	stage_text(&stage, 8);
	type_utf8("d");
	stage_expect_text(&stage, typed_fd,
			"a\tb\rc\x1b\x7f"
			"d");
}

static void lock(uint32_t flags)
{
	stage_send(&stage, &(struct link_message){ .type = LINK_LOCKS, .locks = { flags } });
}

static void test_locks(void **state)
{
	stage_keymap(&stage, 0x409);
	lock(LINK_LOCK_CAPS | LINK_LOCK_NUM);
	stage_tap(&stage, KEY_A, 0);
	stage_tap(&stage, 0x4f, 0); /* keypad 1 */
	type_utf8("aäÄ");
	stage_tap(&stage, KEY_A, 0);
	lock(LINK_LOCK_SCROLL);
	stage_tap(&stage, KEY_A, 0);
	lock(0);
	stage_tap(&stage, 0x3a, 0); /* Caps Lock */
	stage_tap(&stage, KEY_A, 0);
	stage_tap(&stage, 0x3a, 0);
	stage_tap(&stage, KEY_A, 0);
	stage_expect_text(&stage, typed_fd, "A1aäÄAaAa");
}

static void test_unicode_while_keys_are_held(void **state)
{
	stage_key(&stage, SHIFT, 0);
	type_utf8("aäB");
	stage_key(&stage, SHIFT, LINK_KEY_UP);
	stage_key(&stage, CONTROL, 0);
	type_utf8("c");
	stage_key(&stage, CONTROL, LINK_KEY_UP);
	stage_expect_text(&stage, typed_fd, "aäB\x03");
}

/* Text before a change of the layout stays what it is. */
static void test_unicode_before_another_layout(void **state)
{
	type_utf8("щж");
	stage_keymap(&stage, 0x407);
	stage_tap(&stage, 0x15, 0);
	type_utf8("фъ");
	stage_keymap(&stage, 0x409);
	stage_tap(&stage, 0x15, 0);
	stage_expect_text(&stage, typed_fd, "щжzфъy");
}

/* Many more characters than there are spare keys, as fast as the link takes them,
 * with ordinary keys in between. */
static void test_unicode_flood(void **state)
{
	enum { COUNT = 700 };
	char *want = calloc(COUNT, 4), *at = want;

	for (uint32_t i = 0; i < COUNT; i++) {
		uint32_t code = 0x4e00 + i * 7 % 5000;

		if (i % 50 == 49) {
			stage_tap(&stage, KEY_A, 0);
			*at++ = 'a';
			continue;
		}
		stage_text(&stage, code);
		*at++ = (char)(0xe0 | code >> 12);
		*at++ = (char)(0x80 | (code >> 6 & 0x3f));
		*at++ = (char)(0x80 | (code & 0x3f));
	}
	stage_expect_text(&stage, typed_fd, want);
	free(want);
}

static void test_repetition_is_the_clients(void **state)
{
	stage_key(&stage, KEY_A, 0);
	stage_key(&stage, KEY_A, 0);
	stage_key(&stage, KEY_A, 0);
	stage_key(&stage, KEY_A, LINK_KEY_UP);
	stage_key(&stage, SHIFT, 0);
	stage_key(&stage, SHIFT, 0);
	stage_tap(&stage, KEY_Z, 0);
	stage_key(&stage, SHIFT, LINK_KEY_UP);
	stage_tap(&stage, KEY_Z, 0);
	stage_expect_text(&stage, typed_fd, "aaaZz");
}

/* E1 1D 45 is one key; Num Lock stays as it is. */
static void test_pause(void **state)
{
	lock(LINK_LOCK_NUM);
	stage_key(&stage, 0x1d, LINK_KEY_EXTENDED1);
	stage_key(&stage, 0x45, 0);
	stage_key(&stage, 0x1d, LINK_KEY_EXTENDED1 | LINK_KEY_UP);
	stage_key(&stage, 0x45, LINK_KEY_UP);
	stage_tap(&stage, 0x4f, 0);
	stage_tap(&stage, 0x45, 0); /* Num Lock itself, off and on */
	stage_tap(&stage, 0x45, 0);
	stage_tap(&stage, 0x50, 0);
	lock(0);
	stage_expect_text(&stage, typed_fd, "12");
}

static void test_held_keys_go_up_with_the_session(void **state)
{
	stage_key(&stage, SHIFT, 0);
	stage_tap(&stage, KEY_A, 0);
	stage_expect_text(&stage, typed_fd, "A");
	stage_reattach(&stage);
	stage_tap(&stage, KEY_A, 0);
	stage_key(&stage, SHIFT, 0);
	stage_send(&stage, &(struct link_message){ .type = LINK_RELEASE_ALL });
	stage_tap(&stage, KEY_A, 0);
	stage_expect_text(&stage, typed_fd, "aa");
}

/* Somebody on the desktop changes the layout: the next characters are right all the same. */
static void test_setxkbmap(void **state)
{
	stage_keymap(&stage, 0x409);
	type_utf8("щ");
	stage_expect_text(&stage, typed_fd, "щ");
	assert_int_equal(system("setxkbmap fr"), 0);
	stage_full_frame(&stage); /* the guest has seen it by then */
	stage_tap(&stage, 0x10, 0);
	type_utf8("щaq");
	stage_expect_text(&stage, typed_fd, "aщaq");
	stage_keymap(&stage, 0x409);
	stage_tap(&stage, 0x10, 0);
	stage_expect_text(&stage, typed_fd, "q");
}

/* Another program types on the desktop by changing keys, as xdotool does, which gives the
 * terminal that long to ask what a key means. */
static void test_another_typist(void **state)
{
	for (int i = 0; i < 2; i++) {
		type_utf8("щ");
		stage_expect_text(&stage, typed_fd, "щ");
		assert_int_equal(system("xdotool type --delay 1000 'λ的π'"), 0);
		stage_expect_text(&stage, typed_fd, "λ的π");
	}
}

static void test_unknown_keys_do_nothing(void **state)
{
	stage_tap(&stage, 0, 0);
	stage_tap(&stage, 0x7f, 0);
	stage_tap(&stage, 0x5e, LINK_KEY_EXTENDED);
	stage_tap(&stage, 0x2a, LINK_KEY_EXTENDED);
	stage_tap(&stage, 0x20, LINK_KEY_EXTENDED1);
	stage_tap(&stage, KEY_SPACE, 0);
	stage_expect_text(&stage, typed_fd, " ");
}

/* The last one: cmocka does not count what fails in a teardown. */
static void test_ends_in_order(void **state)
{
	stage_finish(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_us),
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_second_group_is_latin),
		cmocka_unit_test(test_unicode),
		cmocka_unit_test(test_unicode_in_other_layouts),
		cmocka_unit_test(test_unicode_controls),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_unicode_while_keys_are_held),
		cmocka_unit_test(test_unicode_before_another_layout),
		cmocka_unit_test(test_unicode_flood),
		cmocka_unit_test(test_repetition_is_the_clients),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_held_keys_go_up_with_the_session),
		cmocka_unit_test(test_setxkbmap),
		cmocka_unit_test(test_another_typist),
		cmocka_unit_test(test_unknown_keys_do_nothing),
		cmocka_unit_test(test_ends_in_order),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
