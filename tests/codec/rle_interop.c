/* What rle_encode writes, read by FreeRDP's decoder and ours: exact after the
 * reduction of colours. And what FreeRDP writes, read by ours. */
#include "pictures.h"
#include <base/writer.h>
#include <codec/rle.h>
#include <freerdp/codec/interleaved.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 70, STRIDE = (SIDE + 3) * 4, BIG_W = 1031, BIG_H = 97 };

static uint32_t reduce(const uint8_t *px, int bpp)
{
	if (bpp == 15)
		return (uint32_t)(px[2] >> 3 << 10 | px[1] >> 3 << 5 | px[0] >> 3);
	if (bpp == 16)
		return (uint32_t)(px[2] >> 3 << 11 | px[1] >> 2 << 5 | px[0] >> 3);
	return (uint32_t)(px[2] << 16 | px[1] << 8 | px[0]);
}

static uint32_t load(const uint8_t *px, int bpp)
{
	uint32_t value = (uint32_t)(px[0] | px[1] << 8 | (bpp == 24 ? px[2] << 16 : 0));

	return bpp == 15 ? value & 0x7fff : value;
}

static UINT32 freerdp_format(int bpp)
{
	return bpp == 24 ? PIXEL_FORMAT_BGR24 : bpp == 16 ? PIXEL_FORMAT_RGB16 : PIXEL_FORMAT_RGB15;
}

static void check_decoder(
		const uint8_t *bytes, size_t len, const uint8_t *src, size_t stride, int w, int h, int bpp)
{
	uint8_t *got = calloc((size_t)(w * h), 4);

	assert_int_equal(rle_decode(bytes, len, w, h, bpp, got, w * 4), 0);
	for (int y = 0; y < h; y++) {
		for (int x = 0; x < w; x++) {
			assert_int_equal(reduce(got + 4 * (y * w + x), bpp),
					reduce(src + (size_t)y * stride + 4 * (size_t)x, bpp));
			assert_int_equal(got[4 * (y * w + x) + 3], 0xff);
		}
	}
	free(got);
}

static void check(
		BITMAP_INTERLEAVED_CONTEXT *decoder, const uint8_t *src, size_t stride, int w, int h, int bpp)
{
	int px_bytes = bpp == 24 ? 3 : 2;
	size_t cap = rle_bound(w, h, bpp);
	uint8_t *bytes = malloc(cap);
	uint8_t *got = calloc((size_t)(w * h), 4);
	int len = rle_encode(src, (ptrdiff_t)stride, w, h, bpp, bytes, cap);

	assert_true(len > 0);
	assert_true(interleaved_decompress(decoder, bytes, (UINT32)len, (UINT32)w, (UINT32)h, (UINT32)bpp,
			got, freerdp_format(bpp), (UINT32)(w * px_bytes), 0, 0, (UINT32)w, (UINT32)h, NULL));
	for (int y = 0; y < h; y++) {
		for (int x = 0; x < w; x++)
			assert_int_equal(load(got + px_bytes * (y * w + x), bpp),
					reduce(src + (size_t)y * stride + 4 * (size_t)x, bpp));
	}
	check_decoder(bytes, (size_t)len, src, stride, w, h, bpp);
	free(got);
	free(bytes);
}

static void check_all_sizes(int bpp)
{
	static uint8_t src[SIDE * STRIDE];
	BITMAP_INTERLEAVED_CONTEXT *decoder = bitmap_interleaved_context_new(FALSE);

	assert_non_null(decoder);
	for (int kind = 0; kind < PICTURE_KINDS; kind++) {
		picture_make((enum picture_kind)kind, 7, src, STRIDE, SIDE, SIDE);
		for (int w = 1; w <= SIDE; w++) {
			for (int h = 1; h <= SIDE; h += w % 3 + 1)
				check(decoder, src, STRIDE, w, h, bpp);
		}
	}
	bitmap_interleaved_context_free(decoder);
}

static void decodes_every_size_15(void **state)
{
	check_all_sizes(15);
}

static void decodes_every_size_16(void **state)
{
	check_all_sizes(16);
}

static void decodes_every_size_24(void **state)
{
	check_all_sizes(24);
}

