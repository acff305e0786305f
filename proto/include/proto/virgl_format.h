/* Sizes of virgl's picture formats and their order of bytes, by its numbers (gallium's, as in virtio-gpu).
 * Thread-safe. */
#ifndef PROTO_VIRGL_FORMAT_H
#define PROTO_VIRGL_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

struct virgl_block {
	uint8_t bytes, width, height; /* of a block of texels; 1x1 where each is for itself */
};

/* A format that is not known counts as the largest, in blocks. */
struct virgl_block virgl_format_block(uint32_t format);

/* Bytes of one texel; 0 for formats whose texels come in blocks, and unknown ones. */
uint32_t virgl_format_texel_bytes(uint32_t format);

/* Where a texel of four bytes has its blue, green, red and fourth byte. False: not a
 * format of four bytes of colour. */
bool virgl_format_order(uint32_t format, uint8_t order[4]);

#endif
