/* RLGR coding of nonzero values: ../rlgr_encode.c is the specification.
 *
 * The loop goes from nonzero value to nonzero value. What kp and the gap of
 * zeros before a value lead to is in a table (the zeros that are coded one by
 * one, the run, the next kp), so that a step has no branch that depends on the
 * data, except for the rare long gaps and codes. All bits of a step are stored
 * with one unaligned write. */
#include "rlgr_coder.h"

/* Any gap and any value. */
static __attribute__((noinline)) void put_item(struct coder *c, uint64_t gap, uint64_t fold)
{
	bool run = true;

	if (gap < RLGR_SHORT_GAPS) {
		uint64_t step = rlgr_tables.steps[c->kp + gap];

		put_step(c, step);
		run = step >> RLGR_STEP_RUN & 1;
	} else {
		put_long_gap(c, gap, 1);
	}
	if (run)
		put(c, fold & 1, 1);
	put_golomb_rice(c, run ? (fold - 1) >> 1 : fold);
}

/* Returns false when there may not be enough room. */
ALWAYS_INLINE bool put_block(struct coder *into, const uint16_t *places, const uint16_t *folds, int count,
		uint64_t before, const uint8_t *end)
{
	const struct rlgr_tables *tables = &rlgr_tables;
	/* A copy that never has its address taken, or it would live in memory. */
	struct coder c = *into;

	if (end - c.at < RLGR_BLOCK_BYTES_MAX)
		return false;
	for (int i = 0; i < count; i++) {
		uint64_t gap = places[i] - before, fold = folds[i];
		uint64_t step, rice, run, value, ones, len, code;

		before = places[i] + 1u;
		if (UNLIKELY(gap >= RLGR_SHORT_GAPS)) {
			struct coder slow = c;

			if (end - slow.at < RLGR_ITEM_BYTES_MAX(fold) + RLGR_BLOCK_BYTES_MAX)
				return false;
			put_item(&slow, gap, fold);
			c = slow;
			continue;
		}
		step = tables->steps[c.kp + gap];
		rice = tables->rice[c.krp + (step >> RLGR_STEP_SINGLES & 3)];
		run = step >> RLGR_STEP_RUN & 1;
		value = (fold - run) >> run;
		ones = value >> (rice & 63); /* the processor looks at kr only */
		len = (uint8_t)(rice >> RLGR_RICE_LEN) + (step & 15) + ones;
		if (UNLIKELY(len > 56)) {
			struct coder slow = c;

			if (end - slow.at < RLGR_ITEM_BYTES_MAX(fold) + RLGR_BLOCK_BYTES_MAX)
				return false;
			put_item(&slow, gap, fold);
			c = slow;
			continue;
		}
		c.kp = step >> (RLGR_STEP_NEXT - 5) & KP(127);
		c.krp = tables->next_krp[(rice >> RLGR_RICE_KRP) + ones];
		code = step >> RLGR_STEP_CODE << run | (fold & run);
		put(&c, code << ((rice + ones + 1) & 63) | golomb_rice(value, rice, ones), len);
	}
	*into = c;
	return true;
}

int rlgr1_items_encode(uint8_t *dst, size_t cap, const struct rlgr_items *items)
{
	struct coder c = { .at = dst, .room = 64, .kp = KP(8), .krp = KRP(8) };

	for (int i = 0; i < items->count; i += RLGR_BLOCK) {
		int count = items->count - i < RLGR_BLOCK ? items->count - i : RLGR_BLOCK;
		unsigned before = i > 0 ? items->places[i - 1] + 1u : 0;

		if (!put_block(&c, items->places + i, items->folds + i, count, before, dst + cap))
			return ERR_SPACE;
	}
	return (int)(c.at - dst) + (int)((64 - c.room + 7) >> 3);
}
