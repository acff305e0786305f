/* ../rlgr_decode.c with a 64-bit window on the bits: runs of equal bits are
 * counted at once, and what a run's zeros add up to is in a table. Behind the
 * end of the data the window shows zeros. */
#include "avx2.h"
#include "rlgr_items.h"
#include <immintrin.h>
#include <string.h>

#define UNLIKELY(x) __builtin_expect(x, 0)

struct decoder {
	const uint8_t *src;
	size_t len;
	uint64_t pos; /* in bits */
	unsigned kp, krp;
};

static __attribute__((noinline)) uint64_t window_at_end(const uint8_t *src, size_t len, size_t at)
{
	uint64_t w = 0;

	for (size_t i = 0; i < 8; i++)
		w = w << 8 | (at + i < len ? src[at + i] : 0);
	return w;
}

/* The next 57 bits or more, from the top. */
static inline uint64_t window(const struct decoder *d)
{
	size_t at = d->pos >> 3;
	uint64_t w;

	if (UNLIKELY(at + 8 > d->len)) {
		w = window_at_end(d->src, d->len, at);
	} else {
		memcpy(&w, d->src + at, 8);
		w = __builtin_bswap64(w);
	}
	return w << (d->pos & 7);
}

/* The upper count (0..63) bits. */
static inline uint64_t upper(uint64_t w, unsigned count)
{
	return w >> 1 >> (63 - count);
}

static unsigned count_ones(struct decoder *d)
{
	unsigned ones = 0, more;

	do {
		more = (unsigned)_lzcnt_u64(~window(d));
		more = more < 56 ? more : 56;
		ones += more;
		d->pos += more;
	} while (more == 56);
	d->pos++;
	return ones;
}

static inline unsigned get_golomb_rice(struct decoder *d)
{
	uint64_t w = window(d);
	unsigned kr = d->krp >> 3, ones = (unsigned)_lzcnt_u64(~w), krp;

	if (UNLIKELY(ones + 1 + kr > 57)) {
		ones = count_ones(d);
		w = window(d);
		d->pos += kr;
	} else {
		d->pos += ones + 1 + kr;
		w = w << ones << 1;
	}
	krp = ones < 2 ? d->krp - 2 * (1 - ones) : d->krp + ones;
	krp = (int)krp < 0 ? 0 : krp;
	d->krp = krp > RLGR_PARAM_MAX || ones > RLGR_PARAM_MAX ? RLGR_PARAM_MAX : krp;
	return ones << kr | (unsigned)upper(w, kr);
}

/* The zeros of a run. */
static inline unsigned get_run(struct decoder *d)
{
	uint64_t w = window(d);
	unsigned zeros = (unsigned)_lzcnt_u64(w), run = 0, k;

	while (UNLIKELY(zeros >= RLGR_RUN_ZEROS)) {
		uint32_t step = rlgr_tables.runs[d->kp][RLGR_RUN_ZEROS - 1];

		run += step >> 8;
		d->kp = step & 255;
		d->pos += RLGR_RUN_ZEROS - 1;
		if (run >= RFX_COEFS)
			return run;
		w = window(d);
		zeros = (unsigned)_lzcnt_u64(w);
	}
	run += rlgr_tables.runs[d->kp][zeros] >> 8;
	d->kp = rlgr_tables.runs[d->kp][zeros] & 255;
	k = d->kp >> 3;
	d->pos += zeros + 1 + k;
	return run + (unsigned)upper(w << zeros << 1, k);
}

static inline int16_t unfold(unsigned value)
{
	return (int16_t)((value >> 1) ^ (0 - (value & 1)));
}

/* Returns false at the end of the coefficients or of the bits. */
static inline bool get_run_and_value(struct decoder *d, int16_t **at, const int16_t *end)
{
	unsigned run = get_run(d), negative, value;

	if (run >= (size_t)(end - *at))
		return false;
	negative = (unsigned)(window(d) >> 63);
	d->pos++;
	value = get_golomb_rice(d) + 1;
	if (d->pos > 8 * d->len)
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
	while (at < end && d.pos <= 8 * len) {
		unsigned value;

		if (d.kp >= 8) {
			if (!get_run_and_value(&d, &at, end))
				return;
			continue;
		}
		value = get_golomb_rice(&d);
		if (d.pos > 8 * len)
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
	while (at < end && d.pos <= 8 * len) {
		unsigned sum, first, second, bits;

		if (d.kp >= 8) {
			if (!get_run_and_value(&d, &at, end))
				return;
			continue;
		}
		sum = get_golomb_rice(&d);
		bits = 32 - _lzcnt_u32(sum);
		first = (unsigned)upper(window(&d), bits);
		second = sum - first;
		d.pos += bits;
		if (d.pos > 8 * len)
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
