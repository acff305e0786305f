/* Adaptive run-length / Golomb-Rice coding, [MS-RDPRFX] 3.1.8.1.7.3: the C
 * reference. Two parameters adapt: kp (k = kp / 8, length of zero runs; while
 * k is 0 no runs are coded) and krp (kr = krp / 8, size of values).
 *
 * The pseudocode leaves open how the data ends. In the samples of 4.2 one more
 * value, -1, follows the last, so that a run of zeros always ends in a value
 * (and then a zero byte, which no decoder looks at and which would be a tenth
 * of an empty tile: left out here). Decoders stop when they have all values.
 */
#include "bits.h"
#include "dsp.h"

#define PARAM_MAX 80

struct coder {
	struct bit_writer out;
	const int16_t *at, *end; /* at end: the closing value; behind it: zeros */
	int kp, krp;
};

static int clamp_param(int p)
{
	return p < 0 ? 0 : p > PARAM_MAX ? PARAM_MAX : p;
}

static void put_golomb_rice(struct coder *c, uint32_t value)
{
	int kr = c->krp >> 3;
	uint32_t ones = value >> kr;

	for (uint32_t left = ones; left > 0;) {
		int n = left < 32 ? (int)left : 32;

		bit_writer_put(&c->out, (uint32_t)((1ull << n) - 1), n);
		left -= (uint32_t)n;
	}
	bit_writer_put(&c->out, value & ((1u << kr) - 1), kr + 1);
	if (ones == 0)
		c->krp = clamp_param(c->krp - 2);
	else if (ones > 1)
		c->krp = ones < PARAM_MAX ? clamp_param(c->krp + (int)ones) : PARAM_MAX;
}

static int next_value(struct coder *c)
{
	int value = c->at < c->end ? *c->at : c->at == c->end ? -1 : 0;

	c->at++;
	return value;
}

/* Zeros up to the next nonzero value, and that value. */
static void put_run(struct coder *c)
{
	uint32_t zeros = 0;
	int value;

	while (c->at < c->end && *c->at == 0) {
		c->at++;
		zeros++;
	}
	while (zeros >= 1u << (c->kp >> 3)) {
		bit_writer_put(&c->out, 0, 1);
		zeros -= 1u << (c->kp >> 3);
		c->kp = clamp_param(c->kp + 4);
	}
	bit_writer_put(&c->out, 1, 1);
	bit_writer_put(&c->out, zeros, c->kp >> 3);

	value = next_value(c);
	bit_writer_put(&c->out, value < 0, 1);
	put_golomb_rice(c, (uint32_t)(value < 0 ? -value : value) - 1);
	c->kp = clamp_param(c->kp - 6);
}

/* 2 * magnitude, minus one when negative. */
static uint32_t next_folded(struct coder *c)
{
	int value = next_value(c);

	return value < 0 ? (uint32_t)(-2 * value - 1) : (uint32_t)(2 * value);
}

static void put_single(struct coder *c)
{
	uint32_t value = next_folded(c);

	put_golomb_rice(c, value);
	c->kp = clamp_param(c->kp + (value ? -3 : 3));
}

/* Two values: their sum, then the first in as many bits as the sum has. */
static void put_pair(struct coder *c)
{
	uint32_t first = next_folded(c), second = next_folded(c), sum = first + second;

	put_golomb_rice(c, sum);
	if (sum)
		bit_writer_put(&c->out, first, 32 - __builtin_clz(sum));
	if (first && second)
		c->kp = clamp_param(c->kp - 6);
	else if (!sum)
		c->kp = clamp_param(c->kp + 6);
}

static int encode(uint8_t *dst, size_t cap, const int16_t *coefs, void (*put_values)(struct coder *))
{
	struct coder c = {
		.out = bit_writer_init(dst, cap), .at = coefs, .end = coefs + RFX_COEFS, .kp = 8, .krp = 8
	};

	while (c.at <= c.end && !c.out.failed) {
		if (c.kp >> 3)
			put_run(&c);
		else
			put_values(&c);
	}
	return bit_writer_finish(&c.out);
}

int rfx_rlgr1_encode_c(uint8_t *dst, size_t cap, const int16_t *coefs)
{
	return encode(dst, cap, coefs, put_single);
}

int rfx_rlgr3_encode_c(uint8_t *dst, size_t cap, const int16_t *coefs)
{
	return encode(dst, cap, coefs, put_pair);
}
