#include "pictures.h"
#include <codec/zgfx.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void wraps_one_segment(void **state)
{
	static const uint8_t want[] = { 0xe0, 0x04, 'a', 'b', 'c' };
	struct zgfx_encoder *enc = zgfx_encoder_create(0);
	uint8_t bytes[64];

	assert_int_equal(zgfx_encode(enc, "abc", 3, bytes, sizeof bytes), sizeof want);
	assert_memory_equal(bytes, want, sizeof want);
	zgfx_encoder_destroy(enc);
}

static void wraps_many_segments(void **state)
{
	static const uint8_t head[] = { 0xe1, 2, 0, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x04 };
	static const uint8_t tail[] = { 2, 0, 0, 0, 0x04, 0x55 };
	struct zgfx_encoder *enc = zgfx_encoder_create(0);
	size_t len = 65536, cap = zgfx_bound(len), want = cap - 32;
	uint8_t *src = malloc(len), *bytes = malloc(cap);

	memset(src, 0x55, len);
	assert_int_equal(zgfx_encode(enc, src, len, bytes, cap), want);
	assert_memory_equal(bytes, head, sizeof head);
	assert_memory_equal(bytes + want - sizeof tail, tail, sizeof tail);
	free(bytes);
	free(src);
	zgfx_encoder_destroy(enc);
}

static void refuses_what_it_cannot_do(void **state)
{
	struct zgfx_encoder *enc = zgfx_encoder_create(0);
	uint8_t bytes[64];

	assert_int_equal(zgfx_encode(enc, bytes, 0, bytes, sizeof bytes), ERR_ARGUMENT);
	assert_int_equal(
			zgfx_encode(enc, bytes, ZGFX_INPUT_MAX_BYTES + 1, bytes, sizeof bytes), ERR_ARGUMENT);
	assert_int_equal(zgfx_encode(enc, bytes, 10, bytes, zgfx_bound(10) - 1), ERR_SPACE);
	zgfx_encoder_destroy(enc);
	zgfx_encoder_destroy(NULL);
}

static void check_example(const uint8_t *bytes, size_t len, const void *want, size_t want_len)
{
	struct zgfx_decoder *dec = zgfx_decoder_create();
	uint8_t *got = malloc(65535);

	assert_int_equal(zgfx_decode(dec, bytes, len, got, 65535), want_len);
	assert_memory_equal(got, want, want_len);
	for (size_t cut = 0; cut < len; cut++) /* shorter ones are wrong, not dangerous */
		assert_true(zgfx_decode(dec, bytes, cut, got, 65535) < (int)want_len);
	free(got);
	zgfx_decoder_destroy(dec);
}

/* [MS-RDPEGFX] 4.2.1.1.1 to 4.2.1.1.4 */
static void decodes_the_examples_of_the_specification(void **state)
{
	static const uint8_t plain[] = { 1, 2, 0xff, 0x65, 0x65, 0x65, 0x65, 0x65 };
	static const uint8_t one[] = { 0xe0, 0x24, 0xce, 0x9b, 0x19, 0x62, 0x18, 0x00 };
	static const uint8_t three[] = { 0xe0, 0x24, 0x20, 0x90, 0x88, 0x71, 0x1f, 0xb2, 0x01 };
	static const uint8_t four[] = { 0xe1, 0x03, 0x00, 0x2b, 0x00, 0x00, 0x00, 0x11, 0x00, 0x00, 0x00,
		0x04, 0x54, 0x68, 0x65, 0x20, 0x71, 0x75, 0x69, 0x63, 0x6b, 0x20, 0x62, 0x72, 0x6f, 0x77,
		0x6e, 0x20, 0x0e, 0x00, 0x00, 0x00, 0x04, 0x66, 0x6f, 0x78, 0x20, 0x6a, 0x75, 0x6d, 0x70,
		0x73, 0x20, 0x6f, 0x76, 0x65, 0x10, 0x00, 0x00, 0x00, 0x24, 0x39, 0x08, 0x0e, 0x91, 0xf8,
		0xd8, 0x61, 0x3d, 0x1e, 0x44, 0x06, 0x43, 0x79, 0x9c, 0x02 };
	char abc[61] = "";

	for (int i = 0; i < 20; i++)
		memcpy(abc + 3 * i, "ABC", 3);
	check_example(one, sizeof one, plain, sizeof plain);
	check_example(three, sizeof three, abc, 60);
	check_example(four, sizeof four, "The quick brown fox jumps over the lazy dog", 43);
}

/* The unencoded run of [MS-RDPEGFX] 4.2.1.1.5, whose 1000 bytes it leaves out */
static void decodes_an_unencoded_run(void **state)
{
	uint8_t bytes[1007] = { 0xe0, 0x24, 0x88, 0x01, 0xf4, 0x00 };

	for (int i = 0; i < 1000; i++)
		bytes[6 + i] = (uint8_t)(i * i >> 3);
	check_example(bytes, sizeof bytes, bytes + 6, 1000);
}

