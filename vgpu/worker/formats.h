/* What the worker must know of pixel formats: their size, and the order of bytes of
 * those that pictures are made of. Numbers are virgl's (gallium's, as in virtio-gpu).
 * Thread-safe. */
#ifndef VGPU_FORMATS_H
#define VGPU_FORMATS_H

#include <stdbool.h>
#include <stdint.h>

struct format_block {
	uint8_t bytes, width, height; /* of a block; 1x1 where not compressed */
};

/* A format that is not known counts as the largest. */
struct format_block format_block(uint32_t format);

/* Where a pixel of four bytes has its blue, green, red and fourth byte. False: not a
 * format of four bytes of colour. */
bool format_order(uint32_t format, uint8_t order[4]);

#endif
