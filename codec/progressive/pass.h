/* The passes of one component, [MS-RDPEGFX] 3.2.8.1.5 and 3.3.8.2.1. */
#ifndef PROGRESSIVE_PASS_H
#define PROGRESSIVE_PASS_H

#include <base/err.h>
#include <codec/rfx.h>
#include <rfx/dsp.h>

/* How the linearised coefficients are cut into bands; the last one is LL3. */
struct pass_layout {
	int bands;
	uint16_t sizes[BANDS];
};
extern const struct pass_layout pass_layout_classic, pass_layout_extrapolate;

/* Per band, the bits that are not sent yet: 0..15. */
struct pass_positions {
	uint8_t of[BANDS];
};

/* What a decoder holds of one component. ref: quantised coefficients, LL3 as
 * values. sign: of what has been sent of each since the first pass, -1, 0, 1. */
struct pass_component {
	int16_t ref[RFX_COEFS];
	int8_t sign[RFX_COEFS];
};

struct pass_bits {
	const uint8_t *srl, *raw;
	size_t srl_len, raw_len;
};

/* coefs: what RLGR gave, LL3 as differences. difference: add to what is there. */
void pass_first_apply(struct pass_component *component, const struct pass_layout *layout,
		const struct pass_positions *now, int16_t *coefs, bool difference);

/* One upgrade from the positions of the last pass to those of this. ERR_FORMAT
 * when the bits run out or a position goes up. */
MUST_USE int pass_upgrade_apply(struct pass_component *component, const struct pass_layout *layout,
		const struct pass_positions *before, const struct pass_positions *now,
		const struct pass_bits *bits);

/* What an encoder has of one component: the quantised coefficients that the
 * client is to have in the end, LL3 as values. */

/* First pass: coefs (for RLGR) from target, another array. */
void pass_first_make(int16_t *coefs, const int16_t *target, const struct pass_layout *layout,
		const struct pass_positions *now);

/* What a decoder has of target after a pass. */
void pass_sent(int16_t *sent, const int16_t *target, const struct pass_layout *layout,
		const struct pass_positions *now);

struct pass_lengths {
	int srl, raw;
};

/* One upgrade: the SRL bits at dst, the raw bits behind them; raw (of raw_cap
 * bytes) is for working. ERR_SPACE when they do not fit. */
MUST_USE int pass_upgrade_make(struct pass_lengths *lengths, const int16_t *target,
		const struct pass_layout *layout, const struct pass_positions *before,
		const struct pass_positions *now, uint8_t *dst, size_t cap, uint8_t *raw, size_t raw_cap);

/* The qualities of the passes of codec/progressive.h: positions of luma and chroma in
 * each. Frames carry tables of all but the last, which is full. */
enum pass_quality {
	PASS_FIRST_FINE,   /* the first pass where the quantiser is fine, */
	PASS_FIRST_COARSE, /* and where it is not */
	PASS_SECOND,
	PASS_FULL,
};
extern const struct pass_positions pass_qualities[PASS_FULL + 1][2];

/* pass: 0 to PROGRESSIVE_PASSES - 1 */
enum pass_quality pass_quality_of(const struct rfx_quant *quant, int pass);

#endif
