/* What clear_encode writes, read by FreeRDP's decoder and ours: exact, with one history
 * of caches over many pictures. And NSCodec of FreeRDP's encoder, read by both. */
#include "pictures.h"
#include <base/writer.h>
#include <codec/clear.h>
#include <freerdp/codec/clear.h>
#include <freerdp/codec/nsc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <winpr/stream.h>

#include <cmocka.h>

enum { SIDE = 70, STRIDE = (SIDE + 3) * 4, BIG_W = 331, BIG_H = 197 };

struct ends {
	struct clear_encoder *enc;
	CLEAR_CONTEXT *freerdp;
	struct clear_decoder *dec;
};

static int make_ends(void **state)
{
	static struct ends ends;

	ends.enc = clear_encoder_create();
	ends.freerdp = clear_context_new(FALSE);
	ends.dec = clear_decoder_create();
	*state = &ends;
	return !ends.enc || !ends.freerdp || !ends.dec;
}

static int free_ends(void **state)
{
	struct ends *ends = *state;

	clear_encoder_destroy(ends->enc);
	clear_context_free(ends->freerdp);
	clear_decoder_destroy(ends->dec);
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
	memset(got, 0, (size_t)(w * h) * 4);
	assert_int_equal(clear_decode(ends->dec, bytes, (size_t)len, w, h, got, w * 4), 0);
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

/* Three pictures of the same screen: what it shows, and what both clients have of it. */
struct screens {
	uint8_t *server, *freerdp, *own;
};

static void send_part(struct ends *ends, const struct screens *s, int x, int y, int w, int h)
{
	size_t cap = clear_bound(w, h);
	uint8_t *bytes = malloc(cap);
	ptrdiff_t at = (ptrdiff_t)(y * BIG_W + x) * 4;
	int len = clear_encode(ends->enc, s->server + at, BIG_W * 4, y, w, h, bytes, cap);

	assert_true(len > 0);
	assert_true(clear_decompress(ends->freerdp, bytes, (UINT32)len, (UINT32)w, (UINT32)h, s->freerdp,
				    PIXEL_FORMAT_BGRX32, BIG_W * 4, (UINT32)x, (UINT32)y, BIG_W, BIG_H,
				    NULL) >= 0);
	assert_int_equal(clear_decode(ends->dec, bytes, (size_t)len, w, h, s->own + at, BIG_W * 4), 0);
	free(bytes);
}

static void send_area(struct ends *ends, const struct screens *s, int x, int y, int w, int h)
{
	int heights[CLEAR_PARTS_MAX], count;

	assert_int_equal(clear_fit(ends->enc, s->server + x * 4, BIG_W * 4, w, BIG_H, &y, &h), 0);
	assert_in_range(y, 0, BIG_H - h);
	count = clear_parts(ends->enc, s->server + (y * BIG_W + x) * 4, BIG_W * 4, y, w, h, heights);
	for (int i = 0; i < count; i++) {
		send_part(ends, s, x, y, w, heights[i]);
		y += heights[i];
	}
	check_pixels(s->freerdp, s->server, BIG_W * 4, BIG_W, BIG_H);
	check_pixels(s->own, s->server, BIG_W * 4, BIG_W, BIG_H);
}

/* Areas of any shape that change, grown to lines and cut into parts */
static void decodes_areas_of_a_screen(void **state)
{
	size_t bytes = (size_t)BIG_W * BIG_H * 4;
	struct screens s = { calloc(1, bytes), calloc(1, bytes), calloc(1, bytes) };
	uint8_t *next = malloc(bytes);
	uint32_t random = 7;

	for (uint32_t i = 0; i < 300; i++) {
		int x = (int)(picture_random(&random) % BIG_W), y = (int)(picture_random(&random) % BIG_H);
		int w = (int)(picture_random(&random) % (uint32_t)(BIG_W - x)) + 1;
		int h = i % 3 ? 14 : (int)(picture_random(&random) % (uint32_t)(BIG_H - y)) + 1;

		h = h < BIG_H - y ? h : BIG_H - y;
		picture_make(i % 7 ? PICTURE_TEXT : PICTURE_PHOTO, i % 5, next, BIG_W * 4, BIG_W, BIG_H);
		for (int row = y; row < y + h; row++)
			memcpy(s.server + (row * BIG_W + x) * 4, next + (row * BIG_W + x) * 4, (size_t)w * 4);
		send_area(*state, &s, x, y, w, h);
	}
	free(next);
	free(s.server);
	free(s.freerdp);
	free(s.own);
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

/* Both decoders on a stream of unknown origin: the same pixels. */
static void compare_decoders(struct ends *ends, const uint8_t *bytes, size_t len, int w, int h)
{
	uint8_t *want = calloc((size_t)(w * h), 4), *got = calloc((size_t)(w * h), 4);

	assert_true(clear_decompress(ends->freerdp, bytes, (UINT32)len, (UINT32)w, (UINT32)h, want,
				    PIXEL_FORMAT_BGRX32, (UINT32)w * 4, 0, 0, (UINT32)w, (UINT32)h,
				    NULL) >= 0);
	assert_int_equal(clear_decode(ends->dec, bytes, len, w, h, got, w * 4), 0);
	check_pixels(got, want, (size_t)w * 4, w, h);
	free(want);
	free(got);
}

/* A stream with nothing but an NSCodec bitmap of FreeRDP's making */
static size_t wrap_nscodec(uint8_t *bytes, uint8_t sequence, const uint8_t *src, int w, int h,
		int colour_loss, bool half)
{
	NSC_CONTEXT *nsc = nsc_context_new();
	wStream *s = Stream_New(NULL, 1 << 16);
	struct writer writer = writer_init(bytes, 1 << 17);
	size_t len;

	assert_true(nsc_context_reset(nsc, (UINT32)w, (UINT32)h));
	assert_true(nsc_context_set_parameters(nsc, NSC_COLOR_FORMAT, PIXEL_FORMAT_BGRX32));
	assert_true(nsc_context_set_parameters(nsc, NSC_COLOR_LOSS_LEVEL, (UINT32)colour_loss));
	assert_true(nsc_context_set_parameters(nsc, NSC_ALLOW_SUBSAMPLING, half));
	assert_true(nsc_compose_message(nsc, s, src, (UINT32)w, (UINT32)h, STRIDE));
	len = Stream_GetPosition(s);
	writer_u8(&writer, 0);
	writer_u8(&writer, sequence);
	writer_u32(&writer, 0);
	writer_u32(&writer, 0);
	writer_u32(&writer, (uint32_t)len + 13);
	writer_u32(&writer, 0);
	writer_u16(&writer, (uint16_t)w);
	writer_u16(&writer, (uint16_t)h);
	writer_u32(&writer, (uint32_t)len);
	writer_u8(&writer, 1);
	writer_copy(&writer, Stream_Buffer(s), len);
	Stream_Free(s, TRUE);
	nsc_context_free(nsc);
	return (size_t)writer_len(&writer);
}

static void decodes_nscodec_like_freerdp(void **state)
{
	static uint8_t src[SIDE * STRIDE], bytes[1 << 17];
	uint8_t sequence = 0;

	for (int kind = 0; kind < PICTURE_KINDS; kind++) {
		picture_make((enum picture_kind)kind, 7, src, STRIDE, SIDE, SIDE);
		for (int side = 4; side <= SIDE; side += 3) {
			size_t len = wrap_nscodec(bytes, sequence++, src, side, SIDE - side / 2, side % 7 + 1,
					side & 1);

			compare_decoders(*state, bytes, len, side, SIDE - side / 2);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(decodes_every_size, make_ends, free_ends),
		cmocka_unit_test_setup_teardown(decodes_scrolled_text, make_ends, free_ends),
		cmocka_unit_test_setup_teardown(decodes_after_the_caches_are_full, make_ends, free_ends),
		cmocka_unit_test_setup_teardown(decodes_wide_pictures, make_ends, free_ends),
		cmocka_unit_test_setup_teardown(decodes_areas_of_a_screen, make_ends, free_ends),
		cmocka_unit_test_setup_teardown(decodes_glyphs, make_ends, free_ends),
		cmocka_unit_test_setup_teardown(decodes_nscodec_like_freerdp, make_ends, free_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
