#include "dsp.h"

void rfx_quantize(int16_t *coefs, int count, int shift)
{
	int half = 1 << (shift - 1);

	for (int i = 0; i < count; i++) {
		int sum = coefs[i] + half;

		coefs[i] = (int16_t)((sum > INT16_MAX ? INT16_MAX : sum) >> shift);
	}
}

void rfx_differences(int16_t *values, int count)
{
	for (int i = count - 1; i > 0; i--)
		values[i] = (int16_t)(values[i] - values[i - 1]);
}

void rfx_dequantize(int16_t *coefs, int count, int shift)
{
	for (int i = 0; i < count; i++)
		coefs[i] = (int16_t)((uint16_t)coefs[i] << shift);
}

void rfx_sums(int16_t *values, int count)
{
	for (int i = 1; i < count; i++)
		values[i] = (int16_t)(values[i] + values[i - 1]);
}

void rfx_dsp_init(struct rfx_dsp *dsp, unsigned cpu_flags)
{
	dsp->forward = rfx_forward_c;
	dsp->forward_extrapolate = rfx_forward_extrapolate_c;
	dsp->rlgr1_encode = rfx_rlgr1_encode_c;
	dsp->rlgr3_encode = rfx_rlgr3_encode_c;
	dsp->rlgr1_decode = rfx_rlgr1_decode_c;
	dsp->rlgr3_decode = rfx_rlgr3_decode_c;
	dsp->inverse = rfx_inverse_c;
	dsp->inverse_extrapolate = rfx_inverse_extrapolate_c;
#if defined(__x86_64__)
	rfx_dsp_init_x86(dsp, cpu_flags);
#endif
}
