/* RLGR3: as rlgr1_encode_avx2.c, but where no runs are coded, two values (either
 * may be zero) share a code. A pair is (0, value) when the table leaves one zero
 * in front of the value; else (value, next value), which is zero when the next
 * item is no neighbour. */
#include "rlgr_coder.h"

/* What one item, and its neighbour if it takes it along, comes to. */
struct item {
	uint64_t step, second;
	bool run, pair; /* pair: with the coefficient behind */
};

/* Any gap (0: the step is done) and any value. */
static __attribute__((noinline)) void put_item(struct coder *c, uint64_t gap, uint64_t fold, struct item item)
{
	uint64_t sum = fold + item.second;

	if (gap >= RLGR_SHORT_GAPS) {
		put_long_gap(c, gap, 2);
	} else {
		put_step(c, item.step);
		if (item.second)
			c->kp = c->kp < KP(6) ? 0 : c->kp - KP(6);
	}
	if (item.run) {
		put(c, fold & 1, 1);
		put_golomb_rice(c, (fold - 1) >> 1);
	} else {
		put_golomb_rice(c, sum);
		put(c, item.pair ? fold : 0, 64 - _lzcnt_u64(sum));
	}
}

/* From *item on, at most RLGR_BLOCK of them. Returns false when there may not be
 * enough room. */
static inline __attribute__((always_inline)) bool put_block(struct coder *into,
		const struct rlgr_items *items, int *item, uint64_t *behind, const uint8_t *end)
{
	const struct rlgr_tables *tables = &rlgr_tables;
	/* A copy that never has its address taken, or it would live in memory. */
	struct coder c = *into;
	uint64_t before = *behind;
	int i = *item, stop = i + RLGR_BLOCK < items->count ? i + RLGR_BLOCK : items->count;

	if (end - c.at < RLGR_BLOCK_BYTES_MAX)
		return false;
	while (i < stop) {
		uint64_t place = items->places[i], gap = place - before, fold = items->folds[i];
		uint64_t step, rice, run, pair, second, value, ones, tail_len, len, code;
		int64_t kp;

		if (UNLIKELY(gap >= RLGR_SHORT_GAPS)) {
			struct coder slow = c;

			if (end - slow.at < RLGR_ITEM_BYTES_MAX(fold) + RLGR_BLOCK_BYTES_MAX)
				return false;
			put_item(&slow, gap, fold, (struct item){ .run = true });
			c = slow;
			before = place + 1;
			i++;
			continue;
		}
		step = tables->pair_steps[c.kp + gap];
		run = step >> RLGR_STEP_RUN & 1;
		pair = ~(step >> RLGR_STEP_RUN | step >> RLGR_STEP_LEAD) & 1;
		second = items->folds[i + 1] & (0 - (pair & (items->places[i + 1] == place + 1)));
		before = place + 1 + pair;
		i += 1 + (second > 0);
		rice = tables->rice[c.krp + (step >> RLGR_STEP_SINGLES & 3)];
		value = ((fold - run) >> run) + second;
		ones = value >> (rice & 63); /* the processor looks at kr only */
		tail_len = (64 - _lzcnt_u64(value)) & (run - 1);
		len = (uint8_t)(rice >> RLGR_RICE_LEN) + (step & 15) + ones + tail_len;
		if (UNLIKELY(len > 56)) {
			struct coder slow = c;
			struct item rest = { step, second, run, pair };

			if (end - slow.at < RLGR_ITEM_BYTES_MAX(fold + second) + RLGR_BLOCK_BYTES_MAX)
				return false;
			put_item(&slow, 0, fold, rest);
			c = slow;
			continue;
		}
		kp = (int64_t)(step >> (RLGR_STEP_NEXT - 5) & KP(127)) - (second ? (int64_t)KP(6) : 0);
		c.kp = (uint64_t)(kp & ~(kp >> 63));
		c.krp = tables->next_krp[(rice >> RLGR_RICE_KRP) + ones];
		code = step >> RLGR_STEP_CODE << run | (fold & run);
		code = code << ((rice + ones + 1) & 63) | golomb_rice(value, rice, ones);
		put(&c, code << tail_len | (fold & (0 - pair)), len);
	}
	*into = c;
	*item = i;
	*behind = before;
	return true;
}

int rlgr3_items_encode(uint8_t *dst, size_t cap, const struct rlgr_items *items)
{
	struct coder c = { .at = dst, .room = 64, .kp = KP(8), .krp = KRP(8) };
	uint64_t before = 0;
	int item = 0;

	while (item < items->count) {
		if (!put_block(&c, items, &item, &before, dst + cap))
			return ERR_SPACE;
	}
	return (int)(c.at - dst) + (int)((64 - c.room + 7) >> 3);
}
