#include "rlgr_items.h"
#include <pthread.h>

struct rlgr_tables rlgr_tables;

static int clamp_param(int p)
{
	return p < 0 ? 0 : p > RLGR_PARAM_MAX ? RLGR_PARAM_MAX : p;
}

static struct rlgr_step run_step(int kp, int gap, int singles)
{
	struct rlgr_step step = { .run = 1, .singles = (uint8_t)singles };
	int zeros = 0;

	for (; gap >= 1 << (kp >> 3); zeros++) {
		gap -= 1 << (kp >> 3);
		kp = clamp_param(kp + 4);
	}
	step.code = (uint16_t)((1 << (kp >> 3) | gap) << 1);
	step.len = (uint8_t)(zeros + 1 + (kp >> 3) + 1);
	step.next = (int16_t)(clamp_param(kp - 6) * RLGR_SHORT_GAPS);
	return step;
}

static struct rlgr_step step_of(int kp, int gap)
{
	int singles = 0;

	for (; kp < 8 && gap > 0; gap--, singles++)
		kp += 3;
	if (kp >= 8)
		return run_step(kp, gap, singles);
	return (struct rlgr_step){ .singles = (uint8_t)singles,
		.next = (int16_t)(clamp_param(kp - 3) * RLGR_SHORT_GAPS) };
}

static struct rlgr_step pair_step_of(int kp, int gap)
{
	struct rlgr_step step = { 0 };
	int pairs = 0;

	for (; kp < 8 && gap > 1; gap -= 2, pairs++)
		kp += 6;
	if (kp >= 8)
		return run_step(kp, gap, pairs);
	/* A zero that is left is the first of the pair, the value the second. */
	step.singles = (uint8_t)pairs;
	step.next = (int16_t)(kp * RLGR_SHORT_GAPS - (gap == 0));
	if (gap == 0)
		step.pair = (uint8_t)(1 | clamp_param(kp - 6) * RLGR_SHORT_GAPS);
	return step;
}

static struct rlgr_rice rice_of(int krp, int zeros)
{
	int len = 0;

	for (; zeros > 0; zeros--) {
		len += 1 + (krp >> 3);
		krp = clamp_param(krp - 2);
	}
	return (struct rlgr_rice){ .kr = (uint8_t)(krp >> 3), .len = (uint8_t)(len + 1 + (krp >> 3)) };
}

static void fill_krp(int krp)
{
	uint8_t *next = rlgr_tables.next_krp[RLGR_KRP_ZERO + krp];

	for (int ones = 0; ones < RLGR_SHORT_ONES; ones++) {
		int to = clamp_param(clamp_param(krp) + (ones == 0 ? -2 : ones == 1 ? 0 : ones));

		next[krp < 0 ? 2 * ones : ones] = (uint8_t)(RLGR_KRP_ZERO + to);
	}
	for (int zeros = 0; zeros < 4 && krp >= 0; zeros++)
		rlgr_tables.rice[RLGR_KRP_ZERO + krp][zeros] = rice_of(krp, zeros);
}

static void fill_runs(int kp)
{
	struct rlgr_run *runs = rlgr_tables.runs[kp];
	int sum = 0;

	for (int zeros = 0; zeros < RLGR_RUN_ZEROS; zeros++) {
		runs[zeros].kp = (uint8_t)kp;
		runs[zeros].len = (uint8_t)(zeros + 1 + (kp >> 3));
		runs[zeros].base = (int16_t)(sum - (1 << (kp >> 3)));
		sum += 1 << (kp >> 3);
		kp = clamp_param(kp + 4);
	}
}

static void fill_order(unsigned mask)
{
	uint8_t *order = rlgr_tables.orders[mask];
	int count = 0;

	for (int i = 0; i < 8; i++) {
		if (!(mask >> i & 1))
			continue;
		order[2 * count] = (uint8_t)(2 * i);
		order[2 * count + 1] = (uint8_t)(2 * i + 1);
		count++;
	}
}

static void fill(void)
{
	for (unsigned mask = 0; mask < 256; mask++)
		fill_order(mask);
	for (int ones = 0; ones < RLGR_SHORT_ONES; ones++)
		rlgr_tables.ones[ones] = (2ull << ones) - 2 - (uint64_t)ones;
	for (int krp = -6; krp <= RLGR_PARAM_MAX; krp++)
		fill_krp(krp);
	for (int p = 0; p <= RLGR_PARAM_MAX; p++) {
		fill_runs(p);
		for (int gap = 0; gap < RLGR_SHORT_GAPS; gap++) {
			rlgr_tables.steps[p * RLGR_SHORT_GAPS + gap] = step_of(p, gap);
			rlgr_tables.pair_steps[p * RLGR_SHORT_GAPS + gap] = pair_step_of(p, gap);
		}
	}
}

void rlgr_tables_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fill);
}
