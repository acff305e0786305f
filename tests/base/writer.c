#include <base/writer.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void numbers_are_little_endian(void **state)
{
	static const uint8_t want[] = { 1, 3, 2, 7, 6, 5, 4, 15, 14, 13, 12, 11, 10, 9, 8, 'a', 'b', 0, 0 };
	uint8_t bytes[sizeof want];
	struct writer w = writer_init(bytes, sizeof bytes);

	memset(bytes, 0xaa, sizeof bytes);
	writer_u8(&w, 1);
	writer_u16(&w, 0x0203);
	writer_u32(&w, 0x04050607);
	writer_u64(&w, 0x08090a0b0c0d0e0f);
	writer_copy(&w, "ab", 2);
	writer_zero(&w, 2);
	assert_int_equal(writer_len(&w), sizeof want);
	assert_memory_equal(bytes, want, sizeof want);
}

/* Each kind of write, one byte short, in a block of exactly that size. */
static void writes_beyond_the_end_fail_and_write_nothing(void **state)
{
	static const size_t sizes[] = { 1, 2, 4, 3, 3 };

	for (int kind = 0; kind < 5; kind++) {
		size_t cap = sizes[kind] - 1;
		uint8_t *block = calloc(1, cap ? cap : 1);
		struct writer w = writer_init(block, cap);

		switch (kind) {
		case 0: writer_u8(&w, 0xff); break;
		case 1: writer_u16(&w, 0xffff); break;
		case 2: writer_u32(&w, 0xffffffff); break;
		case 3: writer_copy(&w, "abc", 3); break;
		case 4: writer_zero(&w, 3); break;
		}
		assert_int_equal(writer_len(&w), ERR_SPACE);
		for (size_t i = 0; i < cap; i++)
			assert_int_equal(block[i], 0);
		free(block);
	}
}

static void a_failed_writer_stays_failed(void **state)
{
	uint8_t bytes[3] = { 0 };
	struct writer w = writer_init(bytes, sizeof bytes);

	writer_u16(&w, 0x0101);
	writer_u16(&w, 0x0202);
	writer_u8(&w, 3); /* there would be room */
	assert_null(writer_take(&w, 0));
	assert_int_equal(writer_len(&w), ERR_SPACE);
	assert_memory_equal(bytes, "\1\1\0", 3);
}

static void a_huge_length_does_not_wrap(void **state)
{
	uint8_t bytes[8];
	struct writer w = writer_init(bytes, sizeof bytes);

	writer_u8(&w, 1);
	assert_null(writer_take(&w, SIZE_MAX));
	assert_int_equal(writer_len(&w), ERR_SPACE);
}

static void taken_room_can_be_filled_later(void **state)
{
	uint8_t bytes[6];
	struct writer w = writer_init(bytes, sizeof bytes);
	uint8_t *length = writer_take(&w, 4);

	writer_u16(&w, 0xbbaa);
	store_u32(length, 0x04030201);
	assert_memory_equal(bytes, "\1\2\3\4\xaa\xbb", 6);
	store_u16(length, 0x0605);
	assert_memory_equal(bytes, "\5\6\3\4\xaa\xbb", 6);
}

static void no_room_takes_nothing(void **state)
{
	struct writer w = writer_init(NULL, 0);

	assert_int_equal(writer_len(&w), 0);
	writer_u8(&w, 1);
	assert_int_equal(writer_len(&w), ERR_SPACE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_little_endian),
		cmocka_unit_test(writes_beyond_the_end_fail_and_write_nothing),
		cmocka_unit_test(a_failed_writer_stays_failed),
		cmocka_unit_test(a_huge_length_does_not_wrap),
		cmocka_unit_test(taken_room_can_be_filled_later),
		cmocka_unit_test(no_room_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
