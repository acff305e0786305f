#include "checkasm.h"
#include <codec/analysis.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LEVELS_MAX = 4, WIDTH_MAX = 300, SPAN = 64 + ANALYSIS_ANCHOR_W_PX - 1 };

/* Blocks of exactly n pixels, equal but for the X bytes and one bit anywhere. */
static void check_differs(const struct analysis_dsp *ref, const struct analysis_dsp *opt, int n)
{
	uint8_t *a = malloc(4 * (size_t)n + 1), *b = malloc(4 * (size_t)n + 1);

	for (int i = 0; i < 4 * n; i++) {
		a[i] = (uint8_t)checkasm_random();
		b[i] = i % 4 == 3 ? (uint8_t)checkasm_random() : a[i];
	}
	assert_false(ref->differs(a, b, n));
	assert_false(opt->differs(a, b, n));
	for (int i = 0; i < 4 * n; i++) {
		b[i] ^= 1;
		assert_int_equal(ref->differs(a, b, n), i % 4 != 3);
		assert_int_equal(opt->differs(a, b, n), i % 4 != 3);
		b[i] ^= 1;
	}
	free(b);
	free(a);
}

static void check_anchor_row(const struct analysis_dsp *ref, const struct analysis_dsp *opt, unsigned flags)
{
	uint32_t want[64 + GUARD / 4], got[64 + GUARD / 4];
	uint8_t *src = malloc(4 * SPAN);

	memset(want, 0x5a, sizeof want);
	memset(got, 0x5a, sizeof got);
	for (int round = 0; round < 2000; round++) {
		int rare_bits = 1 + round % 31;
		uint64_t anchors;

		for (int i = 0; i < 4 * SPAN; i++)
			src[i] = (uint8_t)(round % 3 ? checkasm_random() : 0xff * (checkasm_random() & 1));
		if (round % 5 == 0) /* equal neighbours but for the X byte */
			for (int i = 4; i < 4 * SPAN; i++)
				src[i] = i % 4 == 3 ? src[i] : src[i - 4];
		anchors = ref->anchor_row(want, src, rare_bits);
		assert_true(opt->anchor_row(got, src, rare_bits) == anchors);
		assert_true(round % 5 || !anchors);
		checkasm_same(want, got, sizeof want, "anchor_row", flags, round);
	}
	free(src);
}

/* Rows of exactly n + 1 pixels, of neighbours that are equal, close, nearly close or far. */
static void check_neighbours(const struct analysis_dsp *ref, const struct analysis_dsp *opt, int n)
{
	static const int most[] = { 1, 2, ANALYSIS_CLOSE / 3, ANALYSIS_CLOSE / 3 + 1, ANALYSIS_CLOSE, 255 };
	uint8_t *src = malloc(4 * (size_t)n + 4);

	for (int round = 0; round < 200; round++) {
		struct analysis_neighbours want, got;

		for (int i = 0; i < 4 * n + 4; i++) {
			uint32_t random = checkasm_random();
			int step = (int)(random >> 8) % (most[round % 6] + 1);

			src[i] = (uint8_t)random;
			if (i >= 4 && i % 4 != 3 && round % 6 < 5)
				src[i] = (uint8_t)(src[i - 4] < 128 ? src[i - 4] + step : src[i - 4] - step);
		}
		want = ref->neighbours(src, n);
		got = opt->neighbours(src, n);
		assert_int_equal(got.equal, want.equal);
		assert_int_equal(got.close, want.close);
	}
	free(src);
}

static void all(void **state)
{
	unsigned levels[LEVELS_MAX];
	size_t count = checkasm_levels(levels, LEVELS_MAX);
	struct analysis_dsp ref, opt;

	analysis_dsp_init(&ref, 0);
	for (size_t i = 0; i < count; i++) {
		analysis_dsp_init(&opt, levels[i]);
		for (int n = 0; n < WIDTH_MAX; n++)
			check_differs(&ref, &opt, n);
		check_anchor_row(&ref, &opt, levels[i]);
		for (int n = 0; n < 64; n++)
			check_neighbours(&ref, &opt, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
