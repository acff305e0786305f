/* What clear_encode writes, read by FreeRDP's decoder: exact, with one history of
 * caches over many pictures. */
#include "pictures.h"
#include <codec/clear.h>
#include <freerdp/codec/clear.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 70, STRIDE = (SIDE + 3) * 4, BIG_W = 331, BIG_H = 197 };

struct ends {
	struct clear_encoder *enc;
	CLEAR_CONTEXT *freerdp;
};

static int make_ends(void **state)
{
	static struct ends ends;

	ends.enc = clear_encoder_create();
	ends.freerdp = clear_context_new(FALSE);
	*state = &ends;
	return !ends.enc || !ends.freerdp;
}

static int free_ends(void **state)
{
	struct ends *ends = *state;

	clear_encoder_destroy(ends->enc);
	clear_context_free(ends->freerdp);
	return 0;
}

static void check_pixels(const uint8_t *got, const uint8_t *src, size_t stride, int w, int h)
{
	for (int y = 0; y < h; y++) {
		for (int x = 0; x < w; x++)
			assert_memory_equal(
					got + 4 * (y * w + x), src + (size_t)y * stride + 4 * (size_t)x, 3);
	}
}

static void check(struct ends *ends, const uint8_t *src, size_t stride, int w, int h)
{
	size_t cap = clear_bound(w, h);
	uint8_t *bytes = malloc(cap);
	uint8_t *got = calloc((size_t)(w * h), 4);
	int len = clear_encode(ends->enc, src, (ptrdiff_t)stride, 0, w, h, bytes, cap);

	assert_true(len > 0);
	assert_true(clear_decompress(ends->freerdp, bytes, (UINT32)len, (UINT32)w, (UINT32)h, got,
				    PIXEL_FORMAT_BGRX32, (UINT32)w * 4, 0, 0, (UINT32)w, (UINT32)h,
				    NULL) >= 0);
	check_pixels(got, src, stride, w, h);
	free(got);
	free(bytes);
}

static void decodes_every_size(void **state)
{
	static uint8_t src[SIDE * STRIDE];

	for (int kind = 0; kind < PICTURE_KINDS; kind++) {
		picture_make((enum picture_kind)kind, 7, src, STRIDE, SIDE, SIDE);
		for (int w = 1; w <= SIDE; w++) {
			for (int h = 1; h <= SIDE; h += w % 3 + 1)
				check(*state, src, STRIDE, w, h);
		}
	}
}

/* Scrolled text in tiles: what comes again comes from the caches. */
static void decodes_scrolled_text(void **state)
{
	uint8_t *src = malloc((size_t)BIG_W * BIG_H * 4);

	for (uint32_t seed = 1; seed < 30; seed++) {
		picture_make(PICTURE_TEXT, seed % 5, src, BIG_W * 4, BIG_W, BIG_H);
		for (int y = 0; y + 64 <= BIG_H; y += 13) {
			for (int x = 0; x + 64 <= BIG_W; x += 64)
				check(*state, src + (size_t)y * BIG_W * 4 + (size_t)x * 4, BIG_W * 4, 64, 64);
		}
	}
	free(src);
}

/* More columns than the caches hold, so that their rings go round. */
static void decodes_after_the_caches_are_full(void **state)
{
	uint8_t *src = malloc(64 * 64 * 4);

	for (uint32_t seed = 1; seed < 700; seed++) {
		picture_make(seed % 3 ? PICTURE_NOISE : PICTURE_TEXT, seed, src, 256, 64, 64);
		for (int y = 0; y < 64; y++) {
			if (y % 16 > 12) /* gaps, so that bands are chosen */
				memset(src + 256 * y, 0, 256);
			memset(src + 256 * y, 0, 128);
		}
		check(*state, src, 256, 64, 64);
	}
	free(src);
}

static void decodes_wide_pictures(void **state)
{
	uint8_t *src = malloc((size_t)BIG_W * BIG_H * 4);

	for (int kind = 0; kind < PICTURE_KINDS; kind++) {
		picture_make((enum picture_kind)kind, 3, src, BIG_W * 4, BIG_W, BIG_H);
		check(*state, src, BIG_W * 4, BIG_W, BIG_H);
	}
	free(src);
}

/* The glyph cache: few pixels, seen before, also in another shape. */
static void decodes_glyphs(void **state)
{
	struct ends *ends = *state;
	static uint8_t src[32 * 32 * 4], bytes[1 << 16];

	for (uint32_t seed = 1; seed < 3000; seed += 1 + seed % 2) {
		picture_make(PICTURE_TEXT, seed % 1200, src, 9 * 4, 9, 16);
		check(ends, src, 9 * 4, 9, 16);
		check(ends, src, 12 * 4, 12, 12);
	}
	picture_make(PICTURE_NOISE, 5, src, 128, 32, 32);
	check(ends, src, 128, 32, 32);
	assert_int_equal(clear_encode(ends->enc, src, 128, 0, 32, 32, bytes, sizeof bytes), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(decodes_every_size, make_ends, free_ends),
		cmocka_unit_test_setup_teardown(decodes_scrolled_text, make_ends, free_ends),
		cmocka_unit_test_setup_teardown(decodes_after_the_caches_are_full, make_ends, free_ends),
		cmocka_unit_test_setup_teardown(decodes_wide_pictures, make_ends, free_ends),
		cmocka_unit_test_setup_teardown(decodes_glyphs, make_ends, free_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
