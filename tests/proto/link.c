#include "exact.h"
#include <proto/link.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint8_t packet[LINK_PACKET_MAX];

static int parse(struct link_message *msg, const void *data, size_t len)
{
	void *copy = exact_copy(data, len);
	int err = link_parse(msg, copy, len);

	free(copy);
	return err;
}

/* One valid message of each type, every field different. */
static const struct link_message examples[] = {
	{ .type = LINK_HELLO, .hello = { LINK_VERSION, LINK_HELLO_SHARED, "192.0.2.7" } },
	{ .type = LINK_BUFFER, .buffer = { 7, 1920, 1080, 7680 } },
	{ .type = LINK_PULL, .pull = { 8, LINK_PULL_FULL } },
	{ .type = LINK_LAYOUT_SET,
			.layout = { 9, 2,
					{ { 0, 0, 1920, 1080, 100, LINK_MONITOR_PRIMARY },
							{ -800, 200, 800, 600, 150, 0 } } } },
	{ .type = LINK_KEY, .key = { 0x1d, LINK_KEY_UP | LINK_KEY_EXTENDED } },
	{ .type = LINK_UNICODE, .unicode = { 0x1f600, LINK_KEY_UP } },
	{ .type = LINK_POINTER, .pointer = { 100, 8191 } },
	{ .type = LINK_BUTTON, .button = { LINK_BUTTON_FORWARD, 1 } },
	{ .type = LINK_WHEEL, .wheel = { -30, LINK_WHEEL_MAX_120 } },
	{ .type = LINK_LOCKS, .locks = { LINK_LOCK_NUM | LINK_LOCK_KANA } },
	{ .type = LINK_KEYMAP, .keymap = { 0x407, 4, 5, 12 } },
	{ .type = LINK_RELEASE_ALL },
	{ .type = LINK_WELCOME, .welcome = { LINK_VERSION, "pattern" } },
	{ .type = LINK_FRAME,
			.frame = { 1, 2, 0x1234567890, 0x1234567899, 2,
					{ { 0, 0, 64, 64 }, { 8191, 10, 1, 8182 } } } },
	{ .type = LINK_LAYOUT, .layout = { 0, 1, { { 0, 0, 8192, 8192, 500, LINK_MONITOR_PRIMARY } } } },
	{ .type = LINK_CURSOR, .cursor = { 0, 384, 32, 383, 31 } },
	{ .type = LINK_CURSOR, .cursor = { .hidden = 1 } },
	{ .type = LINK_CURSOR_MOVED, .cursor_moved = { 1, 2 } },
	{ .type = LINK_BYE, .bye = { LINK_BYE_TAKEN_OVER, "von Zoë" } },
};

static void every_message_comes_back_as_it_was(void **state)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct link_message back;
		int len = link_write(&examples[i], packet, sizeof packet);

		assert_true(len >= 4);
		assert_int_equal(parse(&back, packet, (size_t)len), 0);
		assert_memory_equal(&back, &examples[i], sizeof back);
	}
}

static void short_and_long_packets_are_malformed(void **state)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct link_message back;
		int len = link_write(&examples[i], packet, sizeof packet);

		for (int cut = 0; cut < len; cut++)
			assert_int_equal(parse(&back, packet, (size_t)cut), ERR_FORMAT);
		packet[len] = 0;
		assert_int_equal(parse(&back, packet, (size_t)len + 1), ERR_FORMAT);
	}
}

static void too_little_room_is_told_at_every_size(void **state)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		int len = link_write(&examples[i], packet, sizeof packet);

		for (int cap = 0; cap < len; cap++) {
			uint8_t *room = exact_copy(packet, (size_t)cap);

			assert_int_equal(link_write(&examples[i], room, (size_t)cap), ERR_SPACE);
			free(room);
		}
	}
}

/* The format is a contract with guests of other releases: these bytes may not change. */
static void bytes_are_those_of_the_contract(void **state)
{
	static const uint8_t pull[] = { 3, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0 };
	static const uint8_t wheel[] = { 20, 0, 0, 0, 0xe2, 0xff, 0xff, 0xff, 0xe0, 0x2e, 0, 0 };
	static const uint8_t frame[] = { 65, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0x90, 0x78, 0x56, 0x34, 0x12, 0,
		0, 0, 0x99, 0x78, 0x56, 0x34, 0x12, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0,
		64, 0, 0, 0, 0xff, 0x1f, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0, 0xf6, 0x1f, 0, 0 };

	static const uint8_t layout[] = { 66, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0x20, 0, 0, 0, 0x20, 0, 0, 0xf4, 1, 0, 0, 1, 0, 0, 0 };

	assert_int_equal(link_write(&examples[14], packet, sizeof packet), sizeof layout);
	assert_memory_equal(packet, layout, sizeof layout);
	assert_int_equal(link_write(&examples[2], packet, sizeof packet), sizeof pull);
	assert_memory_equal(packet, pull, sizeof pull);
	assert_int_equal(link_write(&examples[8], packet, sizeof packet), sizeof wheel);
	assert_memory_equal(packet, wheel, sizeof wheel);
	assert_int_equal(link_write(&examples[13], packet, sizeof packet), sizeof frame);
	assert_memory_equal(packet, frame, sizeof frame);
}

