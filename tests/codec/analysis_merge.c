#include <codec/analysis.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COLS = 10, ROWS = 6, W = COLS * 64 - 30, H = ROWS * 64 - 1 };

static uint8_t changed[ROWS * COLS];
static struct analysis_rect rects[ANALYSIS_RECTS_MAX];

static void mark(int x, int y, int w, int h)
{
	for (int row = y; row < y + h; row++)
		memset(changed + row * COLS + x, 1, (size_t)w);
}

static int merge(int max)
{
	return analysis_merge_tiles(changed, W, H, rects, max);
}

static int fresh(void **state)
{
	memset(changed, 0, sizeof changed);
	return 0;
}

static void check_rect(int i, int x, int y, int w, int h)
{
	assert_int_equal(rects[i].x, x);
	assert_int_equal(rects[i].y, y);
	assert_int_equal(rects[i].w, w);
	assert_int_equal(rects[i].h, h);
}

static void nothing_gives_nothing(void **state)
{
	assert_int_equal(merge(8), 0);
}

static void a_block_is_one_rectangle(void **state)
{
	mark(2, 1, 3, 4);
	assert_int_equal(merge(8), 1);
	check_rect(0, 128, 64, 192, 256);
}

static void edges_are_cut(void **state)
{
	mark(8, 5, 2, 1);
	assert_int_equal(merge(8), 1);
	check_rect(0, 512, 320, W - 512, H - 320);
}

static void a_ragged_block_is_one_rectangle(void **state)
{
	mark(0, 0, 5, 1);
	mark(0, 1, 3, 1);
	mark(0, 2, 6, 1);
	assert_int_equal(merge(8), 1);
	check_rect(0, 0, 0, 384, 192);
}

static void far_apart_stays_apart(void **state)
{
	mark(0, 0, 1, 1);
	mark(9, 5, 1, 1);
	assert_int_equal(merge(8), 2);
	assert_int_equal(merge(1), 1);
	check_rect(0, 0, 0, W, H);
}

static void all_marked_tiles_are_covered(void **state)
{
	for (unsigned seed = 1; seed < 300; seed++) {
		int count;

		srand(seed);
		for (int i = 0; i < ROWS * COLS; i++)
			changed[i] = rand() % 7 < (int)seed % 7;
		count = merge(1 + (int)seed % 9);
		assert_true(count <= 1 + (int)seed % 9);
		for (int i = 0; i < count; i++) {
			for (int y = rects[i].y / 64; y * 64 < rects[i].y + rects[i].h; y++)
				memset(changed + y * COLS + rects[i].x / 64, 0,
						(size_t)(rects[i].w + 63) / 64);
		}
		for (int i = 0; i < ROWS * COLS; i++)
			assert_int_equal(changed[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_gives_nothing, fresh),
		cmocka_unit_test_setup(a_block_is_one_rectangle, fresh),
		cmocka_unit_test_setup(edges_are_cut, fresh),
		cmocka_unit_test_setup(a_ragged_block_is_one_rectangle, fresh),
		cmocka_unit_test_setup(far_apart_stays_apart, fresh),
		cmocka_unit_test_setup(all_marked_tiles_are_covered, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
