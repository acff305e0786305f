/* RLGR3: as rlgr1_encode_avx2.c, but where no runs are coded, two values (either
 * may be zero) share a code. A pair is (0, value) when the table leaves one zero
 * in front of the value; else (value, next value), which is zero when the next
 * item is no neighbour. */
#include "rlgr_coder.h"

/* Any gap and any value; second: of the pair, or 0. Else as in RLGR1. */
static __attribute__((noinline)) bool put_item(
		struct coder *c, uint64_t gap, uint64_t fold, uint64_t second, const uint8_t *end)
{
	const struct rlgr_step *step = NULL;

	if (end - c->at < RLGR_ITEM_BYTES_MAX(fold + second))
		return false;
	if (gap < RLGR_SHORT_GAPS) {
		step = &rlgr_tables.pair_steps[c->kp + (int64_t)gap];
		put_step(c, step);
		if (second)
			c->kp = step->pair & 32;
	} else {
		put_long_gap(c, gap, 2);
	}
	if (!step || step->run) {
		put(c, fold & 1, 1);
		put_golomb_rice(c, (fold - 1) >> 1);
	} else {
		put_golomb_rice(c, fold + second);
		put(c, step->pair ? fold : 0, 64 - _lzcnt_u64(fold + second));
	}
	return true;
}

ALWAYS_INLINE bool put_copy(struct coder *c, uint64_t gap, uint64_t fold, uint64_t second, const uint8_t *end)
{
	struct coder copy = *c;
	bool ok = put_item(&copy, gap, fold, second, end);

	*c = copy;
	return ok;
}

int rlgr3_items_encode(uint8_t *dst, size_t cap, const struct rlgr_items *items)
{
	const struct rlgr_tables *tables = &rlgr_tables;
	struct coder c = { .at = dst, .room = 64, .kp = KP(8), .krp = KRP(8) };
	const uint16_t *item = items->gaps, *stop = item + items->count;
	const uint8_t *end = dst + cap;

	if ((ptrdiff_t)cap < RLGR_ITEMS_BYTES_MAX(items->count))
		return ERR_SPACE;
	while (item < stop) {
		uint64_t gap = *item, fold = item[RLGR_GAP_TO_FOLD], next_gap = item[1];
		uint64_t second = item[RLGR_GAP_TO_FOLD + 1], joins, value, kr, ones, tail_len, len, code;
		const struct rlgr_step *step;
		const struct rlgr_rice *rice;

		item++;
		if (UNLIKELY(gap >= RLGR_SHORT_GAPS)) {
			if (!put_copy(&c, gap, fold, 0, end - RLGR_ITEMS_BYTES_MAX(stop - item)))
				return ERR_SPACE;
			continue;
		}
		step = &tables->pair_steps[c.kp + (int64_t)gap];
		joins = step->pair & (next_gap == 0);
		item += joins;
		second &= 0 - joins;
		rice = &tables->rice[c.krp][step->singles];
		value = ((fold - step->run) >> (step->run & 63)) + second;
		kr = rice->kr;
		ones = value >> (kr & 63);
		tail_len = (64 - _lzcnt_u64(value)) & (step->run - 1ull);
		len = ones + rice->len + step->len + tail_len;
		if (UNLIKELY(len > 56)) {
			if (!put_copy(&c, gap, fold, second, end - RLGR_ITEMS_BYTES_MAX(stop - item)))
				return ERR_SPACE;
			continue;
		}
		/* Without a branch: the processor could not foresee it. */
		c.kp = step->next ^ ((step->next ^ (step->pair & 32)) & (0 - (int64_t)joins));
		c.krp = next_krp(c.krp, step->singles, value);
		code = step->code | (fold & step->run);
		code = (code << ((kr + ones + 1) & 63)) + value + (tables->ones[ones] << (kr & 63));
		put(&c, code << tail_len | (fold & (0 - (step->pair & 1ull))), len);
	}
	return (int)(c.at - dst) + (int)((64 - c.room + 7) >> 3);
}
