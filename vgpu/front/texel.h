/* Sizes of virgl's picture formats. */
#ifndef FRONT_TEXEL_H
#define FRONT_TEXEL_H

#include <stdint.h>

/* Bytes of one texel; 0 for formats whose texels come in blocks (compressed, YUV) and
 * for those that are rare. */
uint32_t texel_bytes(uint32_t format);

enum texel_order {
	TEXEL_OTHER,
	TEXEL_BGRX, /* bytes B, G, R and a fourth */
	TEXEL_RGBX,
};

enum texel_order texel_order(uint32_t format);

#endif
