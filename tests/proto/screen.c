#include "exact.h"
#include <proto/screen.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint8_t packet[SCREEN_PACKET_MAX];

static int parse(struct screen_message *msg, const void *data, size_t len)
{
	void *copy = exact_copy(data, len);
	int err = screen_parse(msg, copy, len);

	free(copy);
	return err;
}

/* One valid message of each type, every field different. */
static const struct screen_message examples[] = {
	{ .type = SCREEN_HEADS, .heads = { 2, { { 0, 0, 1280, 800 }, { 1280, 16, 800, 600 } } } },
	{ .type = SCREEN_TARGET, .target = { 5, { 7, 1920, 1080, 7680 } } },
	{ .type = SCREEN_DROP, .drop = { 6 } },
	{ .type = SCREEN_READ, .read = { 9, 5, 2, { { 1, 2, 64, 32 }, { 8191, 10, 1, 8182 } } } },
	{ .type = SCREEN_SCANOUT, .scanout = { 1, 1280, 800 } },
	{ .type = SCREEN_SCANOUT, .scanout = { 3, 0, 0 } },
	{ .type = SCREEN_DAMAGE, .damage = { 2, 0x1234567890, { 3, 4, 5, 6 }, 10, { 7, 8, 9, 11 } } },
	{ .type = SCREEN_READ_DONE, .read_done = { 9, SCREEN_READ_LATER, 0x1234567899 } },
	{ .type = SCREEN_DROPPED, .drop = { 6 } },
	{ .type = SCREEN_CURSOR, .cursor = { 1, { 0, 384, 32, 383, 31 } } },
	{ .type = SCREEN_CURSOR, .cursor = { 2, { .hidden = 1 } } },
	{ .type = SCREEN_CURSOR_MOVED, .cursor_moved = { 1, 2, 3 } },
	{ .type = SCREEN_RESET, .reset = { 4, SCREEN_RESET_WATCHDOG } },
	{ .type = SCREEN_AWAIT, .await = { 10, 5 } },
};

static void every_message_comes_back_as_it_was(void **state)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct screen_message back;
		int len = screen_write(&examples[i], packet, sizeof packet);

		assert_true(len >= 4);
		assert_int_equal(parse(&back, packet, (size_t)len), 0);
		assert_memory_equal(&back, &examples[i], sizeof back);
	}
}

static void short_and_long_packets_are_malformed(void **state)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct screen_message back;
		int len = screen_write(&examples[i], packet, sizeof packet);

		for (int cut = 0; cut < len; cut++)
			assert_int_equal(parse(&back, packet, (size_t)cut), ERR_FORMAT);
		packet[len] = 0;
		assert_int_equal(parse(&back, packet, (size_t)len + 1), ERR_FORMAT);
	}
}

static void too_little_room_is_told_at_every_size(void **state)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		int len = screen_write(&examples[i], packet, sizeof packet);

		for (int cap = 0; cap < len; cap++) {
			uint8_t *room = exact_copy(packet, (size_t)cap);

			assert_int_equal(screen_write(&examples[i], room, (size_t)cap), ERR_SPACE);
			free(room);
		}
	}
}

static void bytes_are_those_of_the_contract(void **state)
{
	static const uint8_t damage[] = { 65, 0, 0, 0, 2, 0, 0, 0, 0x90, 0x78, 0x56, 0x34, 0x12, 0, 0, 0, 3,
		0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 10, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0,
		11, 0, 0, 0 };
	static const uint8_t target[] = { 2, 0, 0, 0, 5, 0, 0, 0, 7, 0, 0, 0, 0x80, 7, 0, 0, 0x38, 4, 0, 0, 0,
		0x1e, 0, 0 };

	assert_int_equal(screen_write(&examples[6], packet, sizeof packet), sizeof damage);
	assert_memory_equal(packet, damage, sizeof damage);
	assert_int_equal(screen_write(&examples[1], packet, sizeof packet), sizeof target);
	assert_memory_equal(packet, target, sizeof target);
}

static void the_greatest_message_fits(void **state)
{
	static struct screen_message msg, back;
	int len;

	msg = (struct screen_message){ .type = SCREEN_READ, .read = { .count = LINK_RECTS_MAX } };
	for (int i = 0; i < LINK_RECTS_MAX; i++)
		msg.read.rects[i] = (struct link_rect){ (uint32_t)i, 0, 1, 1 };
	len = screen_write(&msg, packet, sizeof packet);
	assert_true(len > 0);
	assert_int_equal(parse(&back, packet, (size_t)len), 0);
	assert_memory_equal(&back, &msg, sizeof msg);
}

/* One field of a valid packet, u32 at that offset, set to another value. */
struct edit {
	int example;
	size_t offset;
	uint32_t value;
};

static int parse_edited(const struct edit *edit, struct screen_message *back)
{
	int len = screen_write(&examples[edit->example], packet, sizeof packet);

	for (int byte = 0; byte < 4; byte++)
		packet[edit->offset + (size_t)byte] = (uint8_t)(edit->value >> 8 * byte);
	return parse(back, packet, (size_t)len);
}

