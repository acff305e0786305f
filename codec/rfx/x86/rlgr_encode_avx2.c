/* RLGR coding of nonzero values: ../rlgr_encode.c is the specification.
 *
 * The loop goes from nonzero value to nonzero value. What kp and the gap of
 * zeros before a value lead to is in one table (the zeros that are coded one by
 * one, the run, the next kp), what krp and the value lead to in another, so that
 * a step has no branch that depends on the data, except for the rare long gaps
 * and large values. All bits of a step are stored with one unaligned write. */
#include "avx2.h"
#include "rlgr_items.h"
#include <immintrin.h>

struct coder {
	uint64_t bits; /* the low 64 - room ones are not stored for good yet */
	uint8_t *at;
	uint64_t room;    /* 56..64 between calls */
	uint64_t kp, krp; /* scaled: the first index of their part of the tables */
};
#define KP(n)  ((n) * (uint64_t)RLGR_SHORT_GAPS)
#define KRP(n) ((n) * (uint64_t)(2 * RLGR_SHORT_FOLDS))

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

/* Zeros in front of a value, too many for the table. */
static void put_long_gap(struct coder *c, uint64_t gap)
{
	uint64_t kp = c->kp / KP(1);

	for (; kp < 8; kp += 3, gap--) {
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

static void put_golomb_rice(struct coder *c, uint64_t value)
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

/* Any gap and any value. */
static __attribute__((noinline)) void put_item(struct coder *c, uint64_t gap, uint64_t fold)
{
	bool run = true;

	if (gap < RLGR_SHORT_GAPS) {
		uint64_t step = rlgr_tables.steps[c->kp + gap], singles = step >> RLGR_STEP_SINGLES & 3;
		uint64_t len = rlgr_tables.zero_len[c->krp / KRP(1) * 4 + singles] + (step & 15);

		if (len)
			put(c, step >> RLGR_STEP_CODE, len);
		c->kp = KP(step >> RLGR_STEP_NEXT & 127);
		c->krp = after_single_zeros(c->krp, singles);
		run = step >> RLGR_STEP_RUN & 1;
	} else {
		put_long_gap(c, gap);
	}
	if (run)
		put(c, fold & 1, 1);
	put_golomb_rice(c, run ? (fold - 1) >> 1 : fold);
}

/* Longest output of put_item: 65535 ones. */
#define ITEM_BYTES_MAX (65536 / 8 + 64)
/* So many at a time, with one look at the room left: up to 60 bits each, and
 * what the unaligned write touches behind. */
#define BLOCK           64
#define BLOCK_BYTES_MAX (BLOCK * 8 + 8)

/* Returns false when there may not be enough room. */
ALWAYS_INLINE bool put_block(struct coder *into, const uint16_t *places, const uint16_t *folds, int count,
		uint64_t before, const uint8_t *end)
{
	const struct rlgr_tables *tables = &rlgr_tables;
	/* A copy that never has its address taken, or it would live in memory. */
	struct coder c = *into;

	if (end - c.at < BLOCK_BYTES_MAX)
		return false;
	for (int i = 0; i < count; i++) {
		uint64_t gap = places[i] - before, fold = folds[i];
		uint64_t step, value = 0, len, zero_len, krp;

		before = places[i] + 1u;
		if (!UNLIKELY(gap >= RLGR_SHORT_GAPS || fold >= RLGR_SHORT_FOLDS)) {
			step = tables->steps[c.kp + gap];
			zero_len = tables->zero_len[(c.krp >> 4) + (step >> RLGR_STEP_SINGLES & 3)];
			krp = after_single_zeros(c.krp, step >> RLGR_STEP_SINGLES & 3);
			value = tables->values[krp + (step & 1 << RLGR_STEP_RUN) + fold];
		}
		if (UNLIKELY(value == 0)) {
			struct coder slow = c;

			if (end - slow.at < ITEM_BYTES_MAX + BLOCK_BYTES_MAX)
				return false;
			put_item(&slow, gap, fold);
			c = slow;
			continue;
		}
		c.kp = step >> (RLGR_STEP_NEXT - 5) & KP(127);
		c.krp = value >> (RLGR_VALUE_NEXT - 6);
		len = value >> RLGR_VALUE_LEN & RLGR_VALUE_LEN_MAX;
		value = _bzhi_u64(value, RLGR_VALUE_LEN) | step >> RLGR_STEP_CODE << len;
		put(&c, value, len + zero_len + (step & 15));
	}
	*into = c;
	return true;
}

int rfx_rlgr1_encode_avx2(uint8_t *dst, size_t cap, const int16_t *coefs)
{
	struct coder c = { .at = dst, .room = 64, .kp = KP(8), .krp = KRP(8) };
	struct rlgr_items items;

	rlgr_items_collect(&items, coefs);
	for (int i = 0; i < items.count; i += BLOCK) {
		int count = items.count - i < BLOCK ? items.count - i : BLOCK;
		unsigned before = i > 0 ? items.places[i - 1] + 1u : 0;

		/* The exact end is the C version's business. */
		if (!put_block(&c, items.places + i, items.folds + i, count, before, dst + cap))
			return rfx_rlgr1_encode_c(dst, cap, coefs);
	}
	return (int)(c.at - dst) + (int)((64 - c.room + 7) >> 3);
}
