#include "checkasm.h"
#include <codec/planar.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LEVELS_MAX = 4, ROUNDS = 4000, ROOM = PLANAR_SIDE_MAX_PX * 2 };

/* Runs of all lengths among noise; kind 0 is noise, larger ones have longer runs. */
static void fill_row(uint8_t *row, const uint8_t *above, int n, int kind)
{
	uint8_t step = 0;

	for (int i = 0; i < 4 * n; i++) {
		if (kind == 0 || checkasm_random() % (8u * (unsigned)kind) == 0)
			step = (uint8_t)(checkasm_random() % 3 ? checkasm_random() : 0);
		row[i] = (uint8_t)((above ? above[i] : 0) + step);
	}
}

static void check_row(
		const struct planar_dsp *ref, const struct planar_dsp *opt, unsigned flags, int n, int round)
{
	static uint8_t want[ROOM + GUARD], got[ROOM + GUARD];
	uint8_t *src = malloc(4 * (size_t)n), *above = round % 4 ? malloc(4 * (size_t)n) : NULL;
	size_t bound = (size_t)n + ((size_t)n + 14) / 15 + 16;
	int byte = round % 3;
	ptrdiff_t len;

	if (above)
		fill_row(above, NULL, n, 2);
	fill_row(src, above, n, round % 9);
	memset(got, 0x5a, sizeof got);
	len = ref->encode_row(want, src, above, byte, n) - want;
	assert_int_equal(opt->encode_row(got, src, above, byte, n) - got, len);
	checkasm_same(want, got, (size_t)len, "encode_row", flags, round);
	assert_in_range(len, 1, bound - 16);
	for (size_t i = bound; i < bound + GUARD; i++)
		assert_int_equal(got[i], 0x5a);
	free(above);
	free(src);
}

static void rows(void **state)
{
	unsigned levels[LEVELS_MAX];
	size_t count = checkasm_levels(levels, LEVELS_MAX);
	struct planar_dsp ref, opt;

	planar_dsp_init(&ref, 0);
	for (size_t i = 0; i < count; i++) {
		planar_dsp_init(&opt, levels[i]);
		for (int round = 0; round < ROUNDS; round++)
			check_row(&ref, &opt, levels[i], 1 + round % 200, round);
		for (int round = 0; round < 30; round++)
			check_row(&ref, &opt, levels[i], PLANAR_SIDE_MAX_PX - round, round);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(rows) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