static const struct edit violations[] = {
	{ 0, 4, 0 },                                       /* heads: none */
	{ 0, 4, 1 },                                       /* fewer than there are */
	{ 0, 4, SCREEN_HEADS_MAX + 1 },                    /* more than allowed */
	{ 0, 16, 0 },                                      /* empty */
	{ 0, 24, LINK_SIZE_MAX_PX },                       /* x beyond */
	{ 0, 28, 0xffffffff },                             /* y + height overflows */
	{ 1, 8, 0 },                                       /* target: no serial */
	{ 1, 12, LINK_SIZE_MAX_PX + 1 },                   /* width */
	{ 1, 16, 0 },                                      /* height */
	{ 1, 20, 7680 - 64 },                              /* stride below the width */
	{ 3, 12, 0 },                                      /* read: no rectangle */
	{ 3, 12, 1 },                                      /* fewer than there are */
	{ 3, 12, LINK_RECTS_MAX + 1 },                     /* more than allowed */
	{ 3, 12, 0xffffffff },                             /* likewise */
	{ 3, 24, 0 },                                      /* empty */
	{ 3, 40, LINK_SIZE_MAX_PX },                       /* too wide from there */
	{ 4, 4, SCREEN_HEADS_MAX },                        /* scanout: head */
	{ 4, 8, 0 },                                       /* neither ended nor a size */
	{ 4, 12, 0 },                                      /* likewise */
	{ 4, 8, LINK_SIZE_MAX_PX + 1 },                    /* width */
	{ 6, 4, SCREEN_HEADS_MAX },                        /* damage: head */
	{ 6, 24, 0 },                                      /* empty */
	{ 6, 20, LINK_SIZE_MAX_PX },                       /* y beyond */
	{ 6, 48, 0 },                                      /* of what is read: empty */
	{ 7, 8, SCREEN_READ_LATER + 1 },                   /* read done: result */
	{ 9, 4, SCREEN_HEADS_MAX },                        /* cursor: head */
	{ 9, 8, 1 },                                       /* hidden with an image */
	{ 9, 12, LINK_CURSOR_MAX_PX + 1 }, { 9, 20, 384 }, /* hot spot outside */
	{ 11, 4, SCREEN_HEADS_MAX },                       /* cursor moved: head */
	{ 11, 8, LINK_SIZE_MAX_PX },                       /* x beyond */
	{ 11, 12, LINK_SIZE_MAX_PX },                      /* y beyond */
	{ 12, 8, SCREEN_RESET_WATCHDOG + 1 },              /* reset: reason */
	{ 13, 4, 0 },                                      /* await: no serial */
};

static void every_bound_is_held(void **state)
{
	struct screen_message back;

	for (size_t i = 0; i < COUNT(violations); i++) {
		int err = parse_edited(&violations[i], &back);

		if (err != ERR_FORMAT)
			fail_msg("violation %zu: %d", i, err);
	}
}

/* The last values within. */
static const struct edit limits[] = {
	{ 0, 24, LINK_SIZE_MAX_PX - 800 },
	{ 1, 4, 0xffffffff },
	{ 1, 20, 4 * LINK_SIZE_MAX_PX },
	{ 3, 16, LINK_SIZE_MAX_PX - 64 },
	{ 4, 4, SCREEN_HEADS_MAX - 1 },
	{ 4, 8, LINK_SIZE_MAX_PX },
	{ 6, 24, LINK_SIZE_MAX_PX - 3 },
	{ 7, 8, SCREEN_READ_OK },
	{ 11, 8, LINK_SIZE_MAX_PX - 1 },
	{ 12, 8, SCREEN_RESET_DIED },
};

static void every_bound_can_be_reached(void **state)
{
	struct screen_message back;

	for (size_t i = 0; i < COUNT(limits); i++) {
		int err = parse_edited(&limits[i], &back);

		if (err != 0)
			fail_msg("limit %zu: %d", i, err);
	}
}

static void what_would_be_refused_is_not_written(void **state)
{
	static struct screen_message msg;

	msg = examples[3];
	msg.read.count = LINK_RECTS_MAX + 1;
	assert_int_equal(screen_write(&msg, packet, sizeof packet), ERR_ARGUMENT);
	msg.read.count = 0;
	assert_int_equal(screen_write(&msg, packet, sizeof packet), ERR_ARGUMENT);
	msg = examples[0];
	msg.heads.count = SCREEN_HEADS_MAX + 1;
	assert_int_equal(screen_write(&msg, packet, sizeof packet), ERR_ARGUMENT);
	msg.type = 200;
	assert_int_equal(screen_write(&msg, packet, sizeof packet), ERR_ARGUMENT);
}

static void unknown_types_are_told_apart(void **state)
{
	static const uint8_t unknown[] = { 200, 0, 0, 0, 1 }, not_zero[] = { 3, 0, 1, 0, 0, 0, 0, 0 };
	struct screen_message msg;

	assert_int_equal(parse(&msg, unknown, sizeof unknown), ERR_ARGUMENT);
	assert_int_equal(parse(&msg, not_zero, sizeof not_zero), ERR_FORMAT);
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
		cmocka_unit_test(what_would_be_refused_is_not_written),
		cmocka_unit_test(unknown_types_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
