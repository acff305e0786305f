/* What planar_encode writes, read by FreeRDP's decoder and ours: exact. And what
 * FreeRDP writes, read by ours. */
#include "pictures.h"
#include <codec/cpu.h>
#include <codec/planar.h>
#include <freerdp/codec/planar.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 70, STRIDE = (SIDE + 3) * 4, BIG_W = 1031, BIG_H = 97 };

static void check_pixels(const uint8_t *got, const uint8_t *src, size_t stride, int w, int h)
{
	for (int y = 0; y < h; y++) {
		for (int x = 0; x < w; x++) {
			assert_memory_equal(
					got + 4 * (y * w + x), src + (size_t)y * stride + 4 * (size_t)x, 3);
			assert_int_equal(got[4 * (y * w + x) + 3], 0xff);
		}
	}
}

static void check(BITMAP_PLANAR_CONTEXT *decoder, const struct planar_dsp *dsp, const uint8_t *src,
		size_t stride, int w, int h, unsigned flags)
{
	size_t cap = planar_bound(w, h);
	uint8_t *bytes = malloc(cap);
	uint8_t *got = calloc((size_t)(w * h), 4);
	int len = planar_encode(dsp, src, (ptrdiff_t)stride, w, h, flags, bytes, cap);

	assert_true(len > 0);
	if (!(flags & PLANAR_NO_ALPHA))
		assert_int_equal(bytes[0], 0x10);
	assert_true(planar_decompress(decoder, bytes, (UINT32)len, (UINT32)w, (UINT32)h, got,
			PIXEL_FORMAT_BGRX32, (UINT32)w * 4, 0, 0, (UINT32)w, (UINT32)h,
			flags & PLANAR_BOTTOM_UP ? TRUE : FALSE));
	for (int y = 0; y < h; y++) {
		for (int x = 0; x < w; x++)
			assert_memory_equal(
					got + 4 * (y * w + x), src + (size_t)y * stride + 4 * (size_t)x, 3);
	}
	free(got);
	free(bytes);
}

static void check_all_sizes(unsigned cpu_flags)
{
	static uint8_t src[SIDE * STRIDE];
	BITMAP_PLANAR_CONTEXT *decoder = freerdp_bitmap_planar_context_new(0, SIDE, SIDE);
	struct planar_dsp dsp;

	assert_non_null(decoder);
	planar_dsp_init(&dsp, cpu_flags);
	for (int kind = 0; kind < PICTURE_KINDS; kind++) {
		picture_make((enum picture_kind)kind, 7, src, STRIDE, SIDE, SIDE);
		for (int w = 1; w <= SIDE; w++) {
			for (int h = 1; h <= SIDE; h += w % 3 + 1)
				check(decoder, &dsp, src, STRIDE, w, h, (unsigned)(w + h) & 3);
		}
	}
	freerdp_bitmap_planar_context_free(decoder);
}

static void decodes_every_size(void **state)
{
	check_all_sizes(0);
}

static void decodes_every_size_of_this_cpu(void **state)
{
	check_all_sizes(cpu_flags_detect());
}

static void decodes_wide_pictures(void **state)
{
	uint8_t *src = malloc((size_t)BIG_W * BIG_H * 4);
	BITMAP_PLANAR_CONTEXT *decoder = freerdp_bitmap_planar_context_new(0, BIG_W, BIG_H);
	struct planar_dsp dsp;

	planar_dsp_init(&dsp, cpu_flags_detect());
	for (int kind = 0; kind < PICTURE_KINDS; kind++) {
		picture_make((enum picture_kind)kind, 3, src, BIG_W * 4, BIG_W, BIG_H);
		for (unsigned flags = 0; flags < 4; flags++)
			check(decoder, &dsp, src, BIG_W * 4, BIG_W, BIG_H, flags);
	}
	freerdp_bitmap_planar_context_free(decoder);
	free(src);
}

/* FreeRDP's encoder, which works bottom-up and gets pictures below 3x3 wrong, and
 * our decoder. */
static void decodes_what_freerdp_writes(void **state)
{
	static uint8_t src[SIDE * STRIDE], got[64 * 64 * 4];
	BITMAP_PLANAR_CONTEXT *encoder = freerdp_bitmap_planar_context_new(
			PLANAR_FORMAT_HEADER_NA | PLANAR_FORMAT_HEADER_RLE, 64, 64);

	for (int kind = 0; kind < PICTURE_KINDS; kind++) {
		picture_make((enum picture_kind)kind, 7, src, STRIDE, SIDE, SIDE);
		for (int side = 3; side <= 64; side++) {
			UINT32 len = 0;
			BYTE *bytes = freerdp_bitmap_compress_planar(encoder, src, PIXEL_FORMAT_BGRX32,
					(UINT32)side, (UINT32)side, STRIDE, NULL, &len);

			assert_non_null(bytes);
			assert_int_equal(planar_decode(bytes, len, side, side, PLANAR_BOTTOM_UP, got,
							 side * 4),
					0);
			check_pixels(got, src, STRIDE, side, side);
			free(bytes);
		}
	}
	freerdp_bitmap_planar_context_free(encoder);
}

/* Colour loss and chroma subsampling, which nobody's encoder here writes: raw planes
 * of noise, both decoders. FreeRDP wants the picture's real size in advance. */
static void decodes_colour_loss_like_freerdp(void **state)
{
	static uint8_t stream[1 + 4 * SIDE * SIDE + 1], want[SIDE * SIDE * 4], got[SIDE * SIDE * 4];
	uint32_t random = 99;

	for (size_t i = 0; i < sizeof stream; i++)
		stream[i] = (uint8_t)(picture_random(&random) >> 7);
	for (UINT32 w = 1; w <= SIDE; w += 3) {
		for (UINT32 h = 1; h <= SIDE; h += 5) {
			BITMAP_PLANAR_CONTEXT *decoder = freerdp_bitmap_planar_context_new(0, w, h);
			bool half = h % 2;

			stream[0] = (uint8_t)(0x20 | (w % 7 + 1) | (half ? 0x08 : 0));
			assert_true(planar_decompress(decoder, stream, sizeof stream, w, h, want,
					PIXEL_FORMAT_BGRX32, w * 4, 0, 0, w, h, FALSE));
			assert_int_equal(planar_decode(stream, sizeof stream, (int)w, (int)h, 0, got, w * 4),
					0);
			for (UINT32 i = 0; i < w * h; i++)
				assert_memory_equal(got + 4 * i, want + 4 * i, 3);
			freerdp_bitmap_planar_context_free(decoder);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_every_size),
		cmocka_unit_test(decodes_every_size_of_this_cpu),
		cmocka_unit_test(decodes_wide_pictures),
		cmocka_unit_test(decodes_what_freerdp_writes),
		cmocka_unit_test(decodes_colour_loss_like_freerdp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
