#ifndef CLEAR_BANDS_DECODE_H
#define CLEAR_BANDS_DECODE_H

#include "caches.h"
#include <base/err.h>
#include <base/reader.h>

/* CLEARCODEC_BANDS_DATA: paints on dst, w_px x h_px pixels. Returns 0, ERR_FORMAT or
 * ERR_MEMORY. */
MUST_USE int clear_bands_decode(struct clear_caches *caches, struct reader r, uint8_t *dst,
		ptrdiff_t stride_bytes, int w_px, int h_px);

#endif
