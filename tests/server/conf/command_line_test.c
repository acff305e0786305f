#include <server/command_line.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { OPT_OWN = 1 };

static const struct option own_options[] = {
	{ "own", required_argument, NULL, OPT_OWN },
	{ NULL, 0, NULL, 0 },
};

static const char *own;

static int take(void *user, int option, const char *value)
{
	assert_ptr_equal(user, &own);
	assert_int_equal(option, OPT_OWN);
	own = value;
	return strcmp(value, "wrong") == 0 ? ERR_ARGUMENT : 0;
}

static const struct command_line_program program = { "test", own_options, take };

#define PARSE(line, ...) parse(line, (const char *[]){ "test", __VA_ARGS__, NULL })

static int parse(struct command_line *line, const char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	own = NULL;
	optind = 0; /* glibc: start anew */
	return command_line_parse(line, &program, &own, argc, (char **)argv);
}

static void test_common(void **unused)
{
	struct command_line line;

	assert_int_equal(PARSE(&line, "--config", "/a", "--log-level", "debug"), 0);
	assert_string_equal(line.config, "/a");
	assert_true(line.log_level_given);
	assert_int_equal(line.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(line.task, COMMAND_LINE_SERVE);
	assert_int_equal(PARSE(&line, "--check-config"), 0);
	assert_int_equal(line.task, COMMAND_LINE_CHECK);
	assert_null(line.config);
	assert_false(line.log_level_given);
	assert_int_equal(PARSE(&line, "-h"), 0);
	assert_int_equal(line.task, COMMAND_LINE_HELP);
	assert_int_equal(PARSE(&line, "--version"), 0);
	assert_int_equal(line.task, COMMAND_LINE_VERSION);
}

static void test_own(void **unused)
{
	struct command_line line;

	assert_int_equal(PARSE(&line, "--own", "fine", "--help"), 0);
	assert_string_equal(own, "fine");
	assert_int_equal(line.task, COMMAND_LINE_HELP);
	assert_int_equal(PARSE(&line, "--own", "wrong"), ERR_ARGUMENT);
}

static void test_wrong(void **unused)
{
	struct command_line line;

	assert_int_equal(PARSE(&line, "--log-level", "loud"), ERR_ARGUMENT);
	assert_int_equal(PARSE(&line, "word"), ERR_ARGUMENT);
	assert_int_equal(PARSE(&line, "--unknown"), ERR_ARGUMENT);
	assert_int_equal(PARSE(&line, "--config"), ERR_ARGUMENT);
}

static void test_load(void **unused)
{
	struct command_line line = { .config = "/nowhere/oriel.conf" };
	struct oriel_conf conf;
	struct conf_error error;

	assert_int_equal(command_line_load(&line, true, &conf, &error), ERR_MISSING);
	line = (struct command_line){
		.config = "/dev/null", .log_level_given = true, .log_level = LOG_LEVEL_WARN
	};
	assert_int_equal(command_line_load(&line, true, &conf, &error), 0);
	assert_int_equal(conf.log_level, LOG_LEVEL_WARN);
	line.log_level_given = false;
	assert_int_equal(command_line_load(&line, true, &conf, &error), 0);
	assert_int_equal(conf.log_level, LOG_LEVEL_INFO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_common),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
