#include "checkasm.h"
#include <codec/color.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { LEVELS_MAX = 4, STRIDE = 4 * COLOR_TILE + GUARD };

static void check_forward(const struct color_dsp *ref, const struct color_dsp *opt, unsigned flags)
{
	static uint8_t src[COLOR_TILE * STRIDE];
	static _Alignas(64) int16_t want[3][COLOR_PLANE + GUARD / 2], got[3][COLOR_PLANE + GUARD / 2];

	for (int i = 0; i < 100; i++) {
		int w = i % 3 ? COLOR_TILE : 1 + (int)(checkasm_random() % COLOR_TILE);
		int h = i % 4 ? COLOR_TILE : 1 + (int)(checkasm_random() % COLOR_TILE);

		for (size_t at = 0; at < sizeof src; at++)
			src[at] = (uint8_t)(i % 2 ? checkasm_random() : 0 - (checkasm_random() & 1));
		memset(want, 0x5a, sizeof want);
		memset(got, 0x5a, sizeof got);
		ref->bgrx_to_ycbcr(want[0], want[1], want[2], src, STRIDE, w, h);
		opt->bgrx_to_ycbcr(got[0], got[1], got[2], src, STRIDE, w, h);
		checkasm_same(want, got, sizeof want, "bgrx_to_ycbcr", flags, i);
	}
}

static void check_inverse(const struct color_dsp *ref, const struct color_dsp *opt, unsigned flags)
{
	static _Alignas(64) int16_t planes[3][COLOR_PLANE];
	static uint8_t want[COLOR_TILE * STRIDE], got[COLOR_TILE * STRIDE];

	for (int i = 0; i < 20 * CHECKASM_KINDS; i++) {
		for (int j = 0; j < 3; j++)
			checkasm_fill_s16(planes[j], COLOR_PLANE, i % 2 ? 32768 : 4096, i % CHECKASM_KINDS);
		memset(want, 0x5a, sizeof want);
		memset(got, 0x5a, sizeof got);
		ref->ycbcr_to_bgrx(want, STRIDE, planes[0], planes[1], planes[2]);
		opt->ycbcr_to_bgrx(got, STRIDE, planes[0], planes[1], planes[2]);
		checkasm_same(want, got, sizeof want, "ycbcr_to_bgrx", flags, i);
	}
}

static void conversions(void **state)
{
	unsigned levels[LEVELS_MAX];
	size_t count = checkasm_levels(levels, LEVELS_MAX);
	struct color_dsp ref, opt;

	color_dsp_init(&ref, 0);
	for (size_t i = 0; i < count; i++) {
		color_dsp_init(&opt, levels[i]);
		check_forward(&ref, &opt, levels[i]);
		check_inverse(&ref, &opt, levels[i]);
	}
}

/* Grey has no chroma at all: flat components are coded many times faster. */
static void grey(void **state)
{
	static uint8_t src[COLOR_TILE * STRIDE];
	static _Alignas(64) int16_t y[COLOR_PLANE], cb[COLOR_PLANE], cr[COLOR_PLANE];
	unsigned levels[LEVELS_MAX];
	size_t count = checkasm_levels(levels, LEVELS_MAX);
	struct color_dsp dsp;

	for (int at = 0; at < COLOR_TILE * STRIDE; at++)
		src[at] = (uint8_t)(at / 4);
	for (size_t i = 0; i <= count; i++) {
		color_dsp_init(&dsp, i < count ? levels[i] : 0);
		dsp.bgrx_to_ycbcr(y, cb, cr, src, STRIDE, COLOR_TILE, COLOR_TILE);
		for (int x = 0; x < COLOR_PLANE; x++) {
			assert_int_equal(y[x], 32 * src[x / COLOR_TILE * STRIDE + x % COLOR_TILE * 4] - 4096);
			assert_int_equal(cb[x], 0);
			assert_int_equal(cr[x], 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(conversions), cmocka_unit_test(grey) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
