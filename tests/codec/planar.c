#include "pictures.h"
#include <codec/planar.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t bytes[1 << 16];
static struct planar_dsp dsp;

static int encode(const uint8_t *src, int w, int h, unsigned flags)
{
	return planar_encode(&dsp, src, w * 4, w, h, flags, bytes, sizeof bytes);
}

/* The scan-lines of [MS-RDPEGDI] 3.1.9.2.1, as the red plane. */
static void writes_the_example_of_the_specification(void **state)
{
	static const uint8_t lines[18] = { 255, 255, 255, 255, 254, 253, 254, 192, 132, 96, 75, 25, 253, 140,
		62, 14, 135, 193 };
	static const uint8_t want[] = { 0x30, 0x13, 0xff, 0x20, 0xfe, 0xfd, 0x60, 0x01, 0x7d, 0xf5, 0xc2,
		0x9a, 0x38, 0x60, 0x01, 0x67, 0x8b, 0xa3, 0x78, 0xaf, 0x06, 0x06, 0x06, 0x06, 0x06, 0x06 };
	uint8_t src[18 * 4] = { 0 };

	for (int i = 0; i < 18; i++)
		src[4 * i + 2] = lines[i];
	assert_int_equal(encode(src, 6, 3, PLANAR_NO_ALPHA), sizeof want);
	assert_memory_equal(bytes, want, sizeof want);
}

/* 100 times the letter A, [MS-RDPEGDI] 3.1.9.2.2. The specification makes 15 + 47 +
 * 37 of the run, and so do we. */
static void writes_long_runs(void **state)
{
	static const uint8_t want[] = { 0x30, 0x1f, 0x41, 0xf2, 0x52 };
	uint8_t src[400] = { 0 };

	for (int i = 0; i < 100; i++)
		src[4 * i + 2] = 0x41;
	assert_true(encode(src, 100, 1, PLANAR_NO_ALPHA) > 5);
	assert_memory_equal(bytes, want, sizeof want);
}

static void starts_with_the_last_row_when_bottom_up(void **state)
{
	static const uint8_t src[] = { 1, 2, 3, 0, 4, 5, 6, 0 };
	static const uint8_t down[] = { 0x20, 3, 6, 2, 5, 1, 4, 0 };
	static const uint8_t up[] = { 0x20, 6, 3, 5, 2, 4, 1, 0 };

	assert_int_equal(encode(src, 1, 2, PLANAR_NO_ALPHA), sizeof down);
	assert_memory_equal(bytes, down, sizeof down);
	assert_int_equal(encode(src, 1, 2, PLANAR_NO_ALPHA | PLANAR_BOTTOM_UP), sizeof up);
	assert_memory_equal(bytes, up, sizeof up);
	assert_int_equal(planar_encode(&dsp, src + 4, -4, 1, 2, PLANAR_NO_ALPHA, bytes, sizeof bytes),
			sizeof up);
	assert_memory_equal(bytes, up, sizeof up);
}

static void alpha_is_opaque(void **state)
{
	static const uint8_t src[] = { 1, 2, 3, 0x77 };
	static const uint8_t want[] = { 0x10, 0x10, 0xff, 0x10, 3, 0x10, 2, 0x10, 1 };

	assert_int_equal(encode(src, 1, 1, 0), sizeof want);
	assert_memory_equal(bytes, want, sizeof want);
}

static void noise_stays_below_the_bound(void **state)
{
	uint8_t *src = malloc(64 * 64 * 4);

	picture_make(PICTURE_NOISE, 1, src, 256, 64, 64);
	assert_int_equal(encode(src, 64, 64, PLANAR_NO_ALPHA), 3 * 4096 + 2);
	assert_true(encode(src, 64, 64, 0) < 65536);
	picture_make(PICTURE_STRIPES, 1, src, 256, 64, 64);
	assert_true((size_t)encode(src, 64, 64, 0) <= planar_bound(64, 64));
	free(src);
}

static void refuses_sizes(void **state)
{
	uint8_t src[4] = { 0 };

	assert_int_equal(encode(src, 0, 1, 0), ERR_ARGUMENT);
	assert_int_equal(encode(src, 1, -1, 0), ERR_ARGUMENT);
	assert_int_equal(encode(src, PLANAR_SIDE_MAX_PX + 1, 1, 0), ERR_ARGUMENT);
	assert_int_equal(encode(src, 1, PLANAR_SIDE_MAX_PX + 1, 0), ERR_ARGUMENT);
	assert_int_equal(planar_encode(&dsp, src, 4, 1, 1, 0, bytes, planar_bound(1, 1) - 1), ERR_SPACE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_example_of_the_specification),
		cmocka_unit_test(writes_long_runs),
		cmocka_unit_test(starts_with_the_last_row_when_bottom_up),
		cmocka_unit_test(alpha_is_opaque),
		cmocka_unit_test(noise_stays_below_the_bound),
		cmocka_unit_test(refuses_sizes),
	};

	planar_dsp_init(&dsp, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
