#include "pictures.h"
#include <codec/analysis.h>
#include <codec/cpu.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 200, H = 150, NOW_STRIDE = W * 4 + 12, BEFORE_STRIDE = W * 4, COLS = 4, ROWS = 3 };

static uint8_t now[H * NOW_STRIDE], before[H * BEFORE_STRIDE];
static const struct analysis_pair pair = { now, before, NOW_STRIDE, BEFORE_STRIDE, W, H };
static const struct analysis_rect whole = { 0, 0, W, H };
static struct analysis_dsp dsp;
static uint8_t changed[ROWS * COLS];

static int fresh(void **state)
{
	picture_make(PICTURE_PHOTO, 1, now, NOW_STRIDE, W, H);
	picture_make(PICTURE_PHOTO, 1, before, BEFORE_STRIDE, W, H);
	memset(changed, 0, sizeof changed);
	return 0;
}

static int mark(int x, int y, int w, int h)
{
	return analysis_mark_changed(&dsp, &pair, &(struct analysis_rect){ x, y, w, h }, changed);
}

static uint8_t *pixel(int x, int y)
{
	return now + y * NOW_STRIDE + 4 * x;
}

static void same_pictures_have_no_changes(void **state)
{
	for (int i = 3; i < H * BEFORE_STRIDE; i += 4)
		before[i] ^= 0xff; /* X does not count */
	assert_int_equal(analysis_mark_changed(&dsp, &pair, &whole, changed), 0);
}

static void finds_every_single_pixel(void **state)
{
	for (int y = 0; y < H; y++) {
		for (int x = 0; x < W; x++) {
			int byte = (x + y) % 3;

			memset(changed, 0, sizeof changed);
			pixel(x, y)[byte] ^= 1;
			assert_int_equal(analysis_mark_changed(&dsp, &pair, &whole, changed), 1);
			assert_int_equal(changed[y / 64 * COLS + x / 64], 1);
			pixel(x, y)[byte] ^= 1;
		}
	}
}

static void looks_only_inside_the_damage(void **state)
{
	pixel(100, 100)[0] ^= 4;
	assert_int_equal(mark(0, 0, 100, H), 0);
	assert_int_equal(mark(101, 0, W, H), 0);
	assert_int_equal(mark(0, 0, W, 100), 0);
	assert_int_equal(mark(0, 101, W, H), 0);
	assert_int_equal(mark(100, 100, 1, 1), 1);
	assert_int_equal(mark(0, 0, W, H), 0); /* already marked */
	assert_int_equal(changed[1 * COLS + 1], 1);
}

static void takes_any_damage(void **state)
{
	memset(now, 0x5a, sizeof now);
	assert_int_equal(mark(-5, -5, 5, 5), 0);
	assert_int_equal(mark(W, H, 5, 5), 0);
	assert_int_equal(mark(3, 3, 0, 0), 0);
	assert_int_equal(mark(3, 3, -7, 4), 0);
	assert_int_equal(mark(INT_MAX, INT_MAX, INT_MAX, INT_MAX), 0);
	assert_int_equal(mark(INT_MIN, INT_MIN, INT_MIN, INT_MIN), 0);
	assert_int_equal(mark(-1, -1, 2, 2), 1);
	assert_int_equal(mark(-100, -100, INT_MAX, INT_MAX), ROWS * COLS - 1);
}

static void refuses_sizes(void **state)
{
	struct analysis_pair bad = pair;

	bad.w_px = 0;
	assert_int_equal(analysis_mark_changed(&dsp, &bad, &whole, changed), ERR_ARGUMENT);
	bad.w_px = W;
	bad.h_px = ANALYSIS_SIDE_MAX_PX + 1;
	assert_int_equal(analysis_mark_changed(&dsp, &bad, &whole, changed), ERR_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(same_pictures_have_no_changes, fresh),
		cmocka_unit_test_setup(finds_every_single_pixel, fresh),
		cmocka_unit_test_setup(looks_only_inside_the_damage, fresh),
		cmocka_unit_test_setup(takes_any_damage, fresh),
		cmocka_unit_test_setup(refuses_sizes, fresh),
	};
	int failed;

	analysis_dsp_init(&dsp, 0);
	failed = cmocka_run_group_tests_name("C", tests, NULL, NULL);
	analysis_dsp_init(&dsp, cpu_flags_detect());
	return failed + cmocka_run_group_tests_name("this CPU", tests, NULL, NULL);
}
