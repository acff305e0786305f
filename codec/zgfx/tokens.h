/* The static code of ZGFX, [MS-RDPEGFX] 3.1.9.1.2.4. */
#ifndef ZGFX_TOKENS_H
#define ZGFX_TOKENS_H

#include <stdint.h>

enum {
	ZGFX_DESCRIPTOR_SINGLE = 0xe0,
	ZGFX_DESCRIPTOR_MULTIPART = 0xe1,
	ZGFX_HEADER_RDP8 = 0x04,          /* PACKET_COMPR_TYPE_RDP8 */
	ZGFX_HEADER_COMPRESSED = 0x20,    /* PACKET_COMPRESSED */
	ZGFX_UNENCODED_MAX_BYTES = 32767, /* of one unencoded run */
	ZGFX_MATCH_MIN_BYTES = 3,
	ZGFX_DISTANCES = 11,
	ZGFX_SHORT_LITERALS = 25,
};

/* A match at distance base + value; base 0 with value 0 is an unencoded run. */
struct zgfx_distance {
	uint8_t prefix, prefix_bits, value_bits;
	uint32_t base;
};

/* A literal that has a code of its own instead of 0 and eight bits. */
struct zgfx_short_literal {
	uint8_t value, code, bits;
};

extern const struct zgfx_distance zgfx_distances[ZGFX_DISTANCES];
extern const struct zgfx_short_literal zgfx_short_literals[ZGFX_SHORT_LITERALS];

#endif
