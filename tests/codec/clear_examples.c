/* The worked examples of [MS-RDPEGFX] 4.1.1, byte for byte, and of [MS-RDPNSC] 4. What the examples' earlier
 * messages put into the caches is not told, so it is made up here: column i of the
 * V-Bar storage has the colour 0x010000 + i. */
#include "vectors.h"
#include <base/writer.h>
#include <codec/clear.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { COLUMNS_MAX = 4096, STRIDE = 80 * 4 };

static uint8_t stream[1 << 16], got[64 * STRIDE];

static void decode(struct clear_decoder *dec, const uint8_t *bytes, size_t len, int w_px, int h_px)
{
	memset(got, 0x55, sizeof got);
	assert_int_equal(clear_decode(dec, bytes, len, w_px, h_px, got, STRIDE), 0);
}

static uint32_t pixel(int x, int y)
{
	const uint8_t *p = got + y * STRIDE + 4 * x;

	assert_int_equal(p[3], 0xff);
	return (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void expect(int x, int y, int w, int h, uint32_t colour)
{
	for (int i = 0; i < w * h; i++)
		assert_int_equal(pixel(x + i % w, y + i / w), colour);
}

static void put_colour(struct writer *w, uint32_t colour)
{
	writer_u16(w, (uint16_t)colour);
	writer_u8(w, (uint8_t)(colour >> 16));
}

/* A stream of one band: columns first to first + count - 1 of the storage */
static void send_columns(struct clear_decoder *dec, uint8_t sequence, int first, int count, int h_px)
{
	static uint8_t picture[4 * COLUMNS_MAX * 15];
	struct writer w = writer_init(stream, sizeof stream);
	int len;

	writer_u8(&w, 0);
	writer_u8(&w, sequence);
	writer_u32(&w, 0);
	writer_u32(&w, 11 + 5 * (uint32_t)count);
	writer_u32(&w, 0);
	writer_u16(&w, 0);
	writer_u16(&w, (uint16_t)(count - 1));
	writer_u16(&w, 0);
	writer_u16(&w, (uint16_t)(h_px - 1));
	put_colour(&w, 0x808080);
	for (int i = 0; i < count; i++) {
		writer_u16(&w, 1 << 8); /* ink in the first row */
		put_colour(&w, 0x010000 + (uint32_t)(first + i));
	}
	len = writer_len(&w);
	assert_true(len > 0);
	assert_int_equal(clear_decode(dec, stream, (size_t)len, count, h_px, picture, 4 * count), 0);
}

/* The decoder as it is before the message `sequence`, with columns in the storage. */
static struct clear_decoder *prepare(uint8_t sequence, int columns, int h_px)
{
	struct clear_decoder *dec = clear_decoder_create();
	int messages = (columns + COLUMNS_MAX - 1) / COLUMNS_MAX;

	for (int i = 0; i < messages; i++) {
		int first = i * COLUMNS_MAX;
		int count = columns - first < COLUMNS_MAX ? columns - first : COLUMNS_MAX;

		send_columns(dec, (uint8_t)(sequence - messages + i), first, count, h_px);
	}
	return dec;
}

/* A whole picture of runs, to be kept as a glyph */
static void send_glyph(struct clear_decoder *dec, uint8_t sequence, uint16_t place, int w_px, int h_px)
{
	struct writer w = writer_init(stream, sizeof stream);

	writer_u8(&w, 1);
	writer_u8(&w, sequence);
	writer_u16(&w, place);
	writer_u32(&w, 4 * (uint32_t)(w_px * h_px));
	writer_u32(&w, 0);
	writer_u32(&w, 0);
	for (int i = 0; i < w_px * h_px; i++) {
		put_colour(&w, 0x020000 + (uint32_t)i);
		writer_u8(&w, 1);
	}
	decode(dec, stream, (size_t)writer_len(&w), w_px, h_px);
}

static void expect_glyph(int w_px, int h_px)
{
	for (int i = 0; i < w_px * h_px; i++)
		assert_int_equal(pixel(i % w_px, i / w_px), 0x020000 + i);
}

static const uint8_t example_1[] = { 0x03, 0xc3, 0x11, 0x00 };

static void example_1_is_glyph_17(void **state)
{
	struct clear_decoder *dec = clear_decoder_create();

	send_glyph(dec, 0xc2, 17, 8, 9);
	decode(dec, example_1, sizeof example_1, 8, 9);
	expect_glyph(8, 9);
	clear_decoder_destroy(dec);
}

/* 18 glyphs, then others, then the last of the 18 once more */
static void example_1_is_written(void **state)
{
	struct clear_encoder *enc = clear_encoder_create();
	static uint8_t src[33 * 33 * 4];
	int len = 0;

	for (int i = 0; i < 195; i++) {
		int w_px = i < 18 ? 8 : 33, h_px = i < 18 ? 9 : 33;

		src[0] = (uint8_t)(i < 18 ? i : 17);
		len = clear_encode(enc, src, w_px * 4, 0, w_px, h_px, stream, sizeof stream);
		assert_true(len > 4);
	}
	len = clear_encode(enc, src, 8 * 4, 0, 8, 9, stream, sizeof stream);
	assert_int_equal(len, sizeof example_1);
	assert_memory_equal(stream, example_1, sizeof example_1);
	clear_encoder_destroy(enc);
}

static const uint8_t example_2[] = { 0x00, 0x0d, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x82, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x4e, 0x00, 0x11, 0x00, 0x75, 0x00, 0x00, 0x00, 0x02, 0x0e, 0xff,
	0xff, 0xff, 0x00, 0x00, 0x00, 0xdb, 0xff, 0xff, 0x00, 0x3a, 0x90, 0xff, 0xb6, 0x66, 0x66, 0xb6, 0xff,
	0xb6, 0x66, 0x00, 0x90, 0xdb, 0xff, 0x00, 0x00, 0x3a, 0xdb, 0x90, 0x3a, 0x3a, 0x90, 0xdb, 0x66, 0x00,
	0x00, 0xff, 0xff, 0xb6, 0x64, 0x64, 0x64, 0x11, 0x04, 0x11, 0x4c, 0x11, 0x4c, 0x11, 0x4c, 0x11, 0x4c,
	0x11, 0x4c, 0x00, 0x47, 0x13, 0x00, 0x01, 0x01, 0x04, 0x00, 0x01, 0x00, 0x00, 0x47, 0x16, 0x00, 0x11,
	0x02, 0x00, 0x47, 0x29, 0x00, 0x11, 0x01, 0x00, 0x49, 0x0a, 0x00, 0x01, 0x00, 0x04, 0x00, 0x01, 0x00,
	0x00, 0x4a, 0x0a, 0x00, 0x09, 0x00, 0x01, 0x00, 0x00, 0x47, 0x05, 0x00, 0x01, 0x01, 0x1c, 0x00, 0x01,
	0x00, 0x11, 0x4c, 0x11, 0x4c, 0x11, 0x4c, 0x00, 0x47, 0x0d, 0x4d, 0x00, 0x4d };

/* Segments 1, 2 and 16 are told in the example: what they make is looked for. */
static void example_2_is_rlex(void **state)
{
	struct clear_decoder *dec = prepare(0x0d, 0, 1);

	decode(dec, example_2, sizeof example_2, 78, 17);
	expect(0, 0, 5, 1, 0xffffff);
	expect(5, 0, 1, 1, 0x000000);
	expect(6, 0, 72, 1, 0xffffff);
	expect(0, 1, 4, 1, 0xffffff); /* with the 72 before, the 76 of segment 2 */
	expect(4, 1, 1, 1, 0xffffff);
	expect(5, 1, 1, 1, 0x000000);
	expect(0, 15, 78, 1, 0x646464);
	expect(0, 16, 78, 1, 0xffffff);
	clear_decoder_destroy(dec);
}

static const uint8_t example_3[] = { 0x00, 0xdf, 0x0e, 0x00, 0x00, 0x00, 0x8b, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0xfe, 0xfe, 0xfe, 0xff, 0x80, 0x05, 0xff, 0xff, 0xff, 0x40, 0xfe, 0xfe, 0xfe, 0x40, 0x00,
	0x00, 0x3f, 0x00, 0x03, 0x00, 0x0b, 0x00, 0xfe, 0xfe, 0xfe, 0xc5, 0xd0, 0xc6, 0xd0, 0xc7, 0xd0, 0x68,
	0xd4, 0x69, 0xd4, 0x6a, 0xd4, 0x6b, 0xd4, 0x6c, 0xd4, 0x6d, 0xd4, 0x1a, 0xd4, 0x1a, 0xd4, 0xa6, 0xd0,
	0x6e, 0xd4, 0x6f, 0xd4, 0x70, 0xd4, 0x71, 0xd4, 0x72, 0xd4, 0x73, 0xd4, 0x74, 0xd4, 0x21, 0xd4, 0x22,
	0xd4, 0x23, 0xd4, 0x24, 0xd4, 0x25, 0xd4, 0xd9, 0xd0, 0xda, 0xd0, 0xdb, 0xd0, 0xc5, 0xd0, 0xc5, 0xd0,
	0xdc, 0xd0, 0xc2, 0xd0, 0x21, 0xd4, 0x22, 0xd4, 0x23, 0xd4, 0x24, 0xd4, 0x25, 0xd4, 0xc9, 0xd0, 0xca,
	0xd0, 0x5a, 0xd4, 0x2b, 0xd1, 0x28, 0xd1, 0x2c, 0xd1, 0x75, 0xd4, 0x27, 0xd4, 0x28, 0xd4, 0x29, 0xd4,
	0x2a, 0xd4, 0x1a, 0xd4, 0x1a, 0xd4, 0x1a, 0xd4, 0xb7, 0xd0, 0xb8, 0xd0, 0xb9, 0xd0, 0xba, 0xd0, 0xbb,
	0xd0, 0xbc, 0xd0, 0xbd, 0xd0, 0xbe, 0xd0, 0xbf, 0xd0, 0xc0, 0xd0, 0xc1, 0xd0, 0xc2, 0xd0, 0xc3, 0xd0,
	0xc4, 0xd0 };

static void example_3_is_residual_and_columns(void **state)
{
	enum { COLUMNS_AT = 39 };
	struct clear_decoder *dec = prepare(0xdf, 0x5476, 9);

	decode(dec, example_3, sizeof example_3, 64, 24);
	expect(0, 0, 64, 3, 0xfefefe);
	for (int x = 0; x < 64; x++) {
		const uint8_t *p = example_3 + COLUMNS_AT + 2 * x;

		expect(x, 3, 1, 1, 0x010000u + (uint32_t)(p[0] | (p[1] & 0x7f) << 8));
	}
	expect(0, 4, 64, 8, 0x808080);
	expect(0, 12, 64, 10, 0xfefefe);
	expect(0, 22, 64, 1, 0xffffff);
	expect(0, 23, 64, 1, 0xfefefe);
	clear_decoder_destroy(dec);
}

static const uint8_t example_4[] = { 0x01, 0x0b, 0x78, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x06, 0x00, 0x00, 0x00, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0f,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xb6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xb6, 0x66, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xb6, 0x66, 0xdb, 0x90, 0x3a, 0xff,
	0xff, 0xb6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x46, 0x91, 0x47, 0x91, 0x48, 0x91,
	0x49, 0x91, 0x4a, 0x91, 0x1b, 0x91 };

static void expect_example_4(void)
{
	static const uint32_t first[15] = { 0xffffff, 0xffffff, 0xffffff, 0xffffb6, 0xffffff, 0xffffff,
		0x66b6ff, 0xffffff, 0xffffff, 0x66b6ff, 0x3a90db, 0xb6ffff, 0xffffff, 0xffffff, 0xffffff };
	static const uint32_t places[] = { 0x1146, 0x1147, 0x1148, 0x1149, 0x114a, 0x111b };

	for (int y = 0; y < 15; y++)
		assert_int_equal(pixel(0, y), first[y]);
	for (int i = 0; i < 6; i++)
		expect(i + 1, 0, 1, 1, 0x010000 + places[i]);
	expect(1, 1, 6, 14, 0x808080);
}

static void example_4_is_kept_as_a_glyph(void **state)
{
	static const uint8_t again[] = { 0x03, 0x0c, 0x78, 0x00 };
	struct clear_decoder *dec = prepare(0x0b, 0x114b, 15);

	decode(dec, example_4, sizeof example_4, 7, 15);
	expect_example_4();
	decode(dec, again, sizeof again, 7, 15);
	expect_example_4();
	clear_decoder_destroy(dec);
}

/* A glyph is a line of pixels without a shape. */
static void example_5_has_any_shape(void **state)
{
	static const uint8_t hit[][4] = { { 3, 1, 4, 0 }, { 3, 2, 4, 0 } };
	struct clear_decoder *dec = clear_decoder_create();

	send_glyph(dec, 0, 4, 2, 8);
	expect_glyph(2, 8);
	decode(dec, hit[0], sizeof hit[0], 4, 4);
	expect_glyph(4, 4);
	decode(dec, hit[1], sizeof hit[1], 8, 2);
	expect_glyph(8, 2);
	clear_decoder_destroy(dec);
}

/* Four glyphs, then the one of the example in its three shapes */
static void example_5_is_written(void **state)
{
	static const uint8_t hits[][4] = { { 3, 5, 4, 0 }, { 3, 6, 4, 0 } };
	static const int sides[] = { 2, 4, 8 };
	struct clear_encoder *enc = clear_encoder_create();
	static uint8_t src[16 * 4];

	for (int i = 0; i < 4; i++) {
		src[0] = (uint8_t)i;
		assert_true(clear_encode(enc, src, 64, 0, 16, 1, stream, sizeof stream) > 4);
	}
	for (int i = 0; i < 64; i++)
		src[i] = (uint8_t)i;
	for (int i = 0; i < 3; i++) {
		int len = clear_encode(
				enc, src, 4 * sides[i], 0, sides[i], 16 / sides[i], stream, sizeof stream);

		assert_int_equal(len > 4, i == 0);
		if (i)
			assert_memory_equal(stream, hits[i - 1], sizeof hits[0]);
	}
	clear_encoder_destroy(enc);
}

/* [MS-RDPNSC] 4, as a subcodec. Its alpha does not count. */
static void example_of_nscodec(void **state)
{
	enum { W = 15, H = 10, BITMAP_BYTES = 158 };
	uint8_t *bitmap = vector_load("nsc-bitmap.bin", BITMAP_BYTES);
	uint8_t *want = vector_load("nsc-pixels.bin", 4 * W * H);
	struct clear_decoder *dec = clear_decoder_create();
	struct writer w = writer_init(stream, sizeof stream);

	writer_u16(&w, 0);
	writer_u32(&w, 0);
	writer_u32(&w, 0);
	writer_u32(&w, 13 + BITMAP_BYTES);
	writer_u32(&w, 0);
	writer_u16(&w, W);
	writer_u16(&w, H);
	writer_u32(&w, BITMAP_BYTES);
	writer_u8(&w, 1);
	writer_copy(&w, bitmap, BITMAP_BYTES);
	decode(dec, stream, (size_t)writer_len(&w), W, H);
	for (int y = 0; y < H; y++)
		assert_memory_equal(got + y * STRIDE, want + 4 * W * y, 4 * W);
	clear_decoder_destroy(dec);
	free(want);
	free(bitmap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example_1_is_glyph_17),
		cmocka_unit_test(example_1_is_written),
		cmocka_unit_test(example_2_is_rlex),
		cmocka_unit_test(example_3_is_residual_and_columns),
		cmocka_unit_test(example_4_is_kept_as_a_glyph),
		cmocka_unit_test(example_5_has_any_shape),
		cmocka_unit_test(example_5_is_written),
		cmocka_unit_test(example_of_nscodec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
