#include "pictures.h"
#include <codec/clear.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t bytes[1 << 16], got[64 * 64 * 4];

static void one_colour_is_one_run(void **state)
{
	static const uint8_t want[] = { 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 2, 1, 0xff, 0, 0x10 };
	struct clear_encoder *enc = clear_encoder_create();
	uint8_t *src = malloc(64 * 64 * 4);

	for (int i = 0; i < 64 * 64; i++)
		memcpy(src + 4 * i, ((uint8_t[]){ 3, 2, 1, (uint8_t)i }), 4);
	assert_int_equal(clear_encode(enc, src, 256, 0, 64, 64, bytes, sizeof bytes), sizeof want);
	assert_memory_equal(bytes, want, sizeof want);
	free(src);
	clear_encoder_destroy(enc);
}

/* The second time all columns come from the client's cache. */
static void text_is_shorter_the_second_time(void **state)
{
	struct clear_encoder *enc = clear_encoder_create();
	uint8_t *src = malloc(64 * 64 * 4);
	int first, second; /* 5 lines */

	picture_make(PICTURE_TEXT, 1, src, 256, 64, 64);
	first = clear_encode(enc, src, 256, 0, 64, 64, bytes, sizeof bytes);
	second = clear_encode(enc, src, 256, 0, 64, 64, bytes, sizeof bytes);
	assert_true(first > 0 && second > 0);
	assert_in_range(second, 1, 2 + 12 + 6 + 5 * (11 + 128));
	free(src);
	clear_encoder_destroy(enc);
}

static int try_decode(const uint8_t *stream, size_t len, int w, int h)
{
	struct clear_decoder *dec = clear_decoder_create();
	int err = clear_decode(dec, stream, len, w, h, got, 256);

	clear_decoder_destroy(dec);
	return err;
}

static void refuses_what_is_not_in_the_caches(void **state)
{
	/* [MS-RDPEGFX] 4.1.1.1: glyph 17 */
	static const uint8_t glyph[] = { 0x03, 0xc3, 0x11, 0x00 };
	/* one column, from place 5 */
	static const uint8_t vbar[] = { 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 1,
		2, 3, 5, 0x80 };

	assert_int_equal(try_decode(glyph, sizeof glyph, 8, 9), ERR_FORMAT);
	assert_int_equal(try_decode(vbar, sizeof vbar, 8, 9), ERR_FORMAT);
}

static void refuses_a_wrong_sequence(void **state)
{
	static const uint8_t first[] = { 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct clear_decoder *dec = clear_decoder_create();

	assert_int_equal(clear_decode(dec, first, sizeof first, 8, 8, got, 256), 0);
	assert_int_equal(clear_decode(dec, first, sizeof first, 8, 8, got, 256), ERR_FORMAT);
	clear_decoder_destroy(dec);
}

static void refuses_what_leaves_the_picture(void **state)
{
	/* a run of 65 pixels on 8 x 8 */
	static const uint8_t run[] = { 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 65 };
	/* bands: right edge, bottom edge, height 53 */
	uint8_t band[] = { 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0, 8, 0, 8, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0 };
	/* raw pixels of 9 x 1 */
	uint8_t raw[14 + 13 + 27] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, 27,
		0, 0, 0, 0 };

	assert_int_equal(try_decode(run, sizeof run, 8, 8), ERR_FORMAT);
	assert_int_equal(try_decode(run, sizeof run, 13, 5), 0);
	assert_int_equal(try_decode(band, sizeof band, 8, 8), ERR_FORMAT);
	assert_int_equal(try_decode(band, sizeof band, 9, 8), 0);
	band[20] = 8;
	assert_int_equal(try_decode(band, sizeof band, 9, 8), ERR_FORMAT);
	band[20] = 52;
	assert_int_equal(try_decode(band, sizeof band, 9, 60), ERR_FORMAT);
	assert_int_equal(try_decode(raw, sizeof raw, 8, 8), ERR_FORMAT);
	assert_int_equal(try_decode(raw, sizeof raw, 9, 8), 0);
}

static void refuses_sizes(void **state)
{
	struct clear_encoder *enc = clear_encoder_create();
	uint8_t px[4] = { 0 };

	assert_int_equal(clear_encode(enc, px, 4, 0, 0, 1, bytes, sizeof bytes), ERR_ARGUMENT);
	assert_int_equal(clear_encode(enc, px, 4, 0, 1, CLEAR_SIDE_MAX_PX + 1, bytes, sizeof bytes),
			ERR_ARGUMENT);
	assert_int_equal(clear_encode(enc, px, 4, 0, 1, 1, bytes, clear_bound(1, 1) - 1), ERR_SPACE);
	assert_true(clear_encode(enc, px, 4, -7, 1, 1, bytes, clear_bound(1, 1)) > 0);
	clear_encoder_destroy(enc);
	clear_encoder_destroy(NULL);
	clear_decoder_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_colour_is_one_run),
		cmocka_unit_test(text_is_shorter_the_second_time),
		cmocka_unit_test(refuses_what_is_not_in_the_caches),
		cmocka_unit_test(refuses_a_wrong_sequence),
		cmocka_unit_test(refuses_what_leaves_the_picture),
		cmocka_unit_test(refuses_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
