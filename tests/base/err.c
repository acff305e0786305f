#include <base/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_error_has_a_phrase_of_its_own(void **state)
{
	for (int err = ERR_FORMAT; err >= ERR_TIMEOUT; err--) {
		assert_string_not_equal(err_text(err), "unknown error");
		for (int other = ERR_FORMAT; other > err; other--)
			assert_string_not_equal(err_text(err), err_text(other));
	}
	assert_string_equal(err_text(ERR_TIMEOUT - 1), "unknown error");
	assert_string_equal(err_text(0), "no error");
	assert_string_equal(err_text(7), "no error");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_has_a_phrase_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
