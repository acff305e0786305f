/* Where the latest bytes with a hash are: one table for each number of bytes.
 *
 * An entry is a check of 9 more bits of the hash above a place of 23 bits. Places are
 * counted from the length of the history + 1 on, so that the difference of two entries
 * says it all: where it is at most that length, the checks are equal and the place is
 * near enough, and it is the distance. An empty entry is 0, farther than all.
 *
 * They are small, since a CPU's nearest memory is shared with whatever else runs: with
 * 416 KiB instead of 208 the speed fell by a fifth on a busy machine, for up to 4 %
 * fewer bytes (16 % where windows full of pictures come back; 2026-11). What the table
 * of 3 bytes forgets soon would be too far for so short a match anyway. */
#ifndef ZGFX_PLACES_H
#define ZGFX_PLACES_H

#include <stdint.h>
#include <string.h>

enum {
	PLACES_OF_3_BITS = 12,
	PLACES_OF_6_BITS = 14,
	PLACES_OF_LINE_BITS = 15,
	PLACE_BITS = 23, /* holds twice the longest history and a window's room */
	LINE_BYTES = 24,
};

struct zgfx_places {
	uint32_t of_3[1 << PLACES_OF_3_BITS];
	uint32_t of_6[1 << PLACES_OF_6_BITS];
	uint32_t of_line[1 << PLACES_OF_LINE_BITS];
};

static inline uint64_t load_u64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* Puts a place there and returns the distance from it to the one it replaces, or
 * something beyond all distances. */
static inline uint32_t replace_place(uint32_t *table, int table_bits, uint64_t hash, uint32_t place)
{
	uint32_t *entry = &table[hash >> (64 - table_bits)], before = *entry;
	uint32_t check = (uint32_t)(hash >> (32 - table_bits)) & ~0u << PLACE_BITS;

	*entry = check | place;
	return *entry - before;
}

static inline uint32_t replace_place_of_3(struct zgfx_places *places, uint64_t bytes, uint32_t place)
{
	return replace_place(places->of_3, PLACES_OF_3_BITS, (bytes << 40) * 0x9e3779b97f4a7c15, place);
}

static inline uint32_t replace_place_of_6(struct zgfx_places *places, uint64_t bytes, uint32_t place)
{
	return replace_place(places->of_6, PLACES_OF_6_BITS, (bytes << 16) * 0x9e3779b97f4a7c15, place);
}

/* p: LINE_BYTES bytes */
static inline uint32_t replace_place_of_line(struct zgfx_places *places, const uint8_t *p, uint32_t place)
{
	uint64_t v = load_u64(p) * 0x9e3779b97f4a7c15;

	v = (v ^ v >> 29 ^ load_u64(p + 8)) * 0xbf58476d1ce4e5b9;
	v = (v ^ v >> 31 ^ load_u64(p + 16)) * 0x94d049bb133111eb;
	return replace_place(places->of_line, PLACES_OF_LINE_BITS, v, place);
}

#endif
