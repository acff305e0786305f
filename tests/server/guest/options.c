#include <server/guest_options.h>

#include <proto/link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { OPT_OWN = 1, OPT_FLAG };

static const struct option own[] = {
	{ "own", required_argument, NULL, OPT_OWN },
	{ "flag", no_argument, NULL, OPT_FLAG },
	{ NULL, 0, NULL, 0 },
};

struct taken {
	uint32_t number;
	bool flag;
};

static bool take(void *user, int option, const char *value)
{
	struct taken *taken = user;

	if (option == OPT_OWN)
		return guest_options_number(value, 3, 7, &taken->number);
	assert_int_equal(option, OPT_FLAG);
	taken->flag = true;
	return true;
}

#define PARSE(options, taken, ...) parse(options, taken, (const char *[]){ "test", __VA_ARGS__, NULL })

static int parse(struct guest_options *options, struct taken *taken, const char **argv)
{
	static const struct guest_options_program program = { "test", 64, own, take };
	int argc = 0;

	while (argv[argc])
		argc++;
	*options = (struct guest_options){ .width_px = 1920, .height_px = 1080 };
	*taken = (struct taken){ 0 };
	optind = 0; /* glibc: start anew */
	return guest_options_parse(options, &program, taken, argc, (char **)argv);
}

static void test_right(void **unused)
{
	struct guest_options options;
	struct taken taken;

	assert_int_equal(PARSE(&options, &taken, "--dir", "/a"), 0);
	assert_string_equal(options.dir, "/a");
	assert_int_equal(options.width_px, 1920);
	assert_int_equal(options.height_px, 1080);
	assert_false(options.help);
	assert_int_equal(PARSE(&options, &taken, "--size=64x8192", "--own", "7", "--flag", "--dir", "/b"), 0);
	assert_int_equal(options.width_px, 64);
	assert_int_equal(options.height_px, LINK_SIZE_MAX_PX);
	assert_int_equal(taken.number, 7);
	assert_true(taken.flag);
	assert_int_equal(PARSE(&options, &taken, "--help"), 0);
	assert_true(options.help);
}

static void test_wrong(void **unused)
{
	static const char *const sizes[] = { "63x100", "100x63", "8193x100", "100x8193", "100", "100x",
		"x100", "100x100x100", "-100x100", "+100x100", " 100x100", "100x 100", "100X100", "0x64x100",
		"99999999999999999999x100", "" };
	struct guest_options options;
	struct taken taken;

	assert_int_equal(PARSE(&options, &taken, "--flag"), ERR_ARGUMENT); /* no --dir */
	assert_int_equal(PARSE(&options, &taken, "--dir", ""), ERR_ARGUMENT);
	assert_int_equal(PARSE(&options, &taken, "--dir", "/a", "word"), ERR_ARGUMENT);
	assert_int_equal(PARSE(&options, &taken, "--dir", "/a", "--own", "8"), ERR_ARGUMENT);
	assert_int_equal(PARSE(&options, &taken, "--dir", "/a", "--own", "2"), ERR_ARGUMENT);
	assert_int_equal(PARSE(&options, &taken, "--dir", "/a", "--unknown"), ERR_ARGUMENT);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		assert_int_equal(PARSE(&options, &taken, "--dir", "/a", "--size", sizes[i]), ERR_ARGUMENT);
}

static void test_broker(void **unused)
{
	static const char *const cases[][2] = { { "/run/oriel/guests/ann", "/run/oriel/vgpu" },
		{ "/a/b", "/vgpu" }, { "/a", "/vgpu" } };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		guest_options_broker(path, cases[i][0]);
		assert_string_equal(path, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_broker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
