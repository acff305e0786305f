/* Areas without lines: a photograph-like one and noise. */
#ifndef SERVER_GUEST_PATTERN_PHOTO_H
#define SERVER_GUEST_PATTERN_PHOTO_H

#include "canvas.h"

void photo_draw(struct canvas *canvas, struct area area, uint32_t seed);
void noise_draw(struct canvas *canvas, struct area area, uint32_t seed);

/* Scrambles; the source of all chance in the picture. */
static inline uint32_t hash_u32(uint32_t v)
{
	v = (v ^ v >> 16) * 0x7feb352d;
	v = (v ^ v >> 15) * 0x846ca68b;
	return v ^ v >> 16;
}

#endif