static void the_greatest_message_fits(void **state)
{
	static struct link_message msg, back;
	int len;

	msg = (struct link_message){ .type = LINK_FRAME,
		.frame = { .buffer_serial = 1, .count = LINK_RECTS_MAX } };
	for (int i = 0; i < LINK_RECTS_MAX; i++)
		msg.frame.rects[i] = (struct link_rect){ (uint32_t)i, 0, 1, 1 };
	len = link_write(&msg, packet, sizeof packet);
	assert_true(len > 0);
	assert_int_equal(parse(&back, packet, (size_t)len), 0);
	assert_int_equal(back.frame.count, LINK_RECTS_MAX);
	assert_int_equal(back.frame.rects[LINK_RECTS_MAX - 1].x, LINK_RECTS_MAX - 1);
}

/* One field of a valid packet, u32 at that offset, set to another value. */
struct edit {
	int example;
	size_t offset;
	uint32_t value;
};

static int parse_edited(const struct edit *edit, struct link_message *back)
{
	int len = link_write(&examples[edit->example], packet, sizeof packet);

	for (int byte = 0; byte < 4; byte++)
		packet[edit->offset + (size_t)byte] = (uint8_t)(edit->value >> 8 * byte);
	return parse(back, packet, (size_t)len);
}

static const struct edit violations[] = {
	{ 0, 8, 2 },                                               /* hello: a flag that is not known */
	{ 1, 4, 0 },                                               /* buffer: serial */
	{ 1, 8, 0 },                                               /* width */
	{ 1, 8, LINK_SIZE_MAX_PX + 1 },                            /* width */
	{ 1, 12, 0 },                                              /* height */
	{ 1, 12, LINK_SIZE_MAX_PX + 1 },                           /* height */
	{ 1, 16, 7680 - 64 },                                      /* stride below the width */
	{ 1, 16, 7681 },                                           /* stride not a multiple of 64 */
	{ 1, 16, 4 * LINK_SIZE_MAX_PX + 64 },                      /* stride beyond what any buffer needs */
	{ 2, 8, 2 },                                               /* pull: flags */
	{ 3, 8, 0 },                                               /* layout: no monitor */
	{ 3, 8, 1 },                                               /* fewer than there are */
	{ 3, 8, 3 },                                               /* more than there are */
	{ 3, 8, LINK_MONITORS_MAX + 1 },                           /* more than allowed */
	{ 3, 12, 1 },                                              /* primary not at 0,0 */
	{ 3, 16, 1 },                                              /* likewise */
	{ 3, 20, 0 },                                              /* width */
	{ 3, 20, LINK_SIZE_MAX_PX + 1 },                           /* width */
	{ 3, 24, 0 },                                              /* height */
	{ 3, 28, 99 },                                             /* scale */
	{ 3, 28, 501 },                                            /* scale */
	{ 3, 32, 0 },                                              /* no primary */
	{ 3, 32, 3 },                                              /* unknown flag */
	{ 3, 56, 1 },                                              /* two primaries */
	{ 3, 36, 0x80000000 },                                     /* far to the left */
	{ 3, 40, 0x7fffffff },                                     /* far below */
	{ 4, 4, 128 },                                             /* key: scancode */
	{ 4, 8, 8 },                                               /* flags */
	{ 5, 4, 0xd800 },                                          /* unicode: surrogate */
	{ 5, 4, 0x110000 },                                        /* beyond the last */
	{ 5, 8, 2 },                                               /* flags */
	{ 6, 4, LINK_SIZE_MAX_PX },                                /* pointer */
	{ 6, 8, LINK_SIZE_MAX_PX },                                /* pointer */
	{ 7, 4, 0 },                                               /* button */
	{ 7, 4, 6 },                                               /* button */
	{ 7, 8, 2 },                                               /* neither up nor down */
	{ 8, 4, LINK_WHEEL_MAX_120 + 1 },                          /* wheel */
	{ 8, 8, (uint32_t)-LINK_WHEEL_MAX_120 - 1 }, { 9, 4, 16 }, /* locks */
	{ 13, 8, 0 },                                              /* frame: no buffer */
	{ 13, 28, 0 },                                             /* no rectangle */
	{ 13, 28, 1 },                                             /* fewer than there are */
	{ 13, 28, 3 },                                             /* more than there are */
	{ 13, 28, LINK_RECTS_MAX + 1 },                            /* more than allowed */
	{ 13, 28, 0xffffffff },                                    /* more than allowed */
	{ 13, 40, 0 },                                             /* empty */
	{ 13, 44, 0 },                                             /* empty */
	{ 13, 40, LINK_SIZE_MAX_PX + 1 },                          /* too wide */
	{ 13, 48, 0xffffffff },                                    /* x + width overflows */
	{ 13, 52, 11 },                                            /* beyond the lower end */
	{ 15, 4, 1 },                                              /* cursor: hidden with an image */
	{ 15, 4, 2 },                                              /* neither hidden nor not */
	{ 15, 8, 0 },                                              /* width */
	{ 15, 8, LINK_CURSOR_MAX_PX + 1 },                         /* width */
	{ 15, 12, LINK_CURSOR_MAX_PX + 1 },                        /* height */
	{ 15, 16, 384 },                                           /* hot spot outside */
	{ 15, 20, 32 },                                            /* hot spot outside */
	{ 16, 20, 1 },                                             /* hidden with a hot spot */
	{ 17, 4, LINK_SIZE_MAX_PX },                               /* cursor moved */
	{ 17, 8, LINK_SIZE_MAX_PX },                               /* cursor moved */
	{ 18, 4, 0 },                                              /* bye: reason */
	{ 18, 4, LINK_BYE_PROTOCOL + 1 },                          /* bye: reason */
	{ 18, 8, 0xc0c0c0c0 },                                     /* text not UTF-8 */
};

