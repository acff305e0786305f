/* NSCodec as a ClearCodec subcodec: decoding only, [MS-RDPNSC] 2.2.2. */
#ifndef CLEAR_NSC_H
#define CLEAR_NSC_H

#include <base/err.h>
#include <base/reader.h>

/* Needs scratch memory of clear_nsc_scratch bytes. dst: h_px rows of w_px pixels
 * XRGB8888, X becomes 0xFF. Returns 0 or ERR_FORMAT. */
static inline size_t clear_nsc_scratch(int w_px, int h_px)
{
	return 3 * ((size_t)w_px + 7) * ((size_t)h_px + 1);
}

MUST_USE int clear_nsc_decode(
		struct reader r, int w_px, int h_px, uint8_t *scratch, uint8_t *dst, ptrdiff_t stride_bytes);

#endif