static void decodes_wide_pictures(void **state)
{
	uint8_t *src = calloc((size_t)BIG_W * BIG_H, 4);
	BITMAP_INTERLEAVED_CONTEXT *decoder = bitmap_interleaved_context_new(FALSE);

	for (int kind = 0; kind < PICTURE_KINDS; kind++) {
		for (int bpp = 15; bpp <= 24; bpp += bpp == 15 ? 1 : 8) {
			check(decoder, src, BIG_W * 4, BIG_W, BIG_H,
					bpp); /* at first all black: the longest run */
			picture_make((enum picture_kind)kind, 3, src, BIG_W * 4, BIG_W, BIG_H);
			check(decoder, src, BIG_W * 4, BIG_W, BIG_H, bpp);
		}
	}
	bitmap_interleaved_context_free(decoder);
	free(src);
}

static void decode_freerdps(BITMAP_INTERLEAVED_CONTEXT *freerdp, const uint8_t *src, int side, int bpp)
{
	static uint8_t bytes[64 * 64 * 8], got[64 * 64 * 4], want[64 * 64 * 3];
	int px_bytes = bpp == 24 ? 3 : 2;
	UINT32 len = sizeof bytes;

	assert_true(interleaved_compress(freerdp, bytes, &len, (UINT32)side, (UINT32)side, src,
			PIXEL_FORMAT_BGRX32, STRIDE, 0, 0, NULL, (UINT32)bpp));
	assert_true(interleaved_decompress(freerdp, bytes, len, (UINT32)side, (UINT32)side, (UINT32)bpp, want,
			freerdp_format(bpp), (UINT32)(side * px_bytes), 0, 0, (UINT32)side, (UINT32)side,
			NULL));
	assert_int_equal(rle_decode(bytes, len, side, side, bpp, got, side * 4), 0);
	for (int i = 0; i < side * side; i++)
		assert_int_equal(reduce(got + 4 * i, bpp), load(want + px_bytes * i, bpp));
}

/* FreeRDP's encoder, both decoders. Compared with each other, since that encoder is
 * not exact on text at 15 and 16 bpp (3.10.3). It wants widths of 4 n. */
static void decodes_what_freerdp_writes(void **state)
{
	static uint8_t src[SIDE * STRIDE];
	BITMAP_INTERLEAVED_CONTEXT *freerdp = bitmap_interleaved_context_new(TRUE);

	for (int kind = 0; kind < PICTURE_KINDS; kind++) {
		picture_make((enum picture_kind)kind, 7, src, STRIDE, SIDE, SIDE);
		for (int side = 4; side <= 64; side += 4) {
			decode_freerdps(freerdp, src, side, 15);
			decode_freerdps(freerdp, src, side, 16);
			decode_freerdps(freerdp, src, side, 24);
		}
	}
	bitmap_interleaved_context_free(freerdp);
}

/* A stream of orders of all kinds and lengths that make w * h pixels */
struct orders {
	struct writer w;
	uint32_t random;
	int left, bpp;
};

static int pick(struct orders *o, int below)
{
	return (int)(picture_random(&o->random) >> 8) % below;
}

static void put_colour(struct orders *o)
{
	writer_u16(&o->w, (uint16_t)picture_random(&o->random));
	if (o->bpp == 24)
		writer_u8(&o->w, (uint8_t)picture_random(&o->random));
}

static void put_bytes(struct orders *o, int n)
{
	for (int i = 0; i < n; i++)
		writer_u8(&o->w, (uint8_t)(picture_random(&o->random) >> 9));
}

/* The head of an order of len units, in one of the forms that can say it */
static void put_head(struct orders *o, int code, int max, int long_code, int len)
{
	if (len <= max && pick(o, 4)) {
		writer_u8(&o->w, (uint8_t)(code | len));
	} else if (len > max && len <= max + 256 && pick(o, 4)) {
		writer_u8(&o->w, (uint8_t)code);
		writer_u8(&o->w, (uint8_t)(len - max - 1));
	} else {
		writer_u8(&o->w, (uint8_t)long_code);
		writer_u16(&o->w, (uint16_t)len);
	}
}