static void every_bound_is_held(void **state)
{
	struct link_message back;

	for (size_t i = 0; i < COUNT(violations); i++) {
		int err = parse_edited(&violations[i], &back);

		if (err != ERR_FORMAT)
			fail_msg("violation %zu: %d", i, err);
	}
}

/* The last values within. */
static const struct edit limits[] = {
	{ 0, 4, 0xffffffff }, /* a hello of any version */
	{ 1, 8, 1 },
	{ 1, 12, 1 },
	{ 1, 12, LINK_SIZE_MAX_PX },
	{ 1, 16, 4 * LINK_SIZE_MAX_PX },
	{ 3, 12 + 24, (uint32_t)(1920 - LINK_SIZE_MAX_PX) },
	{ 3, 12 + 28, LINK_SIZE_MAX_PX - 600 },
	{ 3, 20, 1 },
	{ 3, 24, 1 },
	{ 3, 28, 500 },
	{ 4, 4, 0 },
	{ 4, 4, 127 },
	{ 4, 8, 7 },
	{ 5, 4, 0 },
	{ 5, 4, 0xd7ff },
	{ 5, 4, 0xe000 },
	{ 5, 4, 0x10ffff },
	{ 5, 8, 0 },
	{ 6, 4, LINK_SIZE_MAX_PX - 1 },
	{ 7, 4, LINK_BUTTON_LEFT },
	{ 7, 8, 0 },
	{ 8, 4, (uint32_t)-LINK_WHEEL_MAX_120 },
	{ 8, 8, (uint32_t)-LINK_WHEEL_MAX_120 },
	{ 9, 4, 15 },
	{ 13, 32, LINK_SIZE_MAX_PX - 64 },
	{ 13, 40, LINK_SIZE_MAX_PX },
	{ 13, 44, LINK_SIZE_MAX_PX },
	{ 15, 12, LINK_CURSOR_MAX_PX },
	{ 17, 4, LINK_SIZE_MAX_PX - 1 },
	{ 17, 8, LINK_SIZE_MAX_PX - 1 },
	{ 18, 4, LINK_BYE_ENDED },
	{ 18, 4, LINK_BYE_PROTOCOL },
};

static void every_bound_can_be_reached(void **state)
{
	static const struct link_message wide = { .type = LINK_BUFFER,
		.buffer = { 1, LINK_SIZE_MAX_PX, 1, 4 * LINK_SIZE_MAX_PX } };
	struct link_message back;

	for (size_t i = 0; i < COUNT(limits); i++) {
		int err = parse_edited(&limits[i], &back);

		if (err != 0)
			fail_msg("limit %zu: %d", i, err);
	}
	assert_true(link_write(&wide, packet, sizeof packet) > 0);
}

