#include "avx2.h"
#include "rlgr_items.h"

void rfx_dsp_init_avx2(struct rfx_dsp *dsp)
{
	rlgr_tables_init();
	dsp->forward = rfx_forward_avx2;
	dsp->forward_extrapolate = rfx_forward_extrapolate_avx2;
	dsp->inverse = rfx_inverse_avx2;
	dsp->inverse_extrapolate = rfx_inverse_extrapolate_avx2;
	dsp->rlgr1_encode = rfx_rlgr1_encode_avx2;
	dsp->rlgr3_encode = rfx_rlgr3_encode_avx2;
	dsp->rlgr1_decode = rfx_rlgr1_decode_avx2;
	dsp->rlgr3_decode = rfx_rlgr3_decode_avx2;
}
