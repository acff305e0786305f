#include "rlgr_items.h"
#include <pthread.h>

struct rlgr_tables rlgr_tables;

static int clamp_param(int p)
{
	return p < 0 ? 0 : p > RLGR_PARAM_MAX ? RLGR_PARAM_MAX : p;
}

static uint32_t step_pack(int code, int len, bool run, int singles, int next_kp)
{
	return (uint32_t)len << RLGR_STEP_LEN | (uint32_t)run << RLGR_STEP_RUN |
			(uint32_t)singles << RLGR_STEP_SINGLES |
			(uint32_t)clamp_param(next_kp) << RLGR_STEP_NEXT | (uint32_t)code << RLGR_STEP_CODE;
}

static uint32_t run_step(int kp, int gap, int singles)
{
	int zeros = 0;

	for (; gap >= 1 << (kp >> 3); zeros++) {
		gap -= 1 << (kp >> 3);
		kp = clamp_param(kp + 4);
	}
	return step_pack(1 << (kp >> 3) | gap, zeros + 1 + (kp >> 3) + 1, true, singles, kp - 6);
}

static uint32_t step_of(int kp, int gap)
{
	int singles = 0;

	for (; kp < 8 && gap > 0; gap--, singles++)
		kp += 3;
	return kp < 8 ? step_pack(0, 0, false, singles, kp - 3) : run_step(kp, gap, singles);
}

static uint32_t pair_step_of(int kp, int gap)
{
	int pairs = 0;

	for (; kp < 8 && gap > 1; gap -= 2, pairs++)
		kp += 6;
	if (kp < 8)
		return step_pack(0, 0, false, pairs, kp) | (uint32_t)gap << RLGR_STEP_LEAD;
	return run_step(kp, gap, pairs);
}

static uint32_t rice_of(int krp, int zeros)
{
	int len = 0;

	for (; zeros > 0; zeros--) {
		len += 1 + (krp >> 3);
		krp = clamp_param(krp - 2);
	}
	len += 1 + (krp >> 3);
	return (uint32_t)(krp >> 3) << RLGR_RICE_KR | (uint32_t)len << RLGR_RICE_LEN |
			(uint32_t)(krp * RLGR_SHORT_ONES) << RLGR_RICE_KRP;
}

static void fill_runs(int kp)
{
	uint32_t *runs = rlgr_tables.runs[kp], sum = 0;

	for (int zeros = 0; zeros < RLGR_RUN_ZEROS; zeros++) {
		runs[zeros] = sum << 8 | (uint32_t)kp;
		sum += 1u << (kp >> 3);
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
	for (int p = 0; p <= RLGR_PARAM_MAX; p++) {
		fill_runs(p);
		for (int gap = 0; gap < RLGR_SHORT_GAPS; gap++) {
			rlgr_tables.steps[p * RLGR_SHORT_GAPS + gap] = step_of(p, gap);
			rlgr_tables.pair_steps[p * RLGR_SHORT_GAPS + gap] = pair_step_of(p, gap);
		}
		for (int ones = 0; ones < RLGR_SHORT_ONES; ones++) {
			int krp = clamp_param(p + (ones == 0 ? -2 : ones == 1 ? 0 : ones));

			rlgr_tables.next_krp[p * RLGR_SHORT_ONES + ones] = (uint16_t)(krp * 4);
		}
		for (int singles = 0; singles < 4; singles++)
			rlgr_tables.rice[p * 4 + singles] = rice_of(p, singles);
	}
}

void rlgr_tables_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fill);
}
