#include "pictures.h"
#include <codec/analysis.h>
#include <codec/cpu.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { STRIDE = 64 * 4 + 20 };

static uint8_t now[64 * STRIDE];
static struct analysis_dsp dsp;

static void hash_sees_every_pixel(void **state)
{
	static const int sizes[][2] = { { 64, 64 }, { 1, 1 }, { 7, 5 }, { 63, 2 }, { 9, 64 } };

	picture_make(PICTURE_TEXT, 1, now, STRIDE, 64, 64);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		int w = sizes[i][0], h = sizes[i][1];
		uint64_t hash = analysis_content_hash(now, STRIDE, w, h);

		for (int at = 0; at < w * h; at++) {
			uint8_t *px = now + at / w * STRIDE + 4 * (at % w);

			px[3] ^= 0xff;
			assert_true(analysis_content_hash(now, STRIDE, w, h) == hash);
			px[at % 3] ^= 1;
			assert_true(analysis_content_hash(now, STRIDE, w, h) != hash);
			px[at % 3] ^= 1;
		}
		assert_true(analysis_content_hash(now, STRIDE, h, w) != hash || w == h);
	}
}

static enum analysis_class classify(
		struct analysis_tile *tile, enum picture_kind kind, uint32_t seed, uint32_t now_ms)
{
	picture_make(kind, seed, now, STRIDE, 64, 64);
	return analysis_classify(&dsp, tile, now, STRIDE, 64, 64, now_ms);
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
		cmocka_unit_test(hash_sees_every_pixel),
		cmocka_unit_test(tells_classes_apart),
		cmocka_unit_test(video_is_a_picture_that_keeps_changing),
	};
	int failed;

	analysis_dsp_init(&dsp, 0);
	failed = cmocka_run_group_tests_name("C", tests, NULL, NULL);
	analysis_dsp_init(&dsp, cpu_flags_detect());
	return failed + cmocka_run_group_tests_name("this CPU", tests, NULL, NULL);
}