static void sixteen_monitors_fit(void **state)
{
	struct link_message msg = { .type = LINK_LAYOUT, .layout = { .count = LINK_MONITORS_MAX } }, back;
	int len;

	for (int i = 0; i < LINK_MONITORS_MAX; i++)
		msg.layout.monitors[i] = (struct link_monitor){ 10 * i, 0, 10, 10, 100, i == 0 };
	len = link_write(&msg, packet, sizeof packet);
	assert_true(len > 0);
	assert_int_equal(parse(&back, packet, (size_t)len), 0);
	assert_memory_equal(&back, &msg, sizeof msg);
}

static void what_would_be_refused_is_not_written(void **state)
{
	struct link_message msg = examples[6];

	msg.pointer.x = LINK_SIZE_MAX_PX;
	assert_int_equal(link_write(&msg, packet, sizeof packet), ERR_ARGUMENT);
	msg = examples[13];
	msg.frame.count = LINK_RECTS_MAX + 1;
	assert_int_equal(link_write(&msg, packet, sizeof packet), ERR_ARGUMENT);
	msg.frame.count = 0;
	assert_int_equal(link_write(&msg, packet, sizeof packet), ERR_ARGUMENT);
	msg.frame.count = 1;
	assert_true(link_write(&msg, packet, sizeof packet) > 0);
	msg = examples[3];
	msg.layout.count = LINK_MONITORS_MAX + 1;
	assert_int_equal(link_write(&msg, packet, sizeof packet), ERR_ARGUMENT);
	msg.type = 200;
	assert_int_equal(link_write(&msg, packet, sizeof packet), ERR_ARGUMENT);
}

static void unknown_types_are_told_apart(void **state)
{
	static const uint8_t unknown[] = { 200, 0, 0, 0, 1, 2, 3 }, not_zero[] = { 3, 0, 1, 0 };
	struct link_message msg;

	assert_int_equal(parse(&msg, unknown, sizeof unknown), ERR_ARGUMENT);
	assert_int_equal(parse(&msg, not_zero, sizeof not_zero), ERR_FORMAT);
}

static void a_hello_of_another_version_can_be_answered(void **state)
{
	struct link_message msg = { .type = LINK_HELLO, .hello = { LINK_VERSION + 1, 0x10, "x" } }, back;
	int len = link_write(&msg, packet, sizeof packet);

	assert_true(len > 0);
	assert_int_equal(parse(&back, packet, (size_t)len), 0);
	assert_int_equal(back.hello.version, LINK_VERSION + 1);
}

static void texts_end_and_are_utf8(void **state)
{
	struct link_message msg = { .type = LINK_WELCOME, .welcome = { .version = 1 } }, back;
	int len;

	/* Without NUL: cut, here in the middle of a letter of two bytes. */
	memset(msg.welcome.kind, 'a', LINK_TEXT_CAP);
	memcpy(msg.welcome.kind + LINK_TEXT_CAP - 2, "\xc3\xab", 2);
	len = link_write(&msg, packet, sizeof packet);
	assert_int_equal(parse(&back, packet, (size_t)len), 0);
	assert_int_equal(strlen(back.welcome.kind), LINK_TEXT_CAP - 1);
	assert_int_equal(back.welcome.kind[LINK_TEXT_CAP - 2], '?');

	/* A packet whose text fills its block. */
	packet[len - 1] = 'a';
	assert_int_equal(parse(&back, packet, (size_t)len), ERR_FORMAT);
}

static void what_follows_the_nul_does_not_leak(void **state)
{
	struct link_message msg = examples[12], back;
	int len = link_write(&msg, packet, sizeof packet);

	packet[len - 1] = 0;
	memset(packet + len - 20, 'x', 10);
	assert_int_equal(parse(&back, packet, (size_t)len), 0);
	assert_memory_equal(&back, &msg, sizeof msg);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_comes_back_as_it_was),
		cmocka_unit_test(short_and_long_packets_are_malformed),
		cmocka_unit_test(too_little_room_is_told_at_every_size),
		cmocka_unit_test(bytes_are_those_of_the_contract),
		cmocka_unit_test(the_greatest_message_fits),
		cmocka_unit_test(every_bound_is_held),
		cmocka_unit_test(every_bound_can_be_reached),
		cmocka_unit_test(sixteen_monitors_fit),
		cmocka_unit_test(what_would_be_refused_is_not_written),
		cmocka_unit_test(unknown_types_are_told_apart),
		cmocka_unit_test(a_hello_of_another_version_can_be_answered),
		cmocka_unit_test(texts_end_and_are_utf8),
		cmocka_unit_test(what_follows_the_nul_does_not_leak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
