/* Making the passes of a component, [MS-RDPEGFX] 3.2.8.1.5. A pass sends the bits
 * of each magnitude from one position down to another; of LL3 the bits of the
 * value itself, which is rounded down. */
#include "pass.h"

#include <rfx/bits.h>
#include <string.h>

#define PARAM_MAX 80

/* Bits left out per band (HL1 LH1 HH1 HL2 LH2 HH2 HL3 LH3 HH3 LL3), found by search
 * over text, a photograph, film and 3D for the nearest picture of a first pass that
 * is under a quarter of all bytes; docs/codec.md has what they give. HL1 of text is
 * what gains most from a bit, and costs film nothing; LL3 and the bands near it are
 * most of film's first pass. LL3 is rounded down, so that each bit left out of it
 * darkens, and in chroma tints: hence no more than these. */
const struct pass_positions pass_qualities[PASS_FULL + 1][2] = {
	[PASS_FIRST_FINE] = { { { 5, 5, 6, 4, 4, 5, 3, 3, 4, 2 } }, { { 5, 5, 6, 4, 4, 5, 3, 3, 4, 2 } } },
	[PASS_FIRST_COARSE] = { { { 4, 4, 6, 4, 4, 5, 4, 4, 4, 3 } }, { { 5, 5, 6, 4, 4, 5, 4, 4, 4, 2 } } },
	[PASS_SECOND] = { { { 2, 2, 3, 2, 2, 2, 1, 1, 2, 0 } }, { { 3, 3, 4, 2, 2, 3, 2, 2, 2, 0 } } },
	[PASS_FULL] = { { { 0 } }, { { 0 } } },
};

/* RFX_QUALITY_HIGH is fine, RFX_QUALITY_MEDIUM is not. */
enum pass_quality pass_quality_of(const struct rfx_quant *quant, int pass)
{
	static const enum pass_quality later[] = { PASS_SECOND, PASS_FULL };

	if (pass > 0)
		return later[pass - 1];
	return quant->luma.hl1 < 8 ? PASS_FIRST_FINE : PASS_FIRST_COARSE;
}

/* Towards zero; in 16 bits, which the compiler turns into vectors. */
static void shift_band(int16_t *restrict dst, const int16_t *restrict src, int count, int position)
{
	for (int i = 0; i < count; i++) {
		int16_t sign = (int16_t)(src[i] >> 15);
		uint16_t magnitude = (uint16_t)((src[i] ^ sign) - sign);

		magnitude = (uint16_t)(magnitude >> position);
		dst[i] = (int16_t)((magnitude ^ sign) - sign);
	}
}

static void shift_bands(int16_t *restrict dst, const int16_t *restrict src, const struct pass_layout *layout,
		const struct pass_positions *now)
{
	int at = 0, last = layout->bands - 1;

	for (int band = 0; band < last; band++) {
		shift_band(dst + at, src + at, layout->sizes[band], now->of[band]);
		at += layout->sizes[band];
	}
	for (int end = at + layout->sizes[last]; at < end; at++)
		dst[at] = (int16_t)(src[at] >> now->of[last]);
}

void pass_first_make(int16_t *coefs, const int16_t *target, const struct pass_layout *layout,
		const struct pass_positions *now)
{
	int at = 0, last = layout->bands - 1;

	shift_bands(coefs, target, layout, now);
	for (int band = 0; band < last; band++)
		at += layout->sizes[band];
	rfx_differences(coefs + at, layout->sizes[last]);
}

void pass_sent(int16_t *sent, const int16_t *target, const struct pass_layout *layout,
		const struct pass_positions *now)
{
	int at = 0;

	shift_bands(sent, target, layout, now);
	for (int band = 0; band < layout->bands; band++) {
		rfx_dequantize(sent + at, layout->sizes[band], now->of[band]);
		at += layout->sizes[band];
	}
}

/* Simplified run-length, 3.1.8.1.5. */
struct srl {
	struct bit_writer out;
	int kp;
	uint32_t zeros; /* not written yet */
};

static void put_zeros(struct srl *s)
{
	while (s->zeros >= 1u << (s->kp >> 3)) {
		bit_writer_put(&s->out, 0, 1);
		s->zeros -= 1u << (s->kp >> 3);
		s->kp = s->kp + 4 > PARAM_MAX ? PARAM_MAX : s->kp + 4;
	}
}

static void put_rest_of_run(struct srl *s)
{
	bit_writer_put(&s->out, 1, 1);
	bit_writer_put(&s->out, s->zeros, s->kp >> 3);
	s->kp = s->kp < 6 ? 0 : s->kp - 6;
	s->zeros = 0;
}

static void put_srl(struct srl *s, int value, int bit_count)
{
	int magnitude = value < 0 ? -value : value;

	if (value == 0) {
		s->zeros++;
		return;
	}
	put_zeros(s);
	put_rest_of_run(s);
	bit_writer_put(&s->out, value < 0, 1);
	for (int left = magnitude - 1; left > 0; left -= 32)
		bit_writer_put(&s->out, 0, left < 32 ? left : 32);
	if (magnitude < (1 << bit_count) - 1)
		bit_writer_put(&s->out, 1, 1);
}

/* A zero byte always follows, 3.1.8.1.5. */
static int finish_srl(struct srl *s)
{
	put_zeros(s);
	if (s->zeros)
		put_rest_of_run(s);
	if (s->out.pending)
		bit_writer_put(&s->out, 0, 8 - s->out.pending);
	bit_writer_put(&s->out, 0, 8);
	return bit_writer_finish(&s->out);
}

static void put_value(struct srl *srl, struct bit_writer *raw, int target, int before, int now)
{
	int magnitude = target < 0 ? -target : target, value = magnitude >> now;

	if (magnitude >> before)
		bit_writer_put(raw, (uint32_t)value & ((1u << (before - now)) - 1), before - now);
	else
		put_srl(srl, target < 0 ? -value : value, before - now);
}

int pass_upgrade_make(struct pass_lengths *lengths, const int16_t *target, const struct pass_layout *layout,
		const struct pass_positions *before, const struct pass_positions *now, uint8_t *dst,
		size_t cap, uint8_t *raw, size_t raw_cap)
{
	struct srl srl = { .out = bit_writer_init(dst, cap), .kp = 8 };
	struct bit_writer raw_bits = bit_writer_init(raw, raw_cap);
	int at = 0, last = layout->bands - 1;

	for (int band = 0; band <= last; band++) {
		int end = at + layout->sizes[band], high = before->of[band], low = now->of[band];

		for (; at < end && high > low; at++) {
			if (band < last)
				put_value(&srl, &raw_bits, target[at], high, low);
			else
				bit_writer_put(&raw_bits,
						(uint32_t)(target[at] >> low) & ((1u << (high - low)) - 1),
						high - low);
		}
		at = end;
	}
	lengths->srl = finish_srl(&srl);
	lengths->raw = bit_writer_finish(&raw_bits);
	if (lengths->srl < 0 || lengths->raw < 0 || (size_t)(lengths->srl + lengths->raw) > cap)
		return ERR_SPACE;
	if (lengths->srl > UINT16_MAX || lengths->raw > UINT16_MAX)
		return ERR_SPACE;
	memcpy(dst + lengths->srl, raw, (size_t)lengths->raw);
	return lengths->srl + lengths->raw;
}
