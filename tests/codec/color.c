/* Fewer colours: every colour of each depth, and what is cut. */
#include <codec/color.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 65536, GUARD = 16 };

static uint32_t values[WIDTH + GUARD];
static uint8_t pixels[4 * (WIDTH + GUARD)];

static void check_pixel(const uint8_t *px, int b, int g, int r)
{
	assert_int_equal(px[0], b);
	assert_int_equal(px[1], g);
	assert_int_equal(px[2], r);
	assert_int_equal(px[3], 0xff);
}

static int widened(uint32_t value, int shift, int bits)
{
	int v = (int)(value >> shift & ((1u << bits) - 1));

	return v << (8 - bits) | v >> (2 * bits - 8);
}

/* The bits above the depth are noise, which expanding ignores. */
static void each_colour_survives(void **state)
{
	for (int bpp = 15; bpp <= 16; bpp++) {
		int green = bpp == 15 ? 5 : 6, count = 1 << bpp;

		for (uint32_t i = 0; i < WIDTH; i++) {
			uint32_t px = (i * 2654435761u & ~(uint32_t)(count - 1)) |
					(i & (uint32_t)(count - 1));

			memcpy(pixels + 4 * i, &px, sizeof px);
		}
		color_expand_row(pixels, count, bpp);
		color_reduce_row(values, pixels, count, bpp);
		for (uint32_t i = 0; i < (uint32_t)count; i++) {
			check_pixel(pixels + 4 * i, widened(i, 0, 5), widened(i, 5, green),
					widened(i, 5 + green, 5));
			assert_int_equal(values[i], i);
		}
	}
}

static void all_bits_are_kept_at_24(void **state)
{
	static const uint8_t src[] = { 1, 2, 3, 4, 0xfd, 0xfe, 0xff, 0 };
	uint8_t row[8];

	color_reduce_row(values, src, 2, 24);
	assert_int_equal(values[0], 0x030201);
	assert_int_equal(values[1], 0xfffefd);
	memcpy(row, values, sizeof row);
	color_expand_row(row, 2, 24);
	check_pixel(row, 1, 2, 3);
	check_pixel(row + 4, 0xfd, 0xfe, 0xff);
}

/* Cut, not rounded: 0x0f is 1 of 31, 0x07 is 0. */
static void lower_bits_are_cut(void **state)
{
	static const uint8_t src[] = { 0x0f, 0x07, 0xff, 0xff, 0x07, 0x0f, 0xf7, 0 };

	color_reduce_row(values, src, 2, 15);
	assert_int_equal(values[0], 31 << 10 | 0 << 5 | 1);
	assert_int_equal(values[1], 30 << 10 | 1 << 5 | 0);
	color_reduce_row(values, src, 2, 16);
	assert_int_equal(values[0], 31 << 11 | 1 << 5 | 1);
	assert_int_equal(values[1], 30 << 11 | 3 << 5 | 0);
}

static void nothing_beyond_the_row_is_written(void **state)
{
	for (int bpp = 15; bpp <= 24; bpp += bpp == 15 ? 1 : 8) {
		for (int n = 0; n < 40; n++) {
			memset(values, 0x5a, sizeof values);
			memset(pixels, 0x5a, sizeof pixels);
			color_reduce_row(values, pixels, n, bpp);
			color_expand_row(pixels, n, bpp);
			for (int i = n; i < n + GUARD; i++) {
				assert_int_equal(values[i], 0x5a5a5a5a);
				assert_memory_equal(pixels + 4 * i, "ZZZZ", 4);
			}
			if (n)
				assert_int_equal(values[n - 1] >> bpp, 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_colour_survives),
		cmocka_unit_test(all_bits_are_kept_at_24),
		cmocka_unit_test(lower_bits_are_cut),
		cmocka_unit_test(nothing_beyond_the_row_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
