#include <base/reader.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0xff, 0xfe, 0xff, 0xff,
	0xff, 0xff };

static void numbers_are_little_endian(void **state)
{
	struct reader r = reader_init(bytes, sizeof bytes);

	assert_int_equal(reader_u8(&r), 1);
	assert_int_equal(reader_u16(&r), 0x0302);
	assert_int_equal(reader_u32(&r), 0x07060504);
	assert_true(reader_u64(&r) == 0x0f0e0d0c0b0a0908);
	assert_int_equal(reader_s16(&r), -257);
	assert_int_equal(reader_s32(&r), -1);
	assert_true(reader_done(&r));
}

static void the_top_bit_of_a_number_is_kept(void **state)
{
	static const uint8_t high[] = { 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x80 };
	struct reader r = reader_init(high, sizeof high);

	assert_true(reader_u32(&r) == 0x80000000u);
	assert_true(reader_u64(&r) == 0x8000000000000000u);
}

/* Each kind of read, one byte short, in a block of exactly that size. */
static void reads_beyond_the_end_give_zero_and_fail(void **state)
{
	static const size_t sizes[] = { 1, 2, 4, 8 };

	for (int kind = 0; kind < 4; kind++) {
		size_t len = sizes[kind] - 1;
		uint8_t *block = malloc(len + 1);
		struct reader r;
		uint64_t got;

		memset(block, 0xaa, len + 1);
		block = realloc(block, len ? len : 1);
		r = reader_init(block, len);
		got = kind == 0 ? reader_u8(&r) : kind == 1 ? reader_u16(&r) : kind == 2 ? reader_u32(&r) : 0;
		assert_true(got == 0);
		if (kind == 3)
			reader_u64(&r);
		assert_false(reader_ok(&r));
		assert_false(reader_done(&r));
		free(block);
	}
}

static void a_failed_reader_stays_failed(void **state)
{
	struct reader r = reader_init(bytes, 3);

	reader_u16(&r);
	assert_int_equal(reader_u16(&r), 0);
	assert_int_equal(reader_left(&r), 0);
	assert_int_equal(reader_u8(&r), 0); /* one byte is there, but no longer read */
	assert_null(reader_take(&r, 0));
	assert_false(reader_ok(&r));
}

static void take_lends_bytes_of_the_block(void **state)
{
	struct reader r = reader_init(bytes, 4);

	assert_ptr_equal(reader_take(&r, 3), bytes);
	assert_ptr_equal(reader_take(&r, 0), bytes + 3);
	assert_int_equal(reader_left(&r), 1);
	assert_null(reader_take(&r, 2));
}

static void a_huge_length_does_not_wrap(void **state)
{
	struct reader r = reader_init(bytes, sizeof bytes);

	reader_u8(&r);
	assert_null(reader_take(&r, SIZE_MAX));
	assert_false(reader_ok(&r));
}

static void copy_gives_zeroes_when_short(void **state)
{
	struct reader r = reader_init(bytes, 3);
	uint8_t got[4];

	reader_copy(&r, got, 2);
	assert_memory_equal(got, bytes, 2);
	memset(got, 0xaa, sizeof got);
	reader_copy(&r, got, 4);
	assert_memory_equal(got, "\0\0\0\0", 4);
	assert_false(reader_ok(&r));
}

static void a_sub_reader_is_bounded(void **state)
{
	struct reader r = reader_init(bytes, 5);
	struct reader sub = reader_sub(&r, 2);

	assert_int_equal(reader_left(&r), 3);
	assert_int_equal(reader_u16(&sub), 0x0201);
	assert_int_equal(reader_u8(&sub), 0);
	assert_false(reader_ok(&sub));
	assert_true(reader_ok(&r));
	sub = reader_sub(&r, 4);
	assert_false(reader_ok(&sub));
	assert_int_equal(reader_left(&sub), 0);
	assert_false(reader_ok(&r));
}

static void nothing_can_be_read(void **state)
{
	struct reader r = reader_init(NULL, 0), sub;

	assert_true(reader_done(&r));
	assert_non_null(reader_take(&r, 0));
	sub = reader_sub(&r, 0);
	assert_true(reader_done(&sub));
	reader_copy(&r, NULL, 0);
	assert_true(reader_done(&r));
	assert_int_equal(reader_u8(&r), 0);
	assert_false(reader_done(&r));
}

static void bytes_that_are_left_are_not_done(void **state)
{
	struct reader r = reader_init(bytes, 2);

	reader_u8(&r);
	assert_true(reader_ok(&r));
	assert_false(reader_done(&r));
	reader_u8(&r);
	assert_true(reader_done(&r));
	reader_fail(&r);
	assert_false(reader_done(&r));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_little_endian),
		cmocka_unit_test(the_top_bit_of_a_number_is_kept),
		cmocka_unit_test(reads_beyond_the_end_give_zero_and_fail),
		cmocka_unit_test(a_failed_reader_stays_failed),
		cmocka_unit_test(take_lends_bytes_of_the_block),
		cmocka_unit_test(a_huge_length_does_not_wrap),
		cmocka_unit_test(copy_gives_zeroes_when_short),
		cmocka_unit_test(a_sub_reader_is_bounded),
		cmocka_unit_test(nothing_can_be_read),
		cmocka_unit_test(bytes_that_are_left_are_not_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
