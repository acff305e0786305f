/* What zgfx_encode writes, read by FreeRDP's decoder: exact, over many calls with
 * one history. */
#include "pictures.h"
#include <codec/zgfx.h>
#include <freerdp/codec/zgfx.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { INPUT_MAX = 400000 };

static void check(struct zgfx_encoder *enc, ZGFX_CONTEXT *decoder, const uint8_t *src, size_t len)
{
	size_t cap = zgfx_bound(len);
	uint8_t *bytes = malloc(cap);
	BYTE *got = NULL;
	UINT32 got_len = 0;
	int wrapped = zgfx_encode(enc, src, len, bytes, cap);

	assert_true(wrapped > 0);
	assert_true(zgfx_decompress(decoder, bytes, (UINT32)wrapped, &got, &got_len, 0) >= 0);
	assert_int_equal(got_len, len);
	assert_memory_equal(got, src, len);
	free(got);
	free(bytes);
}

/* Pictures, the same again, and pieces of 1..200 bytes of earlier ones between
 * noise, which makes unencoded runs. */
static void check_history(size_t history_bytes)
{
	static const size_t lens[] = { 1, 2, 3, 17, 1000, 65534, 65535, 65536, 131070, 131071, INPUT_MAX };
	uint8_t *src = malloc(INPUT_MAX + 4096);
	struct zgfx_encoder *enc = zgfx_encoder_create(history_bytes);
	ZGFX_CONTEXT *decoder = zgfx_context_new(FALSE);
	uint32_t random = 5;

	assert_non_null(enc);
	for (int round = 0; round < 4; round++) {
		for (int kind = 0; kind < PICTURE_KINDS; kind++) {
			picture_make((enum picture_kind)kind, (uint32_t)round / 2 + 1, src, 1024, 256, 392);
			for (size_t i = 0; round == 3 && i + 400 < INPUT_MAX; i += 400) {
				for (size_t k = 0; k < picture_random(&random) % 300; k++)
					src[i + k] = (uint8_t)(picture_random(&random) >> 5);
			}
			for (size_t i = 0; i < sizeof lens / sizeof *lens; i++)
				check(enc, decoder, src, lens[i]);
		}
	}
	zgfx_context_free(decoder);
	zgfx_encoder_destroy(enc);
	free(src);
}

/* The same 24 bytes of noise with zeros between, 2,500,000 bytes apart: zgfx.c sees that
 * matches of just that distance come of it. */
static void decodes_matches_from_the_far_end(void **state)
{
	uint8_t *src = malloc(INPUT_MAX);
	struct zgfx_encoder *enc = zgfx_encoder_create(ZGFX_HISTORY_MAX_BYTES);
	ZGFX_CONTEXT *decoder = zgfx_context_new(FALSE);

	for (uint32_t sent = 0; sent < 12000000; sent += INPUT_MAX) {
		for (uint32_t i = 0; i < INPUT_MAX; i++) {
			uint32_t n = (sent + i) % ZGFX_HISTORY_MAX_BYTES;

			src[i] = n < 24 ? (uint8_t)(100 + (n + 1) * 2654435769u % 151) : 0;
		}
		check(enc, decoder, src, INPUT_MAX);
	}
	zgfx_context_free(decoder);
	zgfx_encoder_destroy(enc);
	free(src);
}

static void decodes_without_history(void **state)
{
	check_history(0);
}

static void decodes_with_small_history(void **state)
{
	check_history(ZGFX_HISTORY_SMALL_BYTES);
}

static void decodes_with_full_history(void **state)
{
	check_history(ZGFX_HISTORY_MAX_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_without_history),
		cmocka_unit_test(decodes_with_small_history),
		cmocka_unit_test(decodes_with_full_history),
		cmocka_unit_test(decodes_matches_from_the_far_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
