#include "exact.h"
#include <proto/agent.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int parse(struct agent_message *msg, const char *line, size_t len)
{
	char *copy = exact_copy(line, len);
	int err = agent_parse(msg, copy, len);

	free(copy);
	return err;
}

static const struct {
	struct agent_message msg;
	const char *line;
} examples[] = {
	{ { .type = AGENT_LAYOUT, .layout = { 7, 150, 2, { { 0, 0, 1280, 800 }, { 1280, 16, 800, 600 } } } },
			"layout 7 150 1280x800+0+0 800x600+1280+16\n" },
	{ { .type = AGENT_KEYMAP, .klid = 0x407 }, "keymap 1031\n" },
	{ { .type = AGENT_LOCKS, .locks = 15 }, "locks 15\n" },
	{ { .type = AGENT_TEXT, .code_point = 0x10ffff }, "text 1114111\n" },
	{ { .type = AGENT_WHEEL, .horizontal_120 = -90 }, "wheel 90 0\n" },
	{ { .type = AGENT_WHEEL, .horizontal_120 = LINK_WHEEL_MAX_120 }, "wheel 0 12000\n" },
	{ { .type = AGENT_HELLO, .version = UINT32_MAX }, "hello 4294967295\n" },
	{ { .type = AGENT_LAYOUT_DONE, .layout_done = { 7, 1 } }, "layout-done 7 1\n" },
	{ { .type = AGENT_TYPED, .typed = UINT32_MAX }, "typed 4294967295\n" },
};

static void every_message_has_its_line(void **state)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		size_t want = strlen(examples[i].line);
		char line[AGENT_LINE_MAX];
		struct agent_message back;

		assert_int_equal(agent_write(&examples[i].msg, line, sizeof line), want);
		assert_memory_equal(line, examples[i].line, want);
		assert_int_equal(parse(&back, line, want - 1), 0);
		assert_memory_equal(&back, &examples[i].msg, sizeof back);
	}
}

static void cut_lines_are_malformed_or_another_number(void **state)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		const char *line = examples[i].line;
		struct agent_message back;

		for (size_t cut = 0; cut < strlen(line) - 1; cut++) {
			bool digit = cut && line[cut - 1] >= '0' && line[cut - 1] <= '9';

			if (!digit)
				assert_int_equal(parse(&back, line, cut), ERR_FORMAT);
			else
				(void)!parse(&back, line, cut);
		}
	}
}

static void too_little_room_is_told_at_every_size(void **state)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		size_t len = strlen(examples[i].line);

		for (size_t cap = 0; cap < len; cap++) {
			char *room = exact_copy(examples[i].line, cap);

			assert_int_equal(agent_write(&examples[i].msg, room, cap), ERR_SPACE);
			free(room);
		}
	}
}

static void malformed_lines_are_refused(void **state)
{
	static const char *const lines[] = { "", " ", "nothing", "layout", "layout 1 100", "layout 1 100 ",
		"layout 1 99 1x1+0+0", "layout 1 501 1x1+0+0", "layout 1 100 0x1+0+0", "layout 1 100 1x1+0",
		"layout 1 100 8193x1+0+0", "layout 1 100 1x1+8192+0", "layout 1 100 1x1-1+0",
		"layout 1 100 1x1+0+0 ", "layout 1 100  1x1+0+0",
		"layout 1 100 1x1+0+0 1x1+0+0 1x1+0+0 1x1+0+0 1x1+0+0", "layouts 1 100 1x1+0+0", "keymap",
		"keymap 4294967296", "keymap 99999999999999999999999", "keymap 01", "keymap +1", "keymap -1",
		"keymap 1 ", "keymap 1 1", "keymap\t1", "locks 16", "text 0", "text 55296", "text 57343",
		"text 1114112", "text a", "wheel 1", "wheel 0 0", "wheel 1 1", "wheel 12001 0",
		"wheel 0 4294967295", "wheel -1 0", "hello", "layout-done 1", "layout-done 1 2", "HELLO 1" };

	for (size_t i = 0; i < COUNT(lines); i++) {
		struct agent_message msg;

		if (parse(&msg, lines[i], strlen(lines[i])) != ERR_FORMAT)
			fail_msg("taken: %s", lines[i]);
	}
}

