#include "pictures.h"
#include "vectors.h"
#include <codec/color.h>
#include <codec/rle.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t bytes[1 << 18];

static int encode(const uint8_t *src, int w, int h, int bpp)
{
	return rle_encode(src, w * 4, w, h, bpp, bytes, sizeof bytes);
}

/* First row: white is the initial foreground. Other rows: one background run. */
static void writes_white_as_two_orders(void **state)
{
	static const uint8_t want[] = { 0x20, 32, 0xf0, 0xc0, 0x0f };
	uint8_t *src = malloc(64 * 64 * 4);

	memset(src, 0xff, 64 * 64 * 4);
	assert_int_equal(encode(src, 64, 64, 16), sizeof want);
	assert_memory_equal(bytes, want, sizeof want);
	assert_int_equal(encode(src, 64, 64, 24), sizeof want);
	assert_memory_equal(bytes, want, sizeof want);
	free(src);
}

/* White is 0x7fff to some and 0xffff to others at 15 bpp: never relied on. */
static void writes_white_at_15_bpp_as_a_colour(void **state)
{
	static const uint8_t want[] = { 0x64, 0xff, 0x7f };
	uint8_t src[16];

	memset(src, 0xff, sizeof src);
	assert_int_equal(encode(src, 4, 1, 15), sizeof want);
	assert_memory_equal(bytes, want, sizeof want);
}

static void writes_the_last_row_first(void **state)
{
	static const uint8_t src[] = { 1, 2, 3, 0, 4, 5, 6, 0 };
	static const uint8_t want[] = { 0x82, 4, 5, 6, 1, 2, 3 };

	assert_int_equal(encode(src, 1, 2, 24), sizeof want);
	assert_memory_equal(bytes, want, sizeof want);
}

/* 70000 black pixels after the first row do not fit one order, and two background
 * runs in a row would mean something else. */
static void keeps_long_background_runs_apart(void **state)
{
	static const uint8_t want[] = { 0xf0, 0xbc, 0x02, 0xf0, 0xff, 0xff, 0x60, 265 - 32, 0, 0, 0, 0xf0,
		0x68, 0x10 };
	uint8_t *src = calloc(700 * 101, 4);

	assert_int_equal(encode(src, 700, 101, 24), sizeof want);
	assert_memory_equal(bytes, want, sizeof want);
	free(src);
}

static void noise_stays_below_the_bound(void **state)
{
	uint8_t *src = malloc(70 * 70 * 4);

	for (int kind = 0; kind < PICTURE_KINDS; kind++) {
		for (int w = 1; w <= 70; w++) {
			picture_make((enum picture_kind)kind, (uint32_t)w, src, (size_t)w * 4, w, 70);
			for (int bpp = 15; bpp <= 24; bpp += bpp == 15 ? 1 : 8)
				assert_true(rle_encode(src, w * 4, w, 70, bpp, bytes, rle_bound(w, 70, bpp)) >
						0);
		}
	}
	free(src);
}

static void refuses_what_it_cannot_do(void **state)
{
	uint8_t src[4] = { 0 };

	assert_int_equal(encode(src, 0, 1, 16), ERR_ARGUMENT);
	assert_int_equal(encode(src, 1, 0, 16), ERR_ARGUMENT);
	assert_int_equal(encode(src, RLE_SIDE_MAX_PX + 1, 1, 16), ERR_ARGUMENT);
	assert_int_equal(encode(src, 1, 1, 8), ERR_ARGUMENT);
	assert_int_equal(rle_encode(src, 4, 1, 1, 16, bytes, rle_bound(1, 1, 16) - 1), ERR_SPACE);
}

/* [MS-RDPEGDI] 4.2.2, decoded, and what our encoder makes of it: not the same bytes,
 * but the same pixels, and no more bytes. */
static void example_of_the_specification(void **state)
{
	enum { SIDE = 32, BITMAP_BYTES = 220 };
	uint8_t *bitmap = vector_load("rle-bitmap.bin", BITMAP_BYTES);
	uint16_t *want = vector_load("rle-pixels.bin", 2 * SIDE * SIDE);
	static uint8_t got[4 * SIDE * SIDE];
	int len = BITMAP_BYTES;

	for (int round = 0; round < 2; round++) {
		assert_int_equal(rle_decode(round ? bytes : bitmap, (size_t)len, SIDE, SIDE, 16, got,
						 4 * SIDE),
				0);
		for (int y = 0; y < SIDE; y++) {
			uint32_t row[SIDE];

			color_reduce_row(row, got + 4 * SIDE * (SIDE - 1 - y), SIDE, 16);
			for (int x = 0; x < SIDE; x++)
				assert_int_equal(row[x], want[SIDE * y + x]);
		}
		len = encode(got, SIDE, SIDE, 16);
		assert_in_range(len, 1, BITMAP_BYTES);
	}
	free(bitmap);
	free(want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_white_as_two_orders),
		cmocka_unit_test(writes_white_at_15_bpp_as_a_colour),
		cmocka_unit_test(writes_the_last_row_first),
		cmocka_unit_test(keeps_long_background_runs_apart),
		cmocka_unit_test(noise_stays_below_the_bound),
		cmocka_unit_test(example_of_the_specification),
		cmocka_unit_test(refuses_what_it_cannot_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
