/* The least and the largest sizes, rows upwards and with gaps, through each lossless
 * encoder and its decoder: every pixel comes back, the gaps stay. */
#include "pictures.h"
#include <codec/clear.h>
#include <codec/color.h>
#include <codec/cpu.h>
#include <codec/planar.h>
#include <codec/rle.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { GAP_BYTES = 12, GAP = 0x5a, SIDE_MAX_PX = 8192 };

enum codec { CODEC_PLANAR, CODEC_RLE15, CODEC_RLE16, CODEC_RLE24, CODEC_CLEAR };

static const int depths[] = { 32, 15, 16, 24, 24 };

/* Its last row is the first in memory if the stride is negative. */
struct picture {
	uint8_t *bytes, *top;
	ptrdiff_t stride_bytes;
	int w, h;
};

static struct picture make(int w, int h, bool up)
{
	size_t stride = 4 * (size_t)w + GAP_BYTES;
	struct picture pic = { malloc(stride * (size_t)h), NULL, up ? -(ptrdiff_t)stride : (ptrdiff_t)stride,
		w, h };

	memset(pic.bytes, GAP, stride * (size_t)h);
	pic.top = up ? pic.bytes + stride * (size_t)(h - 1) : pic.bytes;
	return pic;
}

static int encode(enum codec codec, const struct picture *src, uint8_t *dst, size_t cap)
{
	struct planar_dsp dsp;
	struct clear_encoder *clear;
	int len;

	switch (codec) {
	case CODEC_PLANAR:
		planar_dsp_init(&dsp, cpu_flags_detect());
		return planar_encode(
				&dsp, src->top, src->stride_bytes, src->w, src->h, PLANAR_NO_ALPHA, dst, cap);
	case CODEC_CLEAR:
		clear = clear_encoder_create();
		len = clear_encode(clear, src->top, src->stride_bytes, 0, src->w, src->h, dst, cap);
		clear_encoder_destroy(clear);
		return len;
	default: return rle_encode(src->top, src->stride_bytes, src->w, src->h, depths[codec], dst, cap);
	}
}

static int decode(enum codec codec, const uint8_t *src, size_t len, const struct picture *dst)
{
	struct clear_decoder *clear;
	int err;

	switch (codec) {
	case CODEC_PLANAR: return planar_decode(src, len, dst->w, dst->h, 0, dst->top, dst->stride_bytes);
	case CODEC_CLEAR:
		clear = clear_decoder_create();
		err = clear_decode(clear, src, len, dst->w, dst->h, dst->top, dst->stride_bytes);
		clear_decoder_destroy(clear);
		return err;
	default: return rle_decode(src, len, dst->w, dst->h, depths[codec], dst->top, dst->stride_bytes);
	}
}

static void compare(enum codec codec, const struct picture *src, const struct picture *got)
{
	static uint32_t a[SIDE_MAX_PX], b[SIDE_MAX_PX];
	int bpp = depths[codec] == 32 ? 24 : depths[codec];

	for (int y = 0; y < src->h; y++) {
		const uint8_t *row = got->top + y * got->stride_bytes;

		color_reduce_row(a, src->top + y * src->stride_bytes, src->w, bpp);
		color_reduce_row(b, row, src->w, bpp);
		assert_memory_equal(a, b, 4 * (size_t)src->w);
		for (int i = 0; i < GAP_BYTES; i++)
			assert_int_equal(row[4 * src->w + i], GAP);
	}
}

static void check(enum codec codec, int w, int h, enum picture_kind kind, bool up)
{
	struct picture src = make(w, h, up), got = make(w, h, !up);
	size_t cap = codec == CODEC_PLANAR     ? planar_bound(w, h)
			: codec == CODEC_CLEAR ? clear_bound(w, h)
					       : rle_bound(w, h, depths[codec]);
	uint8_t *bytes = malloc(cap), *exact;
	int len;

	picture_make(kind, 3, src.bytes, 4 * (size_t)w + GAP_BYTES, w, h);
	len = encode(codec, &src, bytes, cap);
	assert_in_range(len, 1, cap);
	exact = malloc((size_t)len);
	memcpy(exact, bytes, (size_t)len);
	assert_int_equal(decode(codec, exact, (size_t)len, &got), 0);
	compare(codec, &src, &got);
	free(exact);
	free(bytes);
	free(src.bytes);
	free(got.bytes);
}

static void come_back_from_all_codecs(void **state)
{
	static const int sizes[][2] = { { 1, 1 }, { 1, 2 }, { 2, 1 }, { 1, 8192 }, { 8192, 1 }, { 8192, 3 },
		{ 3, 8192 }, { 8191, 60 }, { 61, 8191 } };

	for (int codec = CODEC_PLANAR; codec <= CODEC_CLEAR; codec++) {
		for (int kind = 0; kind < PICTURE_KINDS; kind++) {
			for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
				check((enum codec)codec, sizes[i][0], sizes[i][1], (enum picture_kind)kind,
						(kind + i) % 2);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(come_back_from_all_codecs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
