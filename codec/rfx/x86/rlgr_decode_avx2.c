/* ../rlgr_decode.c with 56 bits or more at hand: runs of equal bits are counted at
 * once, and what a run's zeros add up to is in a table. Behind the end of the data
 * zeros follow. */
#include "avx2.h"
#include "rlgr_items.h"
#include <immintrin.h>
#include <string.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define UNLIKELY(x)   __builtin_expect(x, 0)

/* Must not have its address taken on the fast path, or it lives in memory: slow
 * paths get a copy. */
struct decoder {
	uint64_t bits;  /* from the top */
	uint64_t count; /* valid ones; those below are right or zero */
	const uint8_t *src;
	uint64_t at, len; /* next byte to take, all bytes */
	uint64_t kp, krp;
};

/* 8 bytes from at on, of which at least one is behind the end. */
static __attribute__((noinline)) uint64_t load_at_end(const uint8_t *src, uint64_t len, uint64_t at)
{
	uint64_t w = 0, left = at < len ? len - at : 0;

	if (len >= 8)
		memcpy(&w, src + len - 8, 8);
	else
		for (uint64_t i = 0; i < len; i++)
			w |= (uint64_t)src[i] << 8 * (8 - len + i);
	return left ? __builtin_bswap64(w) << 8 * (8 - left) : 0;
}

/* To 56 bits or more. */
ALWAYS_INLINE void refill(struct decoder *d)
{
	uint64_t w;

	if (UNLIKELY(d->at + 8 > d->len)) {
		w = load_at_end(d->src, d->len, d->at);
	} else {
		memcpy(&w, d->src + d->at, 8);
		w = __builtin_bswap64(w);
	}
	d->bits |= w >> d->count;
	d->at += (63 - d->count) >> 3;
	d->count |= 56;
}

ALWAYS_INLINE void drop(struct decoder *d, uint64_t count)
{
	d->bits <<= count & 63;
	d->count -= count;
}

/* count: 0..56 */
ALWAYS_INLINE uint64_t take(struct decoder *d, uint64_t count)
{
	uint64_t value = d->bits >> 1 >> ((63 - count) & 63);

	drop(d, count);
	return value;
}

ALWAYS_INLINE bool spent(const struct decoder *d)
{
	return 8 * d->at - d->count > 8 * d->len;
}

struct code {
	uint64_t ones, rest;
};

/* A code of any length. */
static __attribute__((noinline)) struct code take_long_code(struct decoder *d)
{
	struct code code = { 0 };
	uint64_t more;

	do {
		refill(d);
		more = _lzcnt_u64(~d->bits);
		more = more < 56 ? more : 56;
		drop(d, more);
		code.ones += more;
	} while (more == 56);
	drop(d, 1);
	refill(d);
	code.rest = take(d, d->krp >> 3);
	return code;
}

/* signs: 0, or 1: a bit in front of the code is dropped with it, whose value the
 * caller has looked at. */
ALWAYS_INLINE uint32_t get_golomb_rice(struct decoder *d, uint64_t signs)
{
	uint64_t kr = d->krp >> 3, lead = _lzcnt_u64(~d->bits & UINT64_MAX >> signs);
	struct code code = { .ones = lead - signs };
	int64_t krp;

	if (UNLIKELY(lead + 1 + kr > d->count)) {
		struct decoder slow = *d;

		drop(&slow, signs);
		code = take_long_code(&slow);
		*d = slow;
	} else {
		code.rest = d->bits << (lead + 1) >> 1 >> ((63 - kr) & 63);
		drop(d, lead + 1 + kr);
	}
	/* ones: 0: -2, 1: 0 */
	krp = (int64_t)d->krp + (int64_t)code.ones - (code.ones < 2 ? 2 - (int64_t)code.ones : 0);
	krp = krp < 0 ? 0 : krp;
	d->krp = krp > RLGR_PARAM_MAX ? RLGR_PARAM_MAX : (uint64_t)krp;
	return (uint32_t)(code.ones << kr | code.rest);
}

