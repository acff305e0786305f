#include <base/log.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static int real_stderr, captured;
static char text[4096];

/* Between start and stop standard error goes into a memory file. */
static void capture_start(void)
{
	captured = memfd_create("stderr", MFD_CLOEXEC);
	real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(captured, STDERR_FILENO);
}

/* What was written, in text. Returns the number of lines. */
static int capture_stop(void)
{
	ssize_t len = pread(captured, text, sizeof text - 1, 0);
	int lines = 0;

	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(captured);
	assert_true(len >= 0);
	text[len] = 0;
	for (ssize_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	return lines;
}

static int reset(void **state)
{
	unsetenv("JOURNAL_STREAM");
	log_init("test", LOG_LEVEL_INFO);
	log_set_tag("");
	log_limit(0);
	return 0;
}

static void a_line_has_time_level_component_and_text(void **state)
{
	int year, month, day, hour, minute, second, ms, end = 0;

	capture_start();
	log_warn("%d of %s", 3, "four");
	assert_int_equal(capture_stop(), 1);
	assert_int_equal(sscanf(text, "%4d-%2d-%2d %2d:%2d:%2d.%3d %n", &year, &month, &day, &hour, &minute,
					 &second, &ms, &end),
			7);
	assert_string_equal(text + end, "warn  test: 3 of four\n");
}

static void under_systemd_a_line_starts_with_its_priority(void **state)
{
	setenv("JOURNAL_STREAM", "8:1", 1);
	log_init("test", LOG_LEVEL_DEBUG);
	log_set_tag("s1");
	capture_start();
	log_error("a");
	log_warn("b");
	log_info("c");
	log_debug("d");
	assert_int_equal(capture_stop(), 4);
	assert_string_equal(text, "<3>test s1: a\n<4>test s1: b\n<6>test s1: c\n<7>test s1: d\n");
}

static void lower_levels_are_left_out(void **state)
{
	log_init("test", LOG_LEVEL_WARN);
	capture_start();
	log_info("no");
	log_debug("no");
	log_warn("yes");
	log_error("yes");
	assert_int_equal(capture_stop(), 2);
	assert_null(strstr(text, "no"));
}

static void control_characters_cannot_forge_a_line(void **state)
{
	char all[34];

	for (int i = 0; i < 31; i++)
		all[i] = (char)(i + 1);
	strcpy(all + 31, "\x7f.");
	capture_start();
	log_error("%s", all);
	assert_int_equal(capture_stop(), 1);
	assert_non_null(strstr(text, "test: ????????????????????????????????.\n"));
}

/* U+0080 to U+009F are control characters too: terminals obey U+009B as ESC [. */
static void control_characters_of_two_bytes_are_replaced(void **state)
{
	capture_start();
	log_error("a\xc2\x9b"
		  "31mb \xc2\x80\xc2\x9f \xc2\xa0 \xc3\x9b \xc2");
	assert_int_equal(capture_stop(), 1);
	assert_non_null(strstr(text, "test: a??31mb ???? \xc2\xa0 \xc3\x9b \xc2\n"));
}

static void a_tag_cannot_forge_a_line_either(void **state)
{
	log_set_tag("x\nerror");
	capture_start();
	log_error("a");
	assert_int_equal(capture_stop(), 1);
	assert_non_null(strstr(text, "test x?error: a\n"));
}

static void a_long_tag_is_cut_to_31_bytes(void **state)
{
	log_set_tag("0123456789012345678901234567890123456789");
	capture_start();
	log_error("a");
	capture_stop();
	assert_non_null(strstr(text, "test 0123456789012345678901234567890: a\n"));
}

static void a_long_line_is_cut_and_ends(void **state)
{
	static char longer[3000];

	/* Around the length at which cutting begins. */
	for (int len = 950; len < 1030; len++) {
		memset(longer, 'x', (size_t)len);
		longer[len] = 0;
		capture_start();
		log_error("%s", longer);
		assert_int_equal(capture_stop(), 1);
		assert_true(strlen(text) < 1024);
		assert_string_equal(text + strlen(text) - 2, "x\n");
	}
	memset(longer, 'x', sizeof longer - 1);
	capture_start();
	log_error("%s", longer);
	log_error("next");
	assert_int_equal(capture_stop(), 2);
	assert_true(strchr(text, '\n') - text < 1024);
	assert_true(strchr(text, '\n') - text > 1000);
	assert_non_null(strstr(text, "xx\n"));
	assert_non_null(strstr(text, "test: next\n"));
}

static void logging_leaves_errno_alone(void **state)
{
	capture_start();
	close(STDERR_FILENO);
	errno = ENOTDIR;
	log_error("nobody sees this");
	assert_int_equal(errno, ENOTDIR);
	dup2(captured, STDERR_FILENO);
	errno = ENOTDIR;
	log_error("open: %m");
	assert_int_equal(errno, ENOTDIR);
	assert_int_equal(capture_stop(), 1);
	assert_non_null(strstr(text, "open: Not a directory\n"));
}

static void levels_have_names(void **state)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	enum log_level level;

	for (int i = 0; i < 4; i++) {
		assert_true(log_level_parse(names[i], &level));
		assert_int_equal(level, i);
		assert_string_equal(log_level_text(level), names[i]);
	}
	assert_false(log_level_parse("warning", &level));
	assert_false(log_level_parse("", &level));
}

/* A minute may end meanwhile: then as many again. */
static void of_too_much_the_rest_is_left_out(void **state)
{
	int lines;

	log_limit(3);
	capture_start();
	for (int i = 0; i < 10; i++)
		log_warn("guest's word %d", i);
	log_error("ours");
	lines = capture_stop();
	assert_in_range(lines, 3 + 1 + 1, 2 * (3 + 1) + 1);
	assert_non_null(strstr(text, "guest's word 2\n"));
	if (lines == 5)
		assert_null(strstr(text, "guest's word 3\n"));
	assert_non_null(strstr(text, "too much is said; the rest of this minute is left out\n"));
	assert_non_null(strstr(text, "ours\n"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_line_has_time_level_component_and_text, reset),
		cmocka_unit_test_setup(under_systemd_a_line_starts_with_its_priority, reset),
		cmocka_unit_test_setup(lower_levels_are_left_out, reset),
		cmocka_unit_test_setup(control_characters_cannot_forge_a_line, reset),
		cmocka_unit_test_setup(control_characters_of_two_bytes_are_replaced, reset),
		cmocka_unit_test_setup(a_tag_cannot_forge_a_line_either, reset),
		cmocka_unit_test_setup(a_long_tag_is_cut_to_31_bytes, reset),
		cmocka_unit_test_setup(a_long_line_is_cut_and_ends, reset),
		cmocka_unit_test_setup(of_too_much_the_rest_is_left_out, reset),
		cmocka_unit_test_setup(logging_leaves_errno_alone, reset),
		cmocka_unit_test_setup(levels_have_names, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
