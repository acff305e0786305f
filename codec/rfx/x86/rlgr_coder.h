/* Bits and parameters of the RLGR coders of this folder. */
#ifndef RFX_X86_RLGR_CODER_H
#define RFX_X86_RLGR_CODER_H

#include "rlgr_items.h"
#include <immintrin.h>

struct coder {
	uint64_t bits; /* the low 64 - room ones are not stored for good yet */
	uint8_t *at;
	uint64_t room;    /* 56..64 between calls */
	uint64_t kp, krp; /* scaled: the first index of their part of the tables */
};
#define KP(n)  ((n) * (uint64_t)RLGR_SHORT_GAPS)
#define KRP(n) ((n) * (uint64_t)4)

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define UNLIKELY(x)   __builtin_expect(x, 0)

/* len: 1..56 */
ALWAYS_INLINE void put(struct coder *c, uint64_t code, uint64_t len)
{
	uint64_t swapped;

	c->bits = c->bits << (len & 63) | code;
	c->room -= len;
	swapped = __builtin_bswap64(c->bits << (c->room & 63));
	__builtin_memcpy(c->at, &swapped, 8);
	c->at += 7 - (c->room >> 3);
	c->room |= 56;
}

ALWAYS_INLINE uint64_t after_single_zeros(uint64_t krp, uint64_t singles)
{
	int64_t left = (int64_t)(krp - singles * KRP(2));

	return (uint64_t)(left & ~(left >> 63));
}

/* A value's code of kr + ones + 1 bits, with ones = value >> kr below 56. rice: kr
 * in the low 8 bits; the instructions ignore the others. */
ALWAYS_INLINE uint64_t golomb_rice(uint64_t value, uint64_t rice, uint64_t ones)
{
	return _bzhi_u64(
			-2ull << (rice & 63) | _bzhi_u64(value, (unsigned)rice), (unsigned)(rice + ones + 1));
}

/* Zeros in front of a value, too many for the table. together: how many one code
 * takes while no runs are coded: 1 (RLGR1) or 2 (RLGR3). */
static inline void put_long_gap(struct coder *c, uint64_t gap, uint64_t together)
{
	uint64_t kp = c->kp / KP(1);

	for (; kp < 8; kp += 3 * together, gap -= together) {
		put(c, 0, 1 + c->krp / KRP(8));
		c->krp = after_single_zeros(c->krp, 1);
	}
	for (; gap >= 1u << (kp >> 3); kp = kp + 4 > RLGR_PARAM_MAX ? RLGR_PARAM_MAX : kp + 4) {
		put(c, 0, 1);
		gap -= 1u << (kp >> 3);
	}
	put(c, 1u << (kp >> 3) | gap, 1 + (kp >> 3));
	c->kp = kp < 6 ? 0 : KP(kp - 6);
}

/* What is in front of a value, for the slow path: len without the sign. */
static inline void put_step(struct coder *c, uint64_t step)
{
	uint64_t zeros = step >> RLGR_STEP_SINGLES & 3, run = step >> RLGR_STEP_RUN & 1,
		 len = (step & 15) - run;

	for (; zeros > 0; zeros--) {
		put(c, 0, 1 + c->krp / KRP(8));
		c->krp = after_single_zeros(c->krp, 1);
	}
	if (len)
		put(c, step >> RLGR_STEP_CODE, len);
	c->kp = KP(step >> RLGR_STEP_NEXT & 127);
}

static inline void put_golomb_rice(struct coder *c, uint64_t value)
{
	uint64_t krp = c->krp / KRP(1), kr = krp >> 3, ones = value >> kr;

	krp = ones > 1 ? krp + ones : ones == 1 ? krp : krp < 2 ? 0 : krp - 2;
	c->krp = KRP(krp > RLGR_PARAM_MAX ? RLGR_PARAM_MAX : krp);
	for (; ones > 32; ones -= 32)
		put(c, 0xffffffff, 32);
	put(c, (2ull << ones) - 2, ones + 1);
	if (kr)
		put(c, _bzhi_u64(value, (unsigned)kr), kr);
}

/* Longest output of one item on the slow path: value ones, and what goes with them. */
#define RLGR_ITEM_BYTES_MAX(value) ((ptrdiff_t)((value) / 8 + 64))
/* So many items at a time, with one look at the room left: up to 8 bytes each,
 * and what the unaligned write touches behind. */
#define RLGR_BLOCK           64
#define RLGR_BLOCK_BYTES_MAX (RLGR_BLOCK * 8 + 8)

#endif
