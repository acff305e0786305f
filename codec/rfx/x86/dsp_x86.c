#include "avx2.h"
#include "rlgr_items.h"

#include <codec/cpu.h>

#define ENCODE(name, collect, encode, encode_c)                                                              \
	static int name(uint8_t *dst, size_t cap, const int16_t *coefs)                                      \
	{                                                                                                    \
		struct rlgr_items items;                                                                     \
		int len;                                                                                     \
                                                                                                             \
		collect(&items, coefs);                                                                      \
		len = encode(dst, cap, &items);                                                              \
		return len < 0 ? encode_c(dst, cap, coefs) : len;                                            \
	}

ENCODE(rlgr1_encode_avx2, rlgr_items_collect_avx2, rlgr1_items_encode, rfx_rlgr1_encode_c)
ENCODE(rlgr3_encode_avx2, rlgr_items_collect_avx2, rlgr3_items_encode, rfx_rlgr3_encode_c)
ENCODE(rlgr1_encode_avx512, rlgr_items_collect_avx512, rlgr1_items_encode, rfx_rlgr1_encode_c)
ENCODE(rlgr3_encode_avx512, rlgr_items_collect_avx512, rlgr3_items_encode, rfx_rlgr3_encode_c)

void rfx_dsp_init_x86(struct rfx_dsp *dsp, unsigned cpu_flags)
{
	if (!(cpu_flags & CPU_AVX2))
		return;
	rlgr_tables_init();
	dsp->forward = rfx_forward_avx2;
	dsp->forward_extrapolate = rfx_forward_extrapolate_avx2;
	dsp->inverse = rfx_inverse_avx2;
	dsp->inverse_extrapolate = rfx_inverse_extrapolate_avx2;
	dsp->rlgr1_encode = rlgr1_encode_avx2;
	dsp->rlgr3_encode = rlgr3_encode_avx2;
	dsp->rlgr1_decode = rfx_rlgr1_decode_avx2;
	dsp->rlgr3_decode = rfx_rlgr3_decode_avx2;
	if (!(cpu_flags & CPU_AVX512))
		return;
	dsp->inverse = rfx_inverse_avx512;
	dsp->rlgr1_encode = rlgr1_encode_avx512;
	dsp->rlgr3_encode = rlgr3_encode_avx512;
}
