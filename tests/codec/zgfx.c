#include "pictures.h"
#include <codec/zgfx.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zgfx/tokens.h>

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

/* Our encoder writes the same bytes. */
static void check_encoder(
		size_t history_bytes, const void *plain, size_t len, const uint8_t *want, size_t want_len)
{
	struct zgfx_encoder *enc = zgfx_encoder_create(history_bytes);
	uint8_t bytes[256];

	assert_int_equal(zgfx_encode(enc, plain, len, bytes, sizeof bytes), want_len);
	assert_memory_equal(bytes, want, want_len);
	zgfx_encoder_destroy(enc);
}

static const uint8_t fox[] = "The quick brown fox jumps over the lazy dog";

/* [MS-RDPEGFX] 4.2.1.1.1 to 4.2.1.1.4; the last is cut into segments as no encoder would */
static void examples_of_the_specification(void **state)
{
	static const uint8_t plain[] = { 1, 2, 0xff, 0x65, 0x65, 0x65, 0x65, 0x65 };
	static const uint8_t one[] = { 0xe0, 0x24, 0xce, 0x9b, 0x19, 0x62, 0x18, 0x00 };
	static const uint8_t three[] = { 0xe0, 0x24, 0x20, 0x90, 0x88, 0x71, 0x1f, 0xb2, 0x01 };
	static const uint8_t four[] = { 0xe1, 0x03, 0x00, 0x2b, 0x00, 0x00, 0x00, 0x11, 0x00, 0x00, 0x00,
		0x04, 0x54, 0x68, 0x65, 0x20, 0x71, 0x75, 0x69, 0x63, 0x6b, 0x20, 0x62, 0x72, 0x6f, 0x77,
		0x6e, 0x20, 0x0e, 0x00, 0x00, 0x00, 0x04, 0x66, 0x6f, 0x78, 0x20, 0x6a, 0x75, 0x6d, 0x70,
		0x73, 0x20, 0x6f, 0x76, 0x65, 0x10, 0x00, 0x00, 0x00, 0x24, 0x39, 0x08, 0x0e, 0x91, 0xf8,
		0xd8, 0x61, 0x3d, 0x1e, 0x44, 0x06, 0x43, 0x79, 0x9c, 0x02 };
	uint8_t two[2 + 43] = { 0xe0, 0x04 };
	char abc[61] = "";

	memcpy(two + 2, fox, 43);
	for (int i = 0; i < 20; i++)
		memcpy(abc + 3 * i, "ABC", 3);
	check_example(one, sizeof one, plain, sizeof plain);
	check_example(two, sizeof two, fox, 43);
	check_example(three, sizeof three, abc, 60);
	check_example(four, sizeof four, fox, 43);
	check_encoder(ZGFX_HISTORY_MAX_BYTES, plain, sizeof plain, one, sizeof one);
	check_encoder(ZGFX_HISTORY_MAX_BYTES, fox, 43, two, sizeof two);
	check_encoder(ZGFX_HISTORY_MAX_BYTES, abc, 60, three, sizeof three);
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

static uint32_t take_bits(const uint8_t *bytes, size_t *at, int n)
{
	uint32_t v = 0;

	for (; n; n--, ++*at)
		v = v << 1 | (bytes[*at / 8] >> (7 - *at % 8) & 1);
	return v;
}

/* Skips one token of a stream that is known to be right. Returns the distance of a match,
 * else 0. */
static size_t take_token(const uint8_t *bytes, size_t *at)
{
	uint32_t prefix = 0;
	int bits = 0, ones = 0;

	for (;;) {
		prefix = prefix << 1 | take_bits(bytes, at, 1);
		if (++bits == 1 && !prefix) {
			*at += 8;
			return 0;
		}
		for (int i = 0; i < ZGFX_SHORT_LITERALS; i++) {
			if (zgfx_short_literals[i].bits == bits && zgfx_short_literals[i].code == prefix)
				return 0;
		}
		for (int i = 0; i < ZGFX_DISTANCES; i++) {
			const struct zgfx_distance *d = &zgfx_distances[i];
			size_t distance;

			if (d->prefix_bits != bits || d->prefix != prefix)
				continue;
			distance = d->base + take_bits(bytes, at, d->value_bits);
			if (!distance) {
				size_t len = take_bits(bytes, at, 15);

				*at = (*at + 7) / 8 * 8 + 8 * len;
				return 0;
			}
			while (take_bits(bytes, at, 1))
				ones++;
			if (ones)
				take_bits(bytes, at, ones + 1);
			return distance;
		}
	}
}

/* The longest distance in a stream of one segment, 0 without a match */
static size_t longest_distance(const uint8_t *bytes, size_t len)
{
	size_t at = 0, end, longest = 0;

	assert_int_equal(bytes[0], ZGFX_DESCRIPTOR_SINGLE);
	if (!(bytes[1] & ZGFX_HEADER_COMPRESSED))
		return 0;
	bytes += 2;
	end = 8 * (len - 3) - bytes[len - 3];
	while (at < end) {
		size_t distance = take_token(bytes, &at);

		longest = distance > longest ? distance : longest;
	}
	assert_int_equal(at, end);
	return longest;
}

/* 24 bytes of noise, again and again at this distance, with zeros between, so that the
 * encoder's tables keep them. Goes on until the window has moved at least twice. */
static size_t longest_sent(size_t history_bytes, size_t distance, size_t total)
{
	enum { PART = 50000 };
	struct zgfx_encoder *enc = zgfx_encoder_create(history_bytes);
	struct zgfx_decoder *dec = zgfx_decoder_create();
	uint8_t *src = malloc(PART), *got = malloc(ZGFX_SEGMENT_MAX_BYTES), *bytes = malloc(zgfx_bound(PART));
	size_t longest = 0;

	for (size_t sent = 0; sent < total; sent += PART) {
		int len;

		for (size_t i = 0; i < PART; i++) {
			uint32_t random = (uint32_t)((sent + i) % distance);

			src[i] = random < 24 ? (uint8_t)(100 + (random + 1) * 2654435769u % 151) : 0;
		}
		len = zgfx_encode(enc, src, PART, bytes, zgfx_bound(PART));
		assert_true(len > 0);
		assert_int_equal(zgfx_decode(dec, bytes, (size_t)len, got, ZGFX_SEGMENT_MAX_BYTES), PART);
		assert_memory_equal(got, src, PART);
		if (longest_distance(bytes, (size_t)len) > longest)
			longest = longest_distance(bytes, (size_t)len);
	}
	free(bytes);
	free(got);
	free(src);
	zgfx_decoder_destroy(dec);
	zgfx_encoder_destroy(enc);
	return longest;
}

static void matches_reach_as_far_as_the_history(void **state)
{
	static const size_t histories[] = { 70000, ZGFX_HISTORY_SMALL_BYTES, ZGFX_HISTORY_MAX_BYTES };

	for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
		size_t history = histories[i], total = 3 * history + 3000000;

		assert_int_equal(longest_sent(history, history, total), history);
		assert_true(longest_sent(history, history + 1, total) < history);
	}
}

