/* Whole pictures as RemoteFX messages, for the tests of both streams. */
#ifndef TESTS_RFX_MESSAGE_H
#define TESTS_RFX_MESSAGE_H

#include "vectors.h"
#include <codec/progressive.h>

enum message_kind { MESSAGE_RLGR1, MESSAGE_RLGR3, MESSAGE_PROGRESSIVE, MESSAGE_KINDS };

struct picture {
	const uint8_t *pixels;
	ptrdiff_t stride_bytes;
	int w, h;
};

/* Encodes all tiles; one rectangle, the whole picture. The classic kinds start
 * with headers in image mode. Returns owned (free), fails the test on errors. */
uint8_t *message_make(enum message_kind kind, const struct picture *src, const struct rfx_quant *quant,
		unsigned cpu_flags, size_t *len);

/* Fails the test when a component differs by more than limit. */
void pixels_check(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h,
		int limit);

/* Peak signal to noise over B, G, R in dB; 99 when equal. */
double pixels_psnr(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h);

#endif