static void put_mask(struct orders *o, bool set_fg, int len)
{
	if (len % 8 == 0 && len / 8 <= (set_fg ? 15 : 31) && pick(o, 4)) {
		writer_u8(&o->w, (uint8_t)((set_fg ? 0xd0 : 0x40) | len / 8));
	} else if (len <= 256 && pick(o, 4)) {
		writer_u8(&o->w, set_fg ? 0xd0 : 0x40);
		writer_u8(&o->w, (uint8_t)(len - 1));
	} else {
		writer_u8(&o->w, set_fg ? 0xf7 : 0xf2);
		writer_u16(&o->w, (uint16_t)len);
	}
	if (set_fg)
		put_colour(o);
	put_bytes(o, (len + 7) / 8);
}

static void put_any_order(struct orders *o)
{
	int most = pick(o, 8) ? 40 : 400, len = 1 + pick(o, o->left < most ? o->left : most);
	int kind = pick(o, 10);

	if (kind == 6 && o->left < 2)
		kind = 0;
	if (kind >= 8 && o->left < 8)
		kind = 1;
	switch (kind) {
	case 0: put_head(o, 0x00, 31, 0xf0, len); break;
	case 1: put_head(o, 0x20, 31, 0xf1, len); break;
	case 2: put_head(o, 0xc0, 15, 0xf6, len), put_colour(o); break;
	case 3: put_head(o, 0x60, 31, 0xf3, len), put_colour(o); break;
	case 4:
		put_head(o, 0x80, 31, 0xf4, len);
		put_bytes(o, len * (o->bpp == 24 ? 3 : 2));
		break;
	case 5: put_mask(o, pick(o, 2), len); break;
	case 6:
		len = len < 2 ? 1 : len / 2;
		put_head(o, 0xe0, 15, 0xf8, len);
		put_colour(o);
		put_colour(o);
		len *= 2;
		break;
	case 7: len = 1, writer_u8(&o->w, pick(o, 2) ? 0xfd : 0xfe); break;
	default: len = 8, writer_u8(&o->w, kind == 8 ? 0xf9 : 0xfa); break;
	}
	o->left -= len;
}

/* What no encoder here writes too, over the ends of rows of any length */
static void decodes_all_orders_like_freerdp(void **state)
{
	enum { W_MAX = 37, H_MAX = 19 };
	static uint8_t bytes[W_MAX * H_MAX * 9], got[W_MAX * H_MAX * 4], want[W_MAX * H_MAX * 3];
	BITMAP_INTERLEAVED_CONTEXT *freerdp = bitmap_interleaved_context_new(FALSE);
	static const int depths[] = { 15, 16, 24 };

	for (uint32_t round = 1; round < 6000; round++) {
		struct orders o = { writer_init(bytes, sizeof bytes), round * 2654435761u, 0,
			depths[round % 3] };
		int w = 1 + pick(&o, W_MAX), h = 1 + pick(&o, H_MAX), px_bytes = o.bpp == 24 ? 3 : 2, len;

		for (o.left = w * h; o.left;)
			put_any_order(&o);
		len = writer_len(&o.w);
		assert_true(len > 0);
		assert_true(interleaved_decompress(freerdp, bytes, (UINT32)len, (UINT32)w, (UINT32)h,
				(UINT32)o.bpp, want, freerdp_format(o.bpp), (UINT32)(w * px_bytes), 0, 0,
				(UINT32)w, (UINT32)h, NULL));
		assert_int_equal(rle_decode(bytes, (size_t)len, w, h, o.bpp, got, w * 4), 0);
		for (int i = 0; i < w * h; i++)
			assert_int_equal(reduce(got + 4 * i, o.bpp), load(want + px_bytes * i, o.bpp));
		assert_int_equal(rle_decode(bytes, (size_t)len - 1, w, h, o.bpp, got, w * 4), ERR_FORMAT);
	}
	bitmap_interleaved_context_free(freerdp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_every_size_15),
		cmocka_unit_test(decodes_every_size_16),
		cmocka_unit_test(decodes_every_size_24),
		cmocka_unit_test(decodes_wide_pictures),
		cmocka_unit_test(decodes_what_freerdp_writes),
		cmocka_unit_test(decodes_all_orders_like_freerdp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
