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

enum { PAGE_W = 190, PAGE_H = 1200, PITCH = 14 }; /* PICTURE_TEXT: 9 rows of ink in 14 */

static uint8_t *make_page(void)
{
	uint8_t *page = malloc((size_t)PAGE_W * 4 * (PAGE_H + 10 * PITCH));

	picture_make(PICTURE_TEXT, 9, page, PAGE_W * 4, PAGE_W, PAGE_H + 10 * PITCH);
	return page;
}

static void fits_areas_to_lines(void **state)
{
	struct clear_encoder *enc = clear_encoder_create();
	uint8_t *page = make_page();
	size_t cap = clear_bound(PAGE_W, PAGE_H);
	uint8_t *dst = malloc(cap);
	int y = 72, h = 3;

	assert_int_equal(clear_fit(enc, page, PAGE_W * 4, PAGE_W, PAGE_H, &y, &h), 0);
	assert_int_equal(y, 72); /* nothing is known yet */
	assert_int_equal(h, 3);
	assert_true(clear_encode(enc, page, PAGE_W * 4, 0, PAGE_W, PAGE_H, dst, cap) > 0);
	assert_int_equal(clear_fit(enc, page, PAGE_W * 4, PAGE_W, PAGE_H, &y, &h), 0);
	assert_int_equal(h, PITCH);
	assert_in_range(y, 5 * PITCH - 5, 5 * PITCH); /* its ink begins at row 70 */
	y = PAGE_H - 2;
	h = 2;
	assert_int_equal(clear_fit(enc, page, PAGE_W * 4, PAGE_W, PAGE_H, &y, &h), 0);
	assert_int_equal(y + h, PAGE_H);
	y = 0;
	h = 1;
	assert_int_equal(clear_fit(enc, page, PAGE_W * 4, PAGE_W, PAGE_H, &y, &h), 0);
	assert_int_equal(y, 0);
	free(dst);
	free(page);
	clear_encoder_destroy(enc);
}

/* One screen of the page, from `line` on: the parts' ends on the page, and the streams
 * one after the other. */
struct screen {
	int count, ends[CLEAR_PARTS_MAX], lens[CLEAR_PARTS_MAX];
	uint8_t *streams[CLEAR_PARTS_MAX];
};

static void encode_screen(struct clear_encoder *enc, const uint8_t *page, int line, struct screen *screen)
{
	const uint8_t *src = page + line * PITCH * PAGE_W * 4;
	int heights[CLEAR_PARTS_MAX], y = 0;

	screen->count = clear_parts(enc, src, PAGE_W * 4, 0, PAGE_W, PAGE_H, heights);
	assert_in_range(screen->count, 1, CLEAR_PARTS_MAX);
	for (int i = 0; i < screen->count; i++) {
		size_t cap = clear_bound(PAGE_W, heights[i]);

		assert_in_range(heights[i], 1, PAGE_H - y);
		screen->streams[i] = malloc(cap);
		screen->lens[i] = clear_encode(enc, src + y * PAGE_W * 4, PAGE_W * 4, y, PAGE_W, heights[i],
				screen->streams[i], cap);
		y += heights[i];
		screen->ends[i] = line * PITCH + y;
	}
	assert_int_equal(y, PAGE_H);
}

static void free_screen(struct screen *screen)
{
	for (int i = 0; i < screen->count; i++)
		free(screen->streams[i]);
}

/* What was on the screen before has the same streams again, but for their numbers. */
static int count_equal(const struct screen *a, const struct screen *b)
{
	int count = 0;

	for (int i = 1; i < a->count; i++) {
		for (int k = 1; k < b->count; k++) {
			count += a->ends[i] == b->ends[k] && a->lens[i] == b->lens[k] &&
					!memcmp(a->streams[i] + 2, b->streams[k] + 2, (size_t)a->lens[i] - 2);
		}
	}
	return count;
}

static void parts_scroll_with_the_text(void **state)
{
	struct clear_encoder *enc = clear_encoder_create();
	uint8_t *page = make_page();
	struct screen before, after;

	encode_screen(enc, page, 0, &before);
	free_screen(&before);
	encode_screen(enc, page, 0, &before); /* all columns are known now */
	encode_screen(enc, page, 9, &after);
	assert_in_range(before.count, 4, 30);
	assert_in_range(count_equal(&before, &after), before.count / 2, before.count);
	free_screen(&before);
	free_screen(&after);
	free(page);
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
	/* the ink of place 5 */
	static const uint8_t ink[] = { 0, 0, 0, 0, 0, 0, 14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 1,
		2, 3, 5, 0x40, 0 };

	assert_int_equal(try_decode(glyph, sizeof glyph, 8, 9), ERR_FORMAT);
	assert_int_equal(try_decode(vbar, sizeof vbar, 8, 9), ERR_FORMAT);
	assert_int_equal(try_decode(ink, sizeof ink, 8, 9), ERR_FORMAT);
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
	int heights[CLEAR_PARTS_MAX], y = 1, h = 0;

	assert_int_equal(clear_encode(enc, px, 4, 0, 0, 1, bytes, sizeof bytes), ERR_ARGUMENT);
	assert_int_equal(clear_encode(enc, px, 4, 0, 1, CLEAR_SIDE_MAX_PX + 1, bytes, sizeof bytes),
			ERR_ARGUMENT);
	assert_int_equal(clear_encode(enc, px, 4, 0, 1, 1, bytes, clear_bound(1, 1) - 1), ERR_SPACE);
	assert_int_equal(clear_parts(enc, px, 4, 0, 0, 1, heights), ERR_ARGUMENT);
	assert_int_equal(clear_fit(enc, px, 4, 1, 1, &y, &h), ERR_ARGUMENT);
	h = 1;
	assert_int_equal(clear_fit(enc, px, 4, 1, 1, &y, &h), ERR_ARGUMENT);
	y = -1;
	assert_int_equal(clear_fit(enc, px, 4, 1, 1, &y, &h), ERR_ARGUMENT);
	y = 0;
	assert_int_equal(clear_fit(enc, px, 4, 0, 1, &y, &h), ERR_ARGUMENT);
	assert_int_equal(clear_fit(enc, px, 4, 1, CLEAR_SIDE_MAX_PX + 1, &y, &h), ERR_ARGUMENT);
	assert_int_equal(clear_fit(enc, px, 4, 1, 1, &y, &h), 0);
	assert_int_equal(clear_parts(enc, px, 4, 0, 1, 1, heights), 1);
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
		cmocka_unit_test(fits_areas_to_lines),
		cmocka_unit_test(parts_scroll_with_the_text),
		cmocka_unit_test(refuses_what_is_not_in_the_caches),
		cmocka_unit_test(refuses_a_wrong_sequence),
		cmocka_unit_test(refuses_what_leaves_the_picture),
		cmocka_unit_test(refuses_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
