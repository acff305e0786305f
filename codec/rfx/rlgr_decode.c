/* The inverse of rlgr_encode.c, [MS-RDPRFX] 3.1.8.1.7.3: the C reference.
 *
 * Data that ends too early decodes as if zeros followed (FreeRDP's encoder cuts
 * large components off), data behind the last value is not looked at. Numbers
 * too large for 16 bits wrap. The work is bounded by the bytes given: behind
 * the end a run or a value is abandoned. */
#include "dsp.h"

#include <string.h>

#define PARAM_MAX 80

struct decoder {
	const uint8_t *src;
	size_t bit, bits; /* position and total */
	int16_t *at, *end;
	int kp, krp;
};

static int clamp_param(int p)
{
	return p < 0 ? 0 : p > PARAM_MAX ? PARAM_MAX : p;
}

/* count: 0..32. Behind the end: zeros, and the position says so. */
static uint32_t get_bits(struct decoder *d, int count)
{
	uint32_t value = 0;

	for (; count > 0; count--, d->bit++)
		value = value << 1 | (d->bit < d->bits ? d->src[d->bit >> 3] >> (7 - (d->bit & 7)) & 1 : 0);
	return value;
}

static bool spent(const struct decoder *d)
{
	return d->bit > d->bits;
}

static uint32_t get_golomb_rice(struct decoder *d)
{
	int kr = d->krp >> 3;
	uint32_t ones = 0, value;

	while (get_bits(d, 1))
		ones++;
	value = ones << kr | get_bits(d, kr);
	if (ones == 0)
		d->krp = clamp_param(d->krp - 2);
	else if (ones > 1)
		d->krp = ones < PARAM_MAX ? clamp_param(d->krp + (int)ones) : PARAM_MAX;
	return value;
}

static void skip_zeros(struct decoder *d, size_t count)
{
	size_t left = (size_t)(d->end - d->at);

	d->at += count < left ? count : left;
}

static void get_run(struct decoder *d)
{
	uint32_t sign, value;

	while (!spent(d) && !get_bits(d, 1)) {
		skip_zeros(d, 1u << (d->kp >> 3));
		d->kp = clamp_param(d->kp + 4);
	}
	skip_zeros(d, get_bits(d, d->kp >> 3));
	if (d->at == d->end)
		return;
	sign = get_bits(d, 1);
	value = get_golomb_rice(d) + 1;
	if (spent(d))
		return;
	*d->at++ = (int16_t)(sign ? 0 - value : value);
	d->kp = clamp_param(d->kp - 6);
}

static int16_t unfold(uint32_t value)
{
	return (int16_t)(value & 1 ? 0 - ((value + 1) >> 1) : value >> 1);
}

static void get_single(struct decoder *d)
{
	uint32_t value = get_golomb_rice(d);

	if (spent(d))
		return;
	*d->at++ = unfold(value);
	d->kp = clamp_param(d->kp + (value ? -3 : 3));
}

static void get_pair(struct decoder *d)
{
	uint32_t sum = get_golomb_rice(d);
	uint32_t first = sum ? get_bits(d, 32 - __builtin_clz(sum)) : 0, second = sum - first;

	if (spent(d))
		return;
	*d->at++ = unfold(first);
	if (d->at < d->end)
		*d->at++ = unfold(second);
	if (first && second)
		d->kp = clamp_param(d->kp - 6);
	else if (!sum)
		d->kp = clamp_param(d->kp + 6);
}

static void decode(int16_t *coefs, const uint8_t *src, size_t len, void (*get_values)(struct decoder *))
{
	struct decoder d = {
		.src = src, .bits = 8 * len, .at = coefs, .end = coefs + RFX_COEFS, .kp = 8, .krp = 8
	};

	memset(coefs, 0, RFX_COEFS * sizeof *coefs);
	while (d.at < d.end && !spent(&d)) {
		if (d.kp >> 3)
			get_run(&d);
		else
			get_values(&d);
	}
}

void rfx_rlgr1_decode_c(int16_t *coefs, const uint8_t *src, size_t len)
{
	decode(coefs, src, len, get_single);
}

void rfx_rlgr3_decode_c(int16_t *coefs, const uint8_t *src, size_t len)
{
	decode(coefs, src, len, get_pair);
}
