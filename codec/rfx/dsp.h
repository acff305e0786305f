/* The arithmetic of RemoteFX tiles, one pointer per tool; the C versions in
 * this folder are the specification of the SIMD ones in x86/. */
#ifndef RFX_DSP_H
#define RFX_DSP_H

#include <base/err.h>
#include <codec/color.h>
#include <codec/rfx.h>

#define RFX_COEFS COLOR_PLANE

/* Quantising shifts of the ten bands in the order of the linearised
 * coefficients: HL1 LH1 HH1 HL2 LH2 HH2 HL3 LH3 HH3 LL3. The shift is the
 * factor - 1: minus 6 for its scale, plus 5 for the fixed point. */
enum {
	BAND_HL1,
	BAND_LH1,
	BAND_HH1,
	BAND_HL2,
	BAND_LH2,
	BAND_HH2,
	BAND_HL3,
	BAND_LH3,
	BAND_HH3,
	BAND_LL3,
	BANDS
};
struct rfx_shifts {
	uint8_t of[BANDS]; /* 5..14 */
};

struct rfx_dsp {
	/* Transform, quantise, linearise, and LL3 to differences: 3.1.8.1.4 to
	 * 3.1.8.1.6. Overwrites plane (within -4096..4095), both 64-byte aligned. */
	void (*forward)(int16_t *coefs, int16_t *plane, const struct rfx_shifts *shifts);
	/* The same with the reduce-extrapolate transform, [MS-RDPEGFX] 3.2.8.1.2.2. */
	void (*forward_extrapolate)(int16_t *coefs, int16_t *plane, const struct rfx_shifts *shifts);

	/* RFX_COEFS coefficients to bits, 3.1.8.1.7. Bytes written or ERR_SPACE. */
	int (*rlgr1_encode)(uint8_t *dst, size_t cap, const int16_t *coefs);
	int (*rlgr3_encode)(uint8_t *dst, size_t cap, const int16_t *coefs);

	/* The inverse of encode, for any bytes: fills all of coefs (64-byte aligned). */
	void (*rlgr1_decode)(int16_t *coefs, const uint8_t *src, size_t len);
	void (*rlgr3_decode)(int16_t *coefs, const uint8_t *src, size_t len);

	/* The inverse of forward, for any coefficients, which it overwrites. */
	void (*inverse)(int16_t *plane, int16_t *coefs, const struct rfx_shifts *shifts);
	void (*inverse_extrapolate)(int16_t *plane, int16_t *coefs, const struct rfx_shifts *shifts);
};

void rfx_dsp_init(struct rfx_dsp *dsp, unsigned cpu_flags);

void rfx_dsp_init_x86(struct rfx_dsp *dsp, unsigned cpu_flags);

void rfx_forward_c(int16_t *coefs, int16_t *plane, const struct rfx_shifts *shifts);
void rfx_forward_extrapolate_c(int16_t *coefs, int16_t *plane, const struct rfx_shifts *shifts);
int rfx_rlgr1_encode_c(uint8_t *dst, size_t cap, const int16_t *coefs);
int rfx_rlgr3_encode_c(uint8_t *dst, size_t cap, const int16_t *coefs);
void rfx_rlgr1_decode_c(int16_t *coefs, const uint8_t *src, size_t len);
void rfx_rlgr3_decode_c(int16_t *coefs, const uint8_t *src, size_t len);
void rfx_inverse_c(int16_t *plane, int16_t *coefs, const struct rfx_shifts *shifts);
void rfx_inverse_extrapolate_c(int16_t *plane, int16_t *coefs, const struct rfx_shifts *shifts);

/* Rounds to nearest, halves up. */
void rfx_quantize(int16_t *coefs, int count, int shift);
/* Each value minus the one before; the first stays. */
void rfx_differences(int16_t *values, int count);
/* Their inverses; both wrap at 16 bits. */
void rfx_dequantize(int16_t *coefs, int count, int shift);
void rfx_sums(int16_t *values, int count);

#endif