/* More zero bits than the table has, up to the last ones; returns their zeros. */
static __attribute__((noinline)) uint64_t take_long_run(struct decoder *d)
{
	uint64_t run = 0;

	do {
		for (int zeros = 0; zeros < RLGR_RUN_ZEROS - 1; zeros++) {
			run += 1u << (d->kp >> 3);
			d->kp = d->kp + 4 > RLGR_PARAM_MAX ? RLGR_PARAM_MAX : d->kp + 4;
		}
		drop(d, RLGR_RUN_ZEROS - 1);
		refill(d);
	} while (run < RFX_COEFS && _lzcnt_u64(d->bits) >= RLGR_RUN_ZEROS);
	return run;
}

/* Returns the zeros of a run; RFX_COEFS or more: the rest. */
ALWAYS_INLINE uint64_t get_run(struct decoder *d)
{
	uint64_t run = 0, zeros = _lzcnt_u64(d->bits), len;
	const struct rlgr_run *step;

	if (UNLIKELY(zeros >= RLGR_RUN_ZEROS)) {
		struct decoder slow = *d;

		run = take_long_run(&slow);
		*d = slow;
		if (run >= RFX_COEFS)
			return run;
		zeros = _lzcnt_u64(d->bits);
	}
	step = &rlgr_tables.runs[d->kp][zeros];
	len = step->len;
	run += (d->bits >> ((64 - len) & 63)) + (uint64_t)step->base;
	d->kp = step->kp;
	drop(d, len);
	return run;
}

ALWAYS_INLINE int16_t unfold(uint32_t value)
{
	return (int16_t)((value >> 1) ^ (0 - (value & 1)));
}

/* Returns false at the end of the coefficients or of the bits. */
ALWAYS_INLINE bool get_run_and_value(struct decoder *d, int16_t **at, const int16_t *end)
{
	uint64_t run = get_run(d);
	uint32_t negative, value;

	if (run >= (uint64_t)(end - *at))
		return false;
	negative = (uint32_t)(d->bits >> 63);
	value = get_golomb_rice(d, 1) + 1;
	if (spent(d))
		return false;
	*at += run;
	*(*at)++ = (int16_t)((value ^ (0 - negative)) + negative);
	d->kp = d->kp < 6 ? 0 : d->kp - 6;
	return true;
}

void rfx_rlgr1_decode_avx2(int16_t *coefs, const uint8_t *src, size_t len)
{
	struct decoder d = { .src = src, .len = len, .kp = 8, .krp = 8 };
	int16_t *at = coefs, *end = coefs + RFX_COEFS;

	memset(coefs, 0, RFX_COEFS * sizeof *coefs);
	while (at < end) {
		uint32_t value;

		refill(&d);
		if (d.kp >= 8) {
			if (!get_run_and_value(&d, &at, end))
				return;
			continue;
		}
		value = get_golomb_rice(&d, 0);
		if (spent(&d))
			return;
		*at++ = unfold(value);
		d.kp = value == 0 ? d.kp + 3 : d.kp < 3 ? 0 : d.kp - 3;
	}
}

void rfx_rlgr3_decode_avx2(int16_t *coefs, const uint8_t *src, size_t len)
{
	struct decoder d = { .src = src, .len = len, .kp = 8, .krp = 8 };
	int16_t *at = coefs, *end = coefs + RFX_COEFS;

	memset(coefs, 0, RFX_COEFS * sizeof *coefs);
	while (at < end) {
		uint32_t sum, first, second;

		refill(&d);
		if (d.kp >= 8) {
			if (!get_run_and_value(&d, &at, end))
				return;
			continue;
		}
		sum = get_golomb_rice(&d, 0);
		refill(&d);
		first = (uint32_t)take(&d, 32 - _lzcnt_u32(sum));
		second = sum - first;
		if (spent(&d))
			return;
		*at++ = unfold(first);
		if (at < end)
			*at++ = unfold(second);
		if (first && second)
			d.kp = d.kp < 6 ? 0 : d.kp - 6;
		else if (!sum)
			d.kp += 6;
	}
}
