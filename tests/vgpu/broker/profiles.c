#include <profiles.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int parse(struct profiles *profiles, const char *text, int *line)
{
	profiles_init(profiles);
	return profiles_parse(profiles, text, strlen(text), line);
}

static void test_defaults(void **state)
{
	struct profiles profiles;
	int line;

	assert_int_equal(parse(&profiles, "", &line), 0);
	assert_int_equal(profiles_find(&profiles, "")->limits.weight, 100);
	assert_ptr_equal(profiles_find(&profiles, "default"), profiles_find(&profiles, ""));
	assert_null(profiles_find(&profiles, "office"));
}

static void test_lines(void **state)
{
	struct profiles profiles;
	const struct profile *p;
	int line;

	assert_int_equal(parse(&profiles,
					 "# what we sell\n\ndefault weight=50\n"
					 "office heads=1 size=1920x1080\tmemory=256\r\n"
					 "cad weight=1000 gpu=renderD129",
					 &line),
			0);
	p = profiles_find(&profiles, "office");
	assert_int_equal(p->limits.heads_max, 1);
	assert_int_equal(p->limits.width_px, 1920);
	assert_int_equal(p->limits.height_px, 1080);
	assert_int_equal(p->limits.video_memory_bytes, 256 << 20);
	assert_int_equal(p->limits.weight, 50);
	p = profiles_find(&profiles, "cad");
	assert_int_equal(p->limits.heads_max, 2);
	assert_int_equal(p->limits.weight, 1000);
	assert_string_equal(p->gpu, "renderD129");
	assert_int_equal(profiles_find(&profiles, "")->limits.weight, 50);
}

static void test_wrong_lines(void **state)
{
	static const char *const wrong[] = { "office heads=0", "office heads=5",
		"office heads=", "office heads=1x", "office size=1920", "office size=1920x",
		"office size=x1080", "office size=1920x1080x2", "office size=99999x1080", "office memory=1",
		"office memory=-1", "office memory=99999999999999999999", "office weight=1001",
		"office gpu=", "office gpu=../x", "office speed=1", "office heads", "of/fice heads=1", "a\na",
		"office office" };
	struct profiles profiles;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		int line;

		if (parse(&profiles, wrong[i], &line) != ERR_FORMAT)
			fail_msg("taken: %s", wrong[i]);
		assert_int_equal(line, strchr(wrong[i], '\n') ? 2 : 1);
	}
}

static void test_many(void **state)
{
	static char text[PROFILES_MAX * 16 + 16];
	struct profiles profiles;
	size_t len = 0;
	int line;

	for (int i = 1; i < PROFILES_MAX; i++)
		len += (size_t)sprintf(text + len, "p%d\n", i);
	assert_int_equal(parse(&profiles, text, &line), 0);
	strcpy(text + len, "more\n");
	assert_int_equal(parse(&profiles, text, &line), ERR_SPACE);
	assert_int_equal(line, PROFILES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_wrong_lines),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
