/* Bits and parameters of the RLGR coders of this folder. */
#ifndef RFX_X86_RLGR_CODER_H
#define RFX_X86_RLGR_CODER_H

#include "rlgr_items.h"
#include <immintrin.h>

struct coder {
	uint64_t bits; /* the low 64 - room ones are not stored for good yet */
	uint8_t *at;
	uint64_t room; /* 56..64 between calls */
	int64_t kp;    /* the first index of its part of the tables, less 0 or 1: rlgr_step.next */
	uint64_t krp;  /* plus RLGR_KRP_ZERO */
};
#define KP(n)  ((n) * (int64_t)RLGR_SHORT_GAPS)
#define KRP(n) ((n) + (uint64_t)RLGR_KRP_ZERO)

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

/* A code of zero. */
static inline void put_zero(struct coder *c)
{
	put(c, 0, 1 + (c->krp - KRP(0)) / 8);
	c->krp = c->krp < KRP(2) ? KRP(0) : c->krp - 2;
}

/* Zeros in front of a value, too many for the table. together: how many one code
 * takes while no runs are coded: 1 (RLGR1) or 2 (RLGR3). */
static inline void put_long_gap(struct coder *c, uint64_t gap, uint64_t together)
{
	uint64_t taken = (uint64_t)-c->kp % RLGR_SHORT_GAPS, kp = (uint64_t)(c->kp + 1) / RLGR_SHORT_GAPS;
	uint64_t zeros = 0;

	for (gap -= taken; kp < 8; kp += 3 * together, gap -= together)
		put_zero(c);
	for (; gap >= 1u << (kp >> 3); kp = kp + 4 > RLGR_PARAM_MAX ? RLGR_PARAM_MAX : kp + 4, zeros++)
		gap -= 1u << (kp >> 3);
	put(c, 1u << (kp >> 3) | gap, zeros + 1 + (kp >> 3)); /* zeros: 20 at most */
	c->kp = kp < 6 ? 0 : KP((int64_t)kp - 6);
}

/* What is in front of a value, for the slow path: without the sign. */
static inline void put_step(struct coder *c, const struct rlgr_step *step)
{
	for (int zeros = step->singles; zeros > 0; zeros--)
		put_zero(c);
	if (step->run)
		put(c, step->code >> 1, step->len - 1u);
	c->kp = step->next;
}

static inline void put_golomb_rice(struct coder *c, uint64_t value)
{
	uint64_t krp = c->krp - KRP(0), kr = krp >> 3, ones = value >> kr;

	krp = ones > 1 ? krp + ones : ones == 1 ? krp : krp < 2 ? 0 : krp - 2;
	c->krp = KRP(krp > RLGR_PARAM_MAX ? RLGR_PARAM_MAX : krp);
	for (; ones > 32; ones -= 32)
		put(c, 0xffffffff, 32);
	put(c, (2ull << ones) - 2, ones + 1);
	if (kr)
		put(c, _bzhi_u64(value, (unsigned)kr), kr);
}

/* From an item's gap to its fold, so that the coders need one pointer. */
#define RLGR_GAP_TO_FOLD                                                                                     \
	((offsetof(struct rlgr_items, folds) - offsetof(struct rlgr_items, gaps)) / sizeof(uint16_t))

/* Longest output of one item on the slow path: value ones, and what goes with them. */
#define RLGR_ITEM_BYTES_MAX(value) ((ptrdiff_t)((value) / 8 + 64))
/* Room for so many items on the fast path: up to 7 bytes each, and what the
 * unaligned write touches behind. */
#define RLGR_ITEMS_BYTES_MAX(count) ((ptrdiff_t)(count)*7 + 16)

/* krp behind a code of value and the zeros in front of it. */
ALWAYS_INLINE uint64_t next_krp(uint64_t krp, uint64_t zeros, uint64_t value)
{
	krp -= 2 * zeros;
	return rlgr_tables.next_krp[krp][2 * value >> (krp / 8 & 63)];
}

#endif
