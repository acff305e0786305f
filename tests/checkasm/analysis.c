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
	uint32_t want[2][64 + GUARD / 4], got[2][64 + GUARD / 4];
	uint8_t *src = malloc(4 * SPAN);

	memset(want, 0x5a, sizeof want);
	memset(got, 0x5a, sizeof got);
	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < 4 * SPAN; i++)
			src[i] = (uint8_t)(round % 3 ? checkasm_random() : 0xff * (checkasm_random() & 1));
		ref->anchor_row(want[0], want[1], src);
		opt->anchor_row(got[0], got[1], src);
		checkasm_same(want, got, sizeof want, "anchor_row", flags, round);
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
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
