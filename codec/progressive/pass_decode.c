/* Applying the passes of a component, [MS-RDPEGFX] 3.3.8.2.1. */
#include "pass.h"

#include <string.h>

#define PARAM_MAX 80

const struct pass_layout pass_layout_classic = { BANDS, { 1024, 1024, 1024, 256, 256, 256, 64, 64, 64, 64 } };
const struct pass_layout pass_layout_extrapolate = { BANDS,
	{ 1023, 1023, 961, 272, 272, 256, 72, 72, 64, 81 } };

static void apply_band(
		int16_t *ref, int8_t *sign, const int16_t *coefs, int count, int position, bool difference)
{
	/* Plain loops, so that the compiler turns them into vectors. */
	for (int i = 0; i < count; i++)
		sign[i] = (int8_t)((coefs[i] > 0) - (coefs[i] < 0));
	if (!difference)
		memset(ref, 0, (size_t)count * sizeof *ref);
	for (int i = 0; i < count; i++)
		ref[i] = (int16_t)(ref[i] + (int16_t)((uint32_t)coefs[i] << position));
}

void pass_first_apply(struct pass_component *component, const struct pass_layout *layout,
		const struct pass_positions *now, int16_t *coefs, bool difference)
{
	int at = 0, last = layout->bands - 1;

	for (int band = 0; band < last; band++)
		at += layout->sizes[band];
	rfx_sums(coefs + at, layout->sizes[last]);
	at = 0;
	for (int band = 0; band <= last; band++) {
		apply_band(component->ref + at, component->sign + at, coefs + at, layout->sizes[band],
				now->of[band], difference);
		at += layout->sizes[band];
	}
}

struct bits {
	const uint8_t *src;
	size_t at, end; /* in bits */
};

/* Behind the end: zeros, and at says so. */
static int get_bits(struct bits *b, int count)
{
	int value = 0;

	for (; count > 0; count--, b->at++)
		value = value << 1 | (b->at < b->end ? b->src[b->at >> 3] >> (7 - (b->at & 7)) & 1 : 0);
	return value;
}

/* Simplified run-length, 3.1.8.1.5. */
struct srl {
	struct bits bits;
	int kp;
	int zeros;       /* still to give */
	bool value_next; /* behind them comes a value, not another run */
};

static int get_srl_value(struct srl *s, int bit_count)
{
	int negative = get_bits(&s->bits, 1), magnitude = 1, max = (1 << bit_count) - 1;

	while (magnitude < max && s->bits.at <= s->bits.end && !get_bits(&s->bits, 1))
		magnitude++;
	s->kp = s->kp < 6 ? 0 : s->kp - 6;
	s->value_next = false;
	return negative ? -magnitude : magnitude;
}

static int get_srl(struct srl *s, int bit_count)
{
	if (s->zeros == 0 && !s->value_next) {
		if (get_bits(&s->bits, 1)) {
			s->zeros = get_bits(&s->bits, s->kp >> 3);
			s->value_next = true;
		} else {
			s->zeros = 1 << (s->kp >> 3);
			s->kp = s->kp + 4 > PARAM_MAX ? PARAM_MAX : s->kp + 4;
		}
	}
	if (s->zeros == 0)
		return get_srl_value(s, bit_count);
	s->zeros--;
	return 0;
}

static int get_upgrade(struct srl *srl, struct bits *raw, int8_t *sign, int bit_count)
{
	int value;

	if (*sign)
		return *sign * get_bits(raw, bit_count);
	value = get_srl(srl, bit_count);
	*sign = (int8_t)((value > 0) - (value < 0));
	return value;
}

int pass_upgrade_apply(struct pass_component *component, const struct pass_layout *layout,
		const struct pass_positions *before, const struct pass_positions *now,
		const struct pass_bits *bits)
{
	struct srl srl = { .bits = { bits->srl, 0, 8 * bits->srl_len }, .kp = 8 };
	struct bits raw = { bits->raw, 0, 8 * bits->raw_len };
	int at = 0;

	for (int band = 0; band < layout->bands; band++) {
		int end = at + layout->sizes[band], bit_count = before->of[band] - now->of[band];

		if (bit_count < 0)
			return ERR_FORMAT;
		for (; at < end && bit_count > 0; at++) {
			int add = band == layout->bands - 1
					? get_bits(&raw, bit_count)
					: get_upgrade(&srl, &raw, &component->sign[at], bit_count);

			component->ref[at] = (int16_t)(component->ref[at] + add * (1 << now->of[band]));
		}
		at = end;
		if (srl.bits.at > srl.bits.end || raw.at > raw.end)
			return ERR_FORMAT;
	}
	return 0;
}