/* A match of three bytes, from at least 2414240 bytes before */
static int decode_far_match(struct zgfx_decoder *dec, uint32_t distance, uint8_t *got)
{
	uint32_t bits = (0xbdu << 22 | (distance - 2414240) << 1) << 2;
	uint8_t bytes[] = { 0xe0, 0x24, (uint8_t)(bits >> 24), (uint8_t)(bits >> 16), (uint8_t)(bits >> 8),
		(uint8_t)bits, 2 };

	return zgfx_decode(dec, bytes, sizeof bytes, got, ZGFX_SEGMENT_MAX_BYTES);
}

/* Byte number i of what send_plain sends */
static uint8_t plain_byte(size_t i)
{
	return (uint8_t)(i * 2654435761u >> 24);
}

/* Takes the decoder, which has got `from` bytes, to `to` of them. */
static void send_plain(struct zgfx_decoder *dec, size_t from, size_t to)
{
	static uint8_t bytes[2 + 60000] = { 0xe0, 0x04 }, got[ZGFX_SEGMENT_MAX_BYTES];

	while (from < to) {
		size_t part = to - from < 60000 ? to - from : 60000;

		for (size_t i = 0; i < part; i++)
			bytes[2 + i] = plain_byte(from + i);
		assert_int_equal(zgfx_decode(dec, bytes, 2 + part, got, sizeof got), part);
		from += part;
	}
}