static void refuses_a_match_before_the_start(void **state)
{
	/* literal 0x49, then 9 bytes from distance 2 */
	static const uint8_t bytes[] = { 0xe0, 0x24, 0x24, 0xc4, 0x5c, 0x40, 0x05 };
	struct zgfx_decoder *dec = zgfx_decoder_create();
	uint8_t *got = malloc(65535);

	assert_int_equal(zgfx_decode(dec, bytes, sizeof bytes, got, 65535), ERR_FORMAT);
	free(got);
	zgfx_decoder_destroy(dec);
}

static void refuses_sizes_that_cannot_be(void **state)
{
	static const uint8_t too_few[] = { 0xe1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 4 };
	static const uint8_t no_room[] = { 0xe1, 3, 0, 9, 0, 0, 0, 1, 0, 0, 0, 4 };
	static const uint8_t unknown[] = { 0xe2, 0x04, 1 };

	assert_int_equal(zgfx_decoded_max(too_few, sizeof too_few), ERR_FORMAT);
	assert_int_equal(zgfx_decoded_max(no_room, sizeof no_room), ERR_FORMAT);
	assert_int_equal(zgfx_decoded_max(unknown, sizeof unknown), ERR_FORMAT);
	assert_int_equal(zgfx_decoded_max(unknown, 0), ERR_FORMAT);
}

/* Repeats from far away, noise in between, up to where the window moves. */
static void comes_back_the_same_for_megabytes(void **state)
{
	struct zgfx_encoder *enc = zgfx_encoder_create((size_t)(uintptr_t)*state);
	struct zgfx_decoder *dec = zgfx_decoder_create();
	uint32_t random = 12345;
	uint8_t *pool = malloc(1 << 21), *src = malloc(300000), *got = malloc(300000),
		*bytes = malloc(zgfx_bound(300000));

	for (int i = 0; i < 1 << 21; i++)
		pool[i] = (uint8_t)(picture_random(&random) >> 9 & (i & 4096 ? 0xff : 0x03));
	for (int round = 0; round < 200; round++) {
		size_t len = 0, want = 1 + picture_random(&random) % 120000;
		int wrapped;

		while (len < want) {
			size_t part = 1 +
					picture_random(&random) % (picture_random(&random) % 8 ? 60 : 40000);

			memcpy(src + len, pool + picture_random(&random) % (2000000 - 40000), part);
			len += part;
		}
		wrapped = zgfx_encode(enc, src, len, bytes, zgfx_bound(len));
		assert_true(wrapped > 0);
		assert_int_equal(zgfx_decode(dec, bytes, (size_t)wrapped, got, 300000), len);
		assert_memory_equal(got, src, len);
	}
	free(bytes);
	free(got);
	free(src);
	free(pool);
	zgfx_decoder_destroy(dec);
	zgfx_encoder_destroy(enc);
}

/* Short runs of few values and a short history: near places with equal hashes that are
 * not equal. */
static void comes_back_the_same_for_stripes(void **state)
{
	struct zgfx_encoder *enc = zgfx_encoder_create(100);
	struct zgfx_decoder *dec = zgfx_decoder_create();
	uint32_t random = 99;
	size_t len = 4000000, at = 0;
	uint8_t *src = malloc(len), *got = malloc(len), *bytes = malloc(zgfx_bound(len));
	int wrapped;

	while (at < len) {
		size_t run = 1 + picture_random(&random) % 7;
		uint8_t value = (uint8_t)(picture_random(&random) % 6 * 51);

		for (; run && at < len; run--)
			src[at++] = value;
	}
	wrapped = zgfx_encode(enc, src, len, bytes, zgfx_bound(len));
	assert_true(wrapped > 0);
	assert_int_equal(zgfx_decode(dec, bytes, (size_t)wrapped, got, len), len);
	assert_memory_equal(got, src, len);
	free(bytes);
	free(got);
	free(src);
	zgfx_decoder_destroy(dec);
	zgfx_encoder_destroy(enc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wraps_one_segment),
		cmocka_unit_test(wraps_many_segments),
		cmocka_unit_test(refuses_what_it_cannot_do),
		cmocka_unit_test(decodes_the_examples_of_the_specification),
		cmocka_unit_test(decodes_an_unencoded_run),
		cmocka_unit_test(refuses_a_match_before_the_start),
		cmocka_unit_test(refuses_sizes_that_cannot_be),
		cmocka_unit_test(comes_back_the_same_for_stripes),
		{ "full history", comes_back_the_same_for_megabytes, NULL, NULL,
				(void *)ZGFX_HISTORY_MAX_BYTES },
		{ "small history", comes_back_the_same_for_megabytes, NULL, NULL,
				(void *)ZGFX_HISTORY_SMALL_BYTES },
		{ "tiny history", comes_back_the_same_for_megabytes, NULL, NULL, (void *)100 },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
