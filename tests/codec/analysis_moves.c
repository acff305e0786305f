#include "pictures.h"
#include <codec/analysis.h>
#include <codec/cpu.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 1000, H = 700, STRIDE = W * 4, COLS = 16, ROWS = 11, BYTES = STRIDE * H };

static uint8_t now[BYTES], before[BYTES], shown[BYTES];
static const struct analysis_pair pair = { now, before, STRIDE, STRIDE, W, H };
static uint8_t changed[ROWS * COLS];
static struct analysis_move moves[ANALYSIS_MOVES_MAX];
static struct analysis_dsp dsp;
static struct analysis_mover *mover;

static void copy(uint8_t *dst, int x, int y, const uint8_t *src, int from_x, int from_y, int w, int h)
{
	uint8_t *block = malloc((size_t)w * (size_t)h * 4);

	for (int i = 0; i < h; i++)
		memcpy(block + i * w * 4, src + (from_y + i) * STRIDE + from_x * 4, (size_t)w * 4);
	for (int i = 0; i < h; i++)
		memcpy(dst + (y + i) * STRIDE + x * 4, block + i * w * 4, (size_t)w * 4);
	free(block);
}

/* Does what a client does and compares all tiles that are not marked. Returns the
 * number of tiles that the moves have made right. */
static int check_moves(void)
{
	int before_count = 0, after_count = 0, count;

	memset(changed, 0, sizeof changed);
	before_count = analysis_mark_changed(&dsp, &pair, &(struct analysis_rect){ 0, 0, W, H }, changed);
	count = analysis_find_moves(&dsp, mover, &pair, changed, moves, ANALYSIS_MOVES_MAX);
	assert_in_range(count, 0, ANALYSIS_MOVES_MAX);
	memcpy(shown, before, BYTES);
	for (int i = 0; i < count; i++)
		copy(shown, moves[i].to.x, moves[i].to.y, shown, moves[i].from_x, moves[i].from_y,
				moves[i].to.w, moves[i].to.h);
	for (int y = 0; y < H; y++) {
		for (int x = 0; x < W; x += 64) {
			int at = y * STRIDE + 4 * x;

			if (!changed[y / 64 * COLS + x / 64])
				assert_false(dsp.differs(shown + at, now + at, W - x < 64 ? W - x : 64));
		}
	}
	for (int i = 0; i < ROWS * COLS; i++)
		after_count += changed[i];
	return before_count - after_count;
}

static void fresh(enum picture_kind kind, uint32_t seed)
{
	picture_make(kind, seed, before, STRIDE, W, H);
	picture_make(kind, seed + 100, now, STRIDE, W, H);
}

static void finds_scrolling(void **state)
{
	static const int steps[] = { 1, 14, 64, 250 };

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		int step = steps[i];
		int whole_rows = (H - step) / 64, whole_cols = (W - step) / 64;

		fresh(PICTURE_PHOTO, 1);
		copy(now, 0, 0, before, 0, step, W, H - step); /* up */
		assert_true(check_moves() >= whole_rows * COLS);
		fresh(PICTURE_PHOTO, 2);
		copy(now, 0, step, before, 0, 0, W, H - step); /* down */
		assert_true(check_moves() >= (whole_rows - 1) * COLS);
		fresh(PICTURE_PHOTO, 3);
		copy(now, 0, 0, before, step, 0, W - step, H); /* left */
		assert_true(check_moves() >= whole_cols * ROWS);
		fresh(PICTURE_PHOTO, 4);
		copy(now, step, 0, before, 0, 0, W - step, H); /* right */
		assert_true(check_moves() >= (whole_cols - 1) * ROWS);
	}
}

static void finds_scrolled_stripes(void **state)
{
	fresh(PICTURE_STRIPES, 1);
	copy(now, 0, 0, before, 0, 28, W, H - 28);
	assert_true(check_moves() >= (H - 28) / 64 * COLS);
}

/* A window of 400 x 300 over a photograph */
static void finds_a_dragged_window(void **state)
{
	for (int dx = -90; dx <= 90; dx += 61) {
		for (int dy = -70; dy <= 70; dy += 47) {
			static uint8_t window[BYTES];

			picture_make(PICTURE_PHOTO, 9, before, STRIDE, W, H);
			memcpy(now, before, BYTES);
			picture_make(PICTURE_STRIPES, 3, window, STRIDE, W, H);
			copy(before, 200, 150, window, 0, 0, 400, 300);
			copy(now, 200 + dx, 150 + dy, window, 0, 0, 400, 300);
			assert_true(check_moves() >= 4 * 3); /* what surely lies inside */
		}
	}
}

static void invents_nothing(void **state)
{
	for (int kind = 0; kind < PICTURE_KINDS; kind++) {
		fresh((enum picture_kind)kind, 5);
		assert_true(check_moves() >= 0);
	}
	fresh(PICTURE_NOISE, 1);
	assert_int_equal(check_moves(), 0);
}

