/* Reading and changing what a desktop publishes. */
#include "published.h"
#include <base/reader.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* Three settings: a text, Xft/DPI = 98304, a colour. XSETTINGS 0.5. */
static const uint8_t settings[] = {
	/* clang-format off */
	0, 0, 0, 0, 7, 0, 0, 0, 3, 0, 0, 0,
	1, 0, 5, 0, 'A', '/', 'T', 'x', 't', 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 'h', 'i', 0, 0,
	0, 0, 7, 0, 'X', 'f', 't', '/', 'D', 'P', 'I', 0, 6, 0, 0, 0, 0, 0x80, 1, 0,
	2, 0, 4, 0, 'C', '/', 'o', 'l', 1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
	/* clang-format on */
};

static void test_finds_int(void **state)
{
	struct published_int found = { 0 };

	assert_int_equal(published_find_int(settings, sizeof settings, "Xft/DPI", &found), 0);
	assert_int_equal(found.value, 98304);
	assert_int_equal(found.value_at, 52);
	assert_int_equal(found.changed_at, 48);
}

static void test_int_is_missing(void **state)
{
	struct published_int found = { 0 };

	assert_int_equal(published_find_int(settings, sizeof settings, "Xft/DP", &found), ERR_MISSING);
	assert_int_equal(published_find_int(settings, sizeof settings, "A/Txt", &found), ERR_MISSING);
}

static void test_every_cut_is_noticed(void **state)
{
	struct published_int found = { 0 };

	for (size_t len = 0; len < sizeof settings; len++) {
		uint8_t *copy = malloc(len ? len : 1);

		memcpy(copy, settings, len);
		assert_int_equal(published_find_int(copy, len, "Not/There", &found), ERR_FORMAT);
		free(copy);
	}
}

static void test_big_endian_is_refused(void **state)
{
	struct published_int found = { 0 };
	uint8_t copy[sizeof settings];

	memcpy(copy, settings, sizeof settings);
	copy[0] = 1;
	assert_int_equal(published_find_int(copy, sizeof copy, "Xft/DPI", &found), ERR_FORMAT);
}

static void becomes(const char *before, const char *after)
{
	char *text = published_set_resource(before, strlen(before), "Xft.dpi", 144);

	assert_non_null(text);
	assert_string_equal(text, after);
	free(text);
}

static void test_resource(void **state)
{
	becomes("", "Xft.dpi:\t144\n");
	becomes("a: b\n", "a: b\nXft.dpi:\t144\n");
	becomes("a: b", "a: b\nXft.dpi:\t144\n");
	becomes("Xft.dpi:\t96\na: b\n", "Xft.dpi:\t144\na: b\n");
	becomes("a: b\nXft.dpi: 96", "a: b\nXft.dpi:\t144\n");
	becomes("MyXft.dpi: 1\nXft.dpix: 2\n", "MyXft.dpi: 1\nXft.dpix: 2\nXft.dpi:\t144\n");
	assert_null(published_set_resource("Xft.dpi:\t144\n", 13, "Xft.dpi", 144));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_int),
		cmocka_unit_test(test_int_is_missing),
		cmocka_unit_test(test_every_cut_is_noticed),
		cmocka_unit_test(test_big_endian_is_refused),
		cmocka_unit_test(test_resource),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
