#include <codec/zgfx.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void wraps_one_segment(void **state)
{
	static const uint8_t want[] = { 0xe0, 0x04, 'a', 'b', 'c' };
	struct zgfx_encoder *enc = zgfx_encoder_create(0);
	uint8_t bytes[64];

	assert_int_equal(zgfx_encode(enc, "abc", 3, bytes, sizeof bytes), sizeof want);
	assert_memory_equal(bytes, want, sizeof want);
	zgfx_encoder_destroy(enc);
}

static void wraps_many_segments(void **state)
{
	static const uint8_t head[] = { 0xe1, 2, 0, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x04 };
	static const uint8_t tail[] = { 2, 0, 0, 0, 0x04, 0x55 };
	struct zgfx_encoder *enc = zgfx_encoder_create(0);
	size_t len = 65536, cap = zgfx_bound(len);
	uint8_t *src = malloc(len), *bytes = malloc(cap);

	memset(src, 0x55, len);
	assert_int_equal(zgfx_encode(enc, src, len, bytes, cap), cap);
	assert_memory_equal(bytes, head, sizeof head);
	assert_memory_equal(bytes + cap - sizeof tail, tail, sizeof tail);
	free(bytes);
	free(src);
	zgfx_encoder_destroy(enc);
}

static void refuses_what_it_cannot_do(void **state)
{
	struct zgfx_encoder *enc = zgfx_encoder_create(0);
	uint8_t bytes[64];

	assert_int_equal(zgfx_encode(enc, bytes, 0, bytes, sizeof bytes), ERR_ARGUMENT);
	assert_int_equal(
			zgfx_encode(enc, bytes, ZGFX_INPUT_MAX_BYTES + 1, bytes, sizeof bytes), ERR_ARGUMENT);
	assert_int_equal(zgfx_encode(enc, bytes, 10, bytes, zgfx_bound(10) - 1), ERR_SPACE);
	zgfx_encoder_destroy(enc);
	zgfx_encoder_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wraps_one_segment),
		cmocka_unit_test(wraps_many_segments),
		cmocka_unit_test(refuses_what_it_cannot_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