/* Random blocks copied to and fro: whatever is found must be right. */
static void is_never_wrong(void **state)
{
	uint32_t random = 77;

	for (int round = 0; round < 20; round++) {
		fresh(round % 2 ? PICTURE_TEXT : PICTURE_PHOTO, 1);
		memcpy(now, before, BYTES);
		for (int i = 0; i < 6; i++) {
			int w = 100 + (int)(picture_random(&random) % 500),
			    h = 100 + (int)(picture_random(&random) % 300);
			int x = (int)(picture_random(&random) % (uint32_t)(W - w));
			int y = (int)(picture_random(&random) % (uint32_t)(H - h));
			int from_x = (int)(picture_random(&random) % (uint32_t)(W - w));
			int from_y = (int)(picture_random(&random) % (uint32_t)(H - h));

			copy(now, x, y, now, from_x, i % 2 ? y : from_y, w, h);
		}
		check_moves();
	}
}

static void takes_any_size(void **state)
{
	fresh(PICTURE_TEXT, 1);
	for (int w = 1; w < 200; w += 13) {
		for (int h = 1; h < 200; h += 17) {
			struct analysis_pair small = { now, before, STRIDE, STRIDE, w, h };

			memset(changed, 1, sizeof changed);
			assert_true(analysis_find_moves(&dsp, mover, &small, changed, moves, 1) >= 0);
		}
	}
}

static void hash_sees_every_pixel(void **state)
{
	static const int sizes[][2] = { { 64, 64 }, { 1, 1 }, { 7, 5 }, { 63, 2 }, { 9, 64 } };

	fresh(PICTURE_TEXT, 1);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		int w = sizes[i][0], h = sizes[i][1];
		uint64_t hash = analysis_content_hash(before, STRIDE, w, h);

		for (int at = 0; at < w * h; at++) {
			uint8_t *px = before + at / w * STRIDE + 4 * (at % w);

			px[3] ^= 0xff;
			assert_true(analysis_content_hash(before, STRIDE, w, h) == hash);
			px[at % 3] ^= 1;
			assert_true(analysis_content_hash(before, STRIDE, w, h) != hash);
			px[at % 3] ^= 1;
		}
		assert_true(analysis_content_hash(before, STRIDE, h, w) != hash || w == h);
	}
}

static enum analysis_class classify(
		struct analysis_tile *tile, enum picture_kind kind, uint32_t seed, uint32_t now_ms)
{
	picture_make(kind, seed, now, STRIDE, 64, 64);
	return analysis_classify(tile, now, STRIDE, 64, 64, now_ms);
}

static void tells_classes_apart(void **state)
{
	struct analysis_tile tile = { 0 };

	assert_int_equal(classify(&tile, PICTURE_TEXT, 1, 1000), ANALYSIS_TEXT);
	assert_int_equal(classify(&tile, PICTURE_FLAT, 1, 2000), ANALYSIS_TEXT);
	assert_int_equal(classify(&tile, PICTURE_PHOTO, 1, 3000), ANALYSIS_PICTURE);
	assert_int_equal(classify(&tile, PICTURE_NOISE, 1, 4000), ANALYSIS_PICTURE);
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(classify(&tile, PICTURE_TEXT, i, 5000 + 40 * i), ANALYSIS_TEXT);
}

static void video_is_a_picture_that_keeps_changing(void **state)
{
	struct analysis_tile tile = { 0 };
	uint32_t ms = UINT32_MAX - 100; /* the clock wraps */

	for (uint32_t i = 0; i < 4; i++, ms += 40)
		assert_int_equal(classify(&tile, PICTURE_PHOTO, i, ms), ANALYSIS_PICTURE);
	for (uint32_t i = 0; i < 4; i++, ms += 40)
		classify(&tile, PICTURE_PHOTO, i, ms);
	assert_int_equal(classify(&tile, PICTURE_PHOTO, 1, ms), ANALYSIS_VIDEO);
	assert_int_equal(classify(&tile, PICTURE_PHOTO, 2, ms + 300), ANALYSIS_VIDEO); /* a short pause */
	assert_int_equal(classify(&tile, PICTURE_PHOTO, 2, ms + 2000), ANALYSIS_PICTURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_scrolling),
		cmocka_unit_test(finds_scrolled_stripes),
		cmocka_unit_test(finds_a_dragged_window),
		cmocka_unit_test(invents_nothing),
		cmocka_unit_test(is_never_wrong),
		cmocka_unit_test(takes_any_size),
		cmocka_unit_test(hash_sees_every_pixel),
		cmocka_unit_test(tells_classes_apart),
		cmocka_unit_test(video_is_a_picture_that_keeps_changing),
	};
	int failed;

	mover = analysis_mover_create();
	analysis_dsp_init(&dsp, 0);
	failed = cmocka_run_group_tests_name("C", tests, NULL, NULL);
	analysis_dsp_init(&dsp, cpu_flags_detect());
	failed += cmocka_run_group_tests_name("this CPU", tests, NULL, NULL);
	analysis_mover_destroy(mover);
	return failed;
}
