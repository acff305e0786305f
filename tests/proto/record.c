#include "exact.h"
#include <proto/record.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint8_t bytes[RECORD_LEN];
static struct record back;

static int parse(const void *data, size_t len)
{
	void *copy = exact_copy(data, len);
	int err = record_parse(&back, copy, len);

	free(copy);
	return err;
}

static const struct record example = {
	.state = RECORD_ACTIVE,
	.pid = 4711,
	.started_us = 0x123456789abcdef,
	.login_until_us = 0xfedcba987654321,
	.width_px = 1920,
	.height_px = 1080,
	.address = "2001:db8::1",
	.user = "zoë",
	.guest = "zoë-1",
	.client = "LAPTOP",
	.security = "nla",
	.reason = "closed by the client",
};

static void a_record_comes_back_as_it_was(void **state)
{
	record_write(&example, bytes);
	assert_int_equal(parse(bytes, RECORD_LEN), 0);
	assert_memory_equal(&back, &example, sizeof back);
}

static void another_length_is_malformed(void **state)
{
	record_write(&example, bytes);
	for (size_t len = 0; len < RECORD_LEN; len++)
		assert_int_equal(parse(bytes, len), ERR_FORMAT);
	assert_int_equal(record_parse(&back, bytes, RECORD_LEN + 1), ERR_FORMAT);
}

static void every_bound_is_held(void **state)
{
	static const struct {
		size_t offset;
		uint8_t value;
	} violations[] = {
		{ 0, 0 },                           /* not a record of this release */
		{ 4, 0 },                           /* state */
		{ 4, RECORD_ENDED + 1 },            /* state */
		{ 7, 1 },                           /* state */
		{ 11, 0x80 },                       /* pid: would be negative */
		{ 36 + 2, 0xff },                   /* address not UTF-8 */
		{ 36 + 5 * RECORD_TEXT_CAP, 0x80 }, /* reason likewise */
	};

	for (size_t i = 0; i < sizeof violations / sizeof *violations; i++) {
		record_write(&example, bytes);
		bytes[violations[i].offset] = violations[i].value;
		if (parse(bytes, RECORD_LEN) != ERR_FORMAT)
			fail_msg("violation %zu", i);
	}
	record_write(&example, bytes);
	memset(bytes + 36, 'a', RECORD_TEXT_CAP); /* address without NUL */
	assert_int_equal(parse(bytes, RECORD_LEN), ERR_FORMAT);
}

static void every_bound_can_be_reached(void **state)
{
	struct record rec = { .state = RECORD_LOGIN, .pid = INT32_MAX };

	record_write(&rec, bytes);
	assert_int_equal(parse(bytes, RECORD_LEN), 0);
	rec = (struct record){ .state = RECORD_ENDED };
	record_write(&rec, bytes);
	assert_int_equal(parse(bytes, RECORD_LEN), 0);
}

static void a_file_of_zeroes_is_malformed(void **state)
{
	memset(bytes, 0, sizeof bytes);
	assert_int_equal(parse(bytes, RECORD_LEN), ERR_FORMAT);
}

static void long_texts_are_cut(void **state)
{
	struct record rec = example;

	memset(rec.client, 'c', sizeof rec.client);
	record_write(&rec, bytes);
	assert_int_equal(parse(bytes, RECORD_LEN), 0);
	assert_int_equal(strlen(back.client), RECORD_TEXT_CAP - 1);
	assert_string_equal(back.security, "nla");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_comes_back_as_it_was),
		cmocka_unit_test(another_length_is_malformed),
		cmocka_unit_test(every_bound_is_held),
		cmocka_unit_test(every_bound_can_be_reached),
		cmocka_unit_test(a_file_of_zeroes_is_malformed),
		cmocka_unit_test(long_texts_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
