/* What planar_encode writes, read by FreeRDP's decoder and ours: exact. And what
 * FreeRDP writes, read by ours. */
#include "pictures.h"
#include <base/writer.h>
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
	memset(got, 0x55, (size_t)(w * h) * 4);
	assert_int_equal(planar_decode(bytes, (size_t)len, w, h, flags & PLANAR_BOTTOM_UP, got, w * 4), 0);
	check_pixels(got, src, stride, w, h);
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

/* FreeRDP's encoder, which works bottom-up and cuts what is no shorter than the pixels:
 * hence the least side, and the plain alpha; and our decoder. header: which of its forms */
static void decode_freerdps(UINT32 header)
{
	static uint8_t src[SIDE * STRIDE], got[64 * 64 * 4];
	BITMAP_PLANAR_CONTEXT *encoder = freerdp_bitmap_planar_context_new(header, 64, 64);

	for (int kind = 0; kind < PICTURE_KINDS; kind++) {
		picture_make((enum picture_kind)kind, 7, src, STRIDE, SIDE, SIDE);
		for (int i = 0; i < SIDE * SIDE; i++)
			src[i / SIDE * STRIDE + i % SIDE * 4 + 3] = (uint8_t)(i / SIDE * 3);
		for (int side = header & PLANAR_FORMAT_HEADER_NA ? 3 : 8; side <= 64; side++) {
			UINT32 len = 0;
			BYTE *bytes = freerdp_bitmap_compress_planar(encoder, src, PIXEL_FORMAT_BGRA32,
					(UINT32)side, (UINT32)side, STRIDE, NULL, &len);

			assert_non_null(bytes);
			assert_int_equal(planar_decode(bytes, len, side, side, PLANAR_BOTTOM_UP, got,
							 side * 4),
					0);
			for (int i = 0; i < side * side; i++) {
				const uint8_t *px = src + i / side * STRIDE + i % side * 4;

				assert_memory_equal(got + 4 * i, px, 3);
				assert_int_equal(got[4 * i + 3],
						header & PLANAR_FORMAT_HEADER_NA ? 0xff : px[3]);
			}
			free(bytes);
		}
	}
	freerdp_bitmap_planar_context_free(encoder);
}

static void decodes_what_freerdp_writes(void **state)
{
	decode_freerdps(PLANAR_FORMAT_HEADER_NA | PLANAR_FORMAT_HEADER_RLE);
	decode_freerdps(PLANAR_FORMAT_HEADER_NA);
	decode_freerdps(PLANAR_FORMAT_HEADER_RLE);
	decode_freerdps(0);
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

static int pick(uint32_t *random, int below)
{
	return (int)(picture_random(random) >> 8) % below;
}

/* Segments of all forms that make a plane of w x h */
static void put_any_plane(struct writer *writer, uint32_t *random, int w, int h)
{
	for (int y = 0; y < h; y++) {
		for (int left = w; left;) {
			int raw = pick(random, left < 15 ? left + 1 : 16), run = pick(random, 16);

			if (left >= 16 && pick(random, 3) == 0) { /* 16 to 47 of the latest value */
				run = 16 + pick(random, left < 47 ? left - 15 : 32);
				writer_u8(writer,
						(uint8_t)(run < 32 ? (run - 16) << 4 | 1
								   : (run - 32) << 4 | 2));
				left -= run;
				continue;
			}
			run = run < 3 || run > left - raw ? 0 : run;
			if (!raw && !run)
				continue;
			writer_u8(writer, (uint8_t)(raw << 4 | run));
			for (int i = 0; i < raw; i++)
				writer_u8(writer, (uint8_t)picture_random(random));
			left -= raw + run;
		}
	}
}

/* Run-length coded planes with and without alpha, colour loss and chroma subsampling */
static void decodes_all_segments_like_freerdp(void **state)
{
	static uint8_t stream[5 * SIDE * SIDE], want[SIDE * SIDE * 4], got[SIDE * SIDE * 4];
	uint32_t random = 1234567;

	for (int round = 0; round < 3000; round++) {
		int w = 1 + pick(&random, SIDE), h = 1 + pick(&random, SIDE), loss = pick(&random, 8);
		bool alpha = pick(&random, 2), half = loss && pick(&random, 2);
		int small_w = half ? (w + 1) / 2 : w, small_h = half ? (h + 1) / 2 : h;
		BITMAP_PLANAR_CONTEXT *decoder = freerdp_bitmap_planar_context_new(0, (UINT32)w, (UINT32)h);
		struct writer writer = writer_init(stream, sizeof stream);
		int len;

		writer_u8(&writer, (uint8_t)(0x10 | (alpha ? 0 : 0x20) | (half ? 0x08 : 0) | loss));
		if (alpha)
			put_any_plane(&writer, &random, w, h);
		put_any_plane(&writer, &random, w, h);
		put_any_plane(&writer, &random, small_w, small_h);
		put_any_plane(&writer, &random, small_w, small_h);
		len = writer_len(&writer);
		assert_true(len > 0);
		assert_true(planar_decompress(decoder, stream, (UINT32)len, (UINT32)w, (UINT32)h, want,
				PIXEL_FORMAT_BGRA32, (UINT32)w * 4, 0, 0, (UINT32)w, (UINT32)h, FALSE));
		assert_int_equal(planar_decode(stream, (size_t)len, w, h, 0, got, w * 4), 0);
		assert_memory_equal(got, want, (size_t)(w * h) * 4);
		assert_int_equal(planar_decode(stream, (size_t)len - 1, w, h, 0, got, w * 4), ERR_FORMAT);
		freerdp_bitmap_planar_context_free(decoder);
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
		cmocka_unit_test(decodes_all_segments_like_freerdp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