static void the_last_values_within_are_taken(void **state)
{
	static const char *const lines[] = { "layout 0 500 8192x8192+0+0", "layout 0 100 1x1+8191+8191",
		"keymap 0", "locks 0", "text 55295", "text 57344", "text 1", "wheel 12000 0", "hello 0" };

	for (size_t i = 0; i < COUNT(lines); i++) {
		struct agent_message msg;

		if (parse(&msg, lines[i], strlen(lines[i])) != 0)
			fail_msg("refused: %s", lines[i]);
	}
}

static void the_longest_line_fits(void **state)
{
	struct agent_message msg = { .type = AGENT_LAYOUT,
		.layout = { UINT32_MAX, 500, AGENT_HEADS_MAX, { { 0 } } } };
	char line[AGENT_LINE_MAX];

	for (int i = 0; i < AGENT_HEADS_MAX; i++)
		msg.layout.heads[i] = (struct link_rect){ 4096, 4096, 4096, 4096 };
	assert_true(agent_write(&msg, line, sizeof line) > 0);
}

static void what_would_be_refused_is_not_written(void **state)
{
	struct agent_message msg = { .type = AGENT_LAYOUT,
		.layout = { 1, 100, AGENT_HEADS_MAX + 1, { { 0 } } } };
	char line[AGENT_LINE_MAX];

	assert_int_equal(agent_write(&msg, line, sizeof line), ERR_ARGUMENT);
	msg.layout.count = 0;
	assert_int_equal(agent_write(&msg, line, sizeof line), ERR_ARGUMENT);
	msg = (struct agent_message){ .type = AGENT_TYPED + 1 };
	assert_int_equal(agent_write(&msg, line, sizeof line), ERR_ARGUMENT);
}

static size_t feed(struct agent_lines *lines, const char *bytes, size_t count, size_t *len)
{
	size_t ended = 0;

	for (size_t i = 0; i < count; i++)
		ended += agent_lines_take(lines, bytes[i], len);
	return ended;
}

static void lines_come_in_any_pieces(void **state)
{
	static const char bytes[] = "one\ntwo\n";
	struct agent_lines lines = { .len = 0 };
	size_t len;

	assert_int_equal(feed(&lines, bytes, 2, &len), 0);
	assert_int_equal(feed(&lines, bytes + 2, 2, &len), 1);
	assert_int_equal(len, 3);
	assert_memory_equal(lines.line, "one", 3);
	assert_int_equal(feed(&lines, bytes + 4, 4, &len), 1);
	assert_memory_equal(lines.line, "two", 3);
	assert_int_equal(feed(&lines, "\n", 1, &len), 1);
	assert_int_equal(len, 0);
}

static void a_line_too_long_is_skipped_whole(void **state)
{
	struct agent_lines lines = { .len = 0 };
	char bytes[AGENT_LINE_MAX + 1];
	size_t len;

	memset(bytes, 'x', sizeof bytes);
	assert_int_equal(feed(&lines, bytes, AGENT_LINE_MAX, &len), 0);
	assert_int_equal(feed(&lines, "\n", 1, &len), 1);
	assert_int_equal(len, AGENT_LINE_MAX);
	for (int i = 0; i < 3; i++)
		assert_int_equal(feed(&lines, bytes, sizeof bytes, &len), 0);
	assert_int_equal(feed(&lines, "\nshort\n", 7, &len), 1);
	assert_memory_equal(lines.line, "short", 5);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_has_its_line),
		cmocka_unit_test(cut_lines_are_malformed_or_another_number),
		cmocka_unit_test(too_little_room_is_told_at_every_size),
		cmocka_unit_test(malformed_lines_are_refused),
		cmocka_unit_test(the_last_values_within_are_taken),
		cmocka_unit_test(the_longest_line_fits),
		cmocka_unit_test(what_would_be_refused_is_not_written),
		cmocka_unit_test(lines_come_in_any_pieces),
		cmocka_unit_test(a_line_too_long_is_skipped_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
