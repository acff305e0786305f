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

/* A plane of the specification's, as the red one: its pixels and its bytes, both ways */
static void check_plane(const uint8_t *values, int w, int h, const uint8_t *want, size_t len)
{
	static uint8_t src[4 * 100], got[4 * 100];
	int total;

	memset(src, 0, sizeof src);
	for (int i = 0; i < w * h; i++)
		src[4 * i + 2] = values[i];
	total = encode(src, w, h, PLANAR_NO_ALPHA);
	assert_true(total > (int)len);
	assert_int_equal(bytes[0], 0x30);
	assert_memory_equal(bytes + 1, want, len);
	assert_int_equal(planar_decode(bytes, (size_t)total, w, h, 0, got, 4 * w), 0);
	for (int i = 0; i < w * h; i++) {
		src[4 * i + 3] = 0xff;
		assert_memory_equal(got + 4 * i, src + 4 * i, 4);
	}
}

/* [MS-RDPEGDI] 3.1.9.2, 3.1.9.2.1 and 3.1.9.2.3 (the same), and 3.1.9.2.2: 100 times the
 * letter A, of which the specification makes 1 + 15 + 47 + 37, and so do we. */
static void example_planes_of_the_specification(void **state)
{
	static const uint8_t letters[] = "AAAABBCCCCCD";
	static const uint8_t letters_bytes[] = { 0x13, 'A', 0x34, 'B', 'B', 'C', 0x10, 'D' };
	static const uint8_t steps[] = { 10, 20, 30, 40, 50, 60, 5, 15, 25, 35, 45, 55, 5, 15, 25, 35, 45,
		55 };
	static const uint8_t steps_bytes[] = { 0x60, 10, 20, 30, 40, 50, 60, 0x15, 9, 0x06 };
	static const uint8_t lines[] = { 255, 255, 255, 255, 254, 253, 254, 192, 132, 96, 75, 25, 253, 140,
		62, 14, 135, 193 };
	static const uint8_t lines_bytes[] = { 0x13, 0xff, 0x20, 0xfe, 0xfd, 0x60, 0x01, 0x7d, 0xf5, 0xc2,
		0x9a, 0x38, 0x60, 0x01, 0x67, 0x8b, 0xa3, 0x78, 0xaf };
	static const uint8_t run_bytes[] = { 0x1f, 'A', 0xf2, 0x52 };
	uint8_t run[100];

	memset(run, 'A', sizeof run);
	check_plane(letters, 12, 1, letters_bytes, sizeof letters_bytes);
	check_plane(steps, 6, 3, steps_bytes, sizeof steps_bytes);
	check_plane(lines, 6, 3, lines_bytes, sizeof lines_bytes);
	check_plane(run, 100, 1, run_bytes, sizeof run_bytes);
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
		cmocka_unit_test(example_planes_of_the_specification),
		cmocka_unit_test(starts_with_the_last_row_when_bottom_up),
		cmocka_unit_test(alpha_is_opaque),
		cmocka_unit_test(noise_stays_below_the_bound),
		cmocka_unit_test(refuses_sizes),
	};

	planar_dsp_init(&dsp, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
