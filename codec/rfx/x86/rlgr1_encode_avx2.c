/* RLGR coding of nonzero values: ../rlgr_encode.c is the specification.
 *
 * The loop goes from nonzero value to nonzero value. What kp and the gap of
 * zeros before a value lead to is in a table (the zeros that are coded one by
 * one, the run, the next kp), so that a step has no branch that depends on the
 * data, except for the rare long gaps and codes. All bits of a step are stored
 * with one unaligned write. */
#include "rlgr_coder.h"

/* Any gap and any value. end: less what the items behind may need. Returns false
 * when there may not be enough room. */
static __attribute__((noinline)) bool put_item(
		struct coder *c, uint64_t gap, uint64_t fold, const uint8_t *end)
{
	uint64_t run = 1;

	if (end - c->at < RLGR_ITEM_BYTES_MAX(fold))
		return false;
	if (gap < RLGR_SHORT_GAPS) {
		const struct rlgr_step *step = &rlgr_tables.steps[c->kp + (int64_t)gap];

		put_step(c, step);
		run = step->run;
	} else {
		put_long_gap(c, gap, 1);
	}
	if (run)
		put(c, fold & 1, 1);
	put_golomb_rice(c, (fold - run) >> run);
	return true;
}

/* On a copy, as the loop's coder must not have its address taken, or it would live
 * in memory. */
ALWAYS_INLINE bool put_copy(struct coder *c, uint64_t gap, uint64_t fold, const uint8_t *end)
{
	struct coder copy = *c;
	bool ok = put_item(&copy, gap, fold, end);

	*c = copy;
	return ok;
}

int rlgr1_items_encode(uint8_t *dst, size_t cap, const struct rlgr_items *items)
{
	const struct rlgr_tables *tables = &rlgr_tables;
	struct coder c = { .at = dst, .room = 64, .kp = KP(8), .krp = KRP(8) };
	const uint8_t *end = dst + cap;

	if ((ptrdiff_t)cap < RLGR_ITEMS_BYTES_MAX(items->count))
		return ERR_SPACE;
	for (const uint16_t *item = items->gaps, *stop = item + items->count; item < stop; item++) {
		uint64_t gap = *item, fold = item[RLGR_GAP_TO_FOLD], value, kr, ones, len, code;
		const struct rlgr_step *step;
		const struct rlgr_rice *rice;

		if (UNLIKELY(gap >= RLGR_SHORT_GAPS)) {
			if (!put_copy(&c, gap, fold, end - RLGR_ITEMS_BYTES_MAX(stop - item)))
				return ERR_SPACE;
			continue;
		}
		step = &tables->steps[c.kp + (int64_t)gap];
		rice = &tables->rice[c.krp][step->singles];
		value = (fold - step->run) >> (step->run & 63);
		kr = rice->kr;
		ones = value >> (kr & 63);
		len = ones + rice->len + step->len;
		if (UNLIKELY(len > 56)) {
			if (!put_copy(&c, gap, fold, end - RLGR_ITEMS_BYTES_MAX(stop - item)))
				return ERR_SPACE;
			continue;
		}
		c.kp = step->next;
		c.krp = next_krp(c.krp, step->singles, value);
		code = step->code | (fold & step->run);
		code = (code << ((kr + ones + 1) & 63)) + value + (tables->ones[ones] << (kr & 63));
		put(&c, code, len);
	}
	return (int)(c.at - dst) + (int)((64 - c.room + 7) >> 3);
}