static void check_far_match(size_t sent, uint32_t distance, int want)
{
	struct zgfx_decoder *dec = zgfx_decoder_create();
	uint8_t *got = malloc(ZGFX_SEGMENT_MAX_BYTES);

	send_plain(dec, 0, sent);
	assert_int_equal(decode_far_match(dec, distance, got), want);
	for (int i = 0; i < want; i++)
		assert_int_equal(got[i], plain_byte(sent - distance + (size_t)i));
	free(got);
	zgfx_decoder_destroy(dec);
}

/* [MS-RDPEGFX] 3.1.9.1.2: 2,500,000 bytes and no more, which the code could say. The
 * decoder's window moves after 3.5 MB and each further MB. */
static void takes_matches_from_the_whole_history_only(void **state)
{
	check_far_match(2499999, 2500000, ERR_FORMAT);
	check_far_match(2500000, 2500000, 3);
	check_far_match(2500001, 2500001, ERR_FORMAT);
	for (size_t sent = 3470000; sent < 3700000; sent += 23477) {
		check_far_match(sent, 2500000, 3);
		check_far_match(sent, 2500001, ERR_FORMAT);
	}
	check_far_match(7000001, 2500000, 3);
	check_far_match(7000001, 2500001, ERR_FORMAT);
	check_far_match(7000001, 2414240 + (1 << 21) - 1, ERR_FORMAT);
}

/* Noise costs 4 bytes for each unencoded run of at most 32767. */
static void leaves_noise_within_a_segment_as_it_is(void **state)
{
	enum { NOISE = 40000, TOTAL = 65535 };
	struct zgfx_encoder *enc = zgfx_encoder_create(ZGFX_HISTORY_SMALL_BYTES);
	struct zgfx_decoder *dec = zgfx_decoder_create();
	uint8_t *src = calloc(1, TOTAL), *got = malloc(TOTAL), *bytes = malloc(zgfx_bound(TOTAL));
	uint32_t random = 3;
	int len;

	for (int i = 0; i < NOISE; i++)
		src[10000 + i] = (uint8_t)(picture_random(&random) >> 9 | 1);
	len = zgfx_encode(enc, src, TOTAL, bytes, zgfx_bound(TOTAL));
	assert_in_range(len, NOISE, NOISE + 40);
	assert_int_equal(zgfx_decode(dec, bytes, (size_t)len, got, TOTAL), TOTAL);
	assert_memory_equal(got, src, TOTAL);
	len = zgfx_encode(enc, src + 10000, NOISE, bytes, zgfx_bound(TOTAL)); /* known by now */
	assert_in_range(len, 6, 60);
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
		cmocka_unit_test(examples_of_the_specification),
		cmocka_unit_test(decodes_an_unencoded_run),
		cmocka_unit_test(refuses_a_match_before_the_start),
		cmocka_unit_test(refuses_sizes_that_cannot_be),
		cmocka_unit_test(takes_matches_from_the_whole_history_only),
		cmocka_unit_test(matches_reach_as_far_as_the_history),
		cmocka_unit_test(leaves_noise_within_a_segment_as_it_is),
		cmocka_unit_test(comes_back_the_same_for_stripes),
		{ "full history", comes_back_the_same_for_megabytes, NULL, NULL,
				(void *)ZGFX_HISTORY_MAX_BYTES },
		{ "small history", comes_back_the_same_for_megabytes, NULL, NULL,
				(void *)ZGFX_HISTORY_SMALL_BYTES },
		{ "tiny history", comes_back_the_same_for_megabytes, NULL, NULL, (void *)100 },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
