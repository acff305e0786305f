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
	ZGFX_SHORT_MATCH_BYTES = 32, /* the encoder has a table of codes for lengths below */
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

struct zgfx_code {
	uint32_t code;
	uint8_t bits;
};

extern const struct zgfx_distance zgfx_distances[ZGFX_DISTANCES];
extern const struct zgfx_short_literal zgfx_short_literals[ZGFX_SHORT_LITERALS];

static inline int zgfx_log2(uint32_t v)
{
	return 31 ^ __builtin_clz(v);
}

/* Of a match of len 3..65535 bytes */
static inline struct zgfx_code zgfx_length_code(uint32_t len)
{
	int ones = zgfx_log2(len) - 1;

	if (len == ZGFX_MATCH_MIN_BYTES)
		return (struct zgfx_code){ 0, 1 };
	return (struct zgfx_code){ ((2u << ones) - 2) << (ones + 1) | (len - (2u << ones)),
		(uint8_t)(2 * ones + 2) };
}

/* distance > 0 */
static inline const struct zgfx_distance *zgfx_find_distance(uint32_t distance)
{
	/* the row that 2^i is in; no more than one other begins before 2^(i + 1) */
	static const uint8_t rows[] = { 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 7, 7, 7, 8, 8, 9 };
	const struct zgfx_distance *d = &zgfx_distances[rows[zgfx_log2(distance)]];

	return d + (distance >= d[1].base);
}

#endif
