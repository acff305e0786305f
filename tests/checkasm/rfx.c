#include "checkasm.h"
#include <rfx/dsp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { LEVELS_MAX = 4, BITS_MAX = 65536, ROUNDS = 20 };
#define COEFS_BYTES (RFX_COEFS * sizeof(int16_t))

static struct rfx_shifts random_shifts(void)
{
	struct rfx_shifts shifts;

	for (int i = 0; i < BANDS; i++)
		shifts.of[i] = (uint8_t)(5 + checkasm_random() % 10);
	return shifts;
}

typedef void transform_fn(int16_t *dst, int16_t *src, const struct rfx_shifts *shifts);

static void check_transform(transform_fn *ref, transform_fn *opt, int limit, const char *what, unsigned flags)
{
	static _Alignas(64) int16_t src[RFX_COEFS], work[RFX_COEFS];
	static _Alignas(64) int16_t want[RFX_COEFS + GUARD / 2], got[RFX_COEFS + GUARD / 2];

	for (int i = 0; i < ROUNDS * CHECKASM_KINDS; i++) {
		struct rfx_shifts shifts = random_shifts();

		checkasm_fill_s16(src, RFX_COEFS, limit, i % CHECKASM_KINDS);
		if (i / CHECKASM_KINDS % 3 == 0)
			memset(src, 0, 3072 * sizeof *src); /* the largest bands: inverses skip them */
		memset(want, 0x5a, sizeof want);
		memset(got, 0x5a, sizeof got);
		memcpy(work, src, COEFS_BYTES);
		ref(want, work, &shifts);
		memcpy(work, src, COEFS_BYTES);
		opt(got, work, &shifts);
		checkasm_same(want, got, sizeof want, what, flags, i % CHECKASM_KINDS);
	}
}

static void transforms(void **state)
{
	unsigned levels[LEVELS_MAX];
	size_t count = checkasm_levels(levels, LEVELS_MAX);
	struct rfx_dsp ref, opt;

	rfx_dsp_init(&ref, 0);
	for (size_t i = 0; i < count; i++) {
		rfx_dsp_init(&opt, levels[i]);
		check_transform(ref.forward, opt.forward, 4096, "forward", levels[i]);
		check_transform(ref.forward_extrapolate, opt.forward_extrapolate, 4096, "forward_extrapolate",
				levels[i]);
		check_transform(ref.inverse, opt.inverse, 32768, "inverse", levels[i]);
		check_transform(ref.inverse, opt.inverse, 64, "inverse", levels[i]);
		check_transform(ref.inverse_extrapolate, opt.inverse_extrapolate, 32768,
				"inverse_extrapolate", levels[i]);
		check_transform(ref.inverse_extrapolate, opt.inverse_extrapolate, 64, "inverse_extrapolate",
				levels[i]);
	}
}

typedef int encode_fn(uint8_t *dst, size_t cap, const int16_t *coefs);
typedef void decode_fn(int16_t *coefs, const uint8_t *src, size_t len);

static uint8_t want_bits[BITS_MAX + GUARD], got_bits[BITS_MAX + GUARD];

/* Behind the result a SIMD version may write, up to cap. */
static int check_encode(encode_fn *ref, encode_fn *opt, const int16_t *coefs, size_t cap, const char *what,
		unsigned flags, int kind)
{
	int len;

	memset(got_bits, 0x5a, sizeof got_bits);
	len = ref(want_bits, cap, coefs);
	assert_int_equal(opt(got_bits, cap, coefs), len);
	if (len > 0)
		checkasm_same(want_bits, got_bits, (size_t)len, what, flags, kind);
	memset(want_bits, 0x5a, GUARD);
	checkasm_same(want_bits, got_bits + cap, GUARD, what, flags, kind);
	return len;
}

static void check_rlgr(encode_fn *ref, encode_fn *opt, decode_fn *back, const char *what, unsigned flags)
{
	static _Alignas(64) int16_t coefs[RFX_COEFS], again[RFX_COEFS];

	for (int i = 0; i < ROUNDS * CHECKASM_KINDS; i++) {
		int kind = i % CHECKASM_KINDS, limit = 2 << checkasm_random() % 14;
		int len;

		checkasm_fill_s16(coefs, RFX_COEFS, limit, kind);
		len = check_encode(ref, opt, coefs, BITS_MAX, what, flags, kind);
		if (len > 0) {
			ref(want_bits, BITS_MAX, coefs);
			back(again, want_bits, (size_t)len);
			checkasm_same(coefs, again, COEFS_BYTES, what, flags, kind);
			check_encode(ref, opt, coefs, (size_t)len, what, flags, kind);
			check_encode(ref, opt, coefs, (size_t)len - 1, what, flags, kind);
		}
		check_encode(ref, opt, coefs, checkasm_random() % 9000, what, flags, kind);
	}
}

static void encoders(void **state)
{
	unsigned levels[LEVELS_MAX];
	size_t count = checkasm_levels(levels, LEVELS_MAX);
	struct rfx_dsp ref, opt;

	rfx_dsp_init(&ref, 0);
	for (size_t i = 0; i < count; i++) {
		rfx_dsp_init(&opt, levels[i]);
		check_rlgr(ref.rlgr1_encode, opt.rlgr1_encode, ref.rlgr1_decode, "rlgr1_encode", levels[i]);
		check_rlgr(ref.rlgr3_encode, opt.rlgr3_encode, ref.rlgr3_decode, "rlgr3_encode", levels[i]);
	}
}

/* Bits from the encoder, then noise. */
static void check_decode(encode_fn *encode, decode_fn *ref, decode_fn *opt, const char *what, unsigned flags)
{
	static _Alignas(64) int16_t want[RFX_COEFS + GUARD / 2], got[RFX_COEFS + GUARD / 2];

	for (int i = 0; i < ROUNDS * CHECKASM_KINDS; i++) {
		int kind = i % CHECKASM_KINDS, len;

		checkasm_fill_s16(want, RFX_COEFS, 2 << checkasm_random() % 12, kind);
		len = encode(want_bits, BITS_MAX, want);
		assert_true(len > 0);
		for (int round = 0; round < 3; round++) {
			memset(want, 0x5a, sizeof want);
			memset(got, 0x5a, sizeof got);
			ref(want, want_bits, (size_t)len);
			opt(got, want_bits, (size_t)len);
			checkasm_same(want, got, sizeof want, what, flags, kind);
			for (int j = 0; j < 4; j++)
				want_bits[checkasm_random() % (uint32_t)len] = (uint8_t)checkasm_random();
			len = round == 0 ? len : (int)(checkasm_random() % (uint32_t)(len + 1));
			len = len ? len : 1;
		}
	}
}

static void decoders(void **state)
{
	unsigned levels[LEVELS_MAX];
	size_t count = checkasm_levels(levels, LEVELS_MAX);
	struct rfx_dsp ref, opt;

	rfx_dsp_init(&ref, 0);
	for (size_t i = 0; i < count; i++) {
		rfx_dsp_init(&opt, levels[i]);
		check_decode(ref.rlgr1_encode, ref.rlgr1_decode, opt.rlgr1_decode, "rlgr1_decode", levels[i]);
		check_decode(ref.rlgr3_encode, ref.rlgr3_decode, opt.rlgr3_decode, "rlgr3_decode", levels[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checkasm_every_level_is_here),
		cmocka_unit_test(transforms),
		cmocka_unit_test(encoders),
		cmocka_unit_test(decoders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
