/* The bits of a ZGFX segment, most significant first. Every put stores eight bytes and
 * moves on by those that are whole: no branch that noise could make the CPU guess. */
#ifndef ZGFX_BITS_H
#define ZGFX_BITS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ZGFX_PUT_SLACK = 8 }; /* bytes that a put may write behind what it adds */

struct bit_writer {
	uint64_t acc;  /* left-aligned: the bits that are not yet a whole byte */
	unsigned have; /* below 8 */
	uint8_t *at;
};

/* bits 0..56; value has no others */
static inline void put_bits(struct bit_writer *w, uint64_t value, unsigned bits)
{
	uint64_t bytes;

	w->have += bits;
	w->acc |= value << 1 << (63 - w->have);
	bytes = __builtin_bswap64(w->acc);
	memcpy(w->at, &bytes, sizeof bytes);
	w->at += w->have / 8;
	w->acc <<= w->have & ~7u;
	w->have &= 7;
}

/* Forgets the last bits; first: where the writer began. */
static inline void take_back_bits(struct bit_writer *w, uint8_t *first, size_t bits)
{
	size_t total = 8 * (size_t)(w->at - first) + w->have - bits;

	w->at = first + total / 8;
	w->have = total % 8;
	w->acc = (uint64_t)(*w->at & ~(0xff >> w->have)) << 56;
}

/* Fills the last byte with zeros. Returns the number of those. */
static inline unsigned pad_to_byte(struct bit_writer *w)
{
	unsigned pad = -w->have & 7;

	put_bits(w, 0, pad);
	return pad;
}

#endif
