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

static uint32_t step_of(int kp, int gap)
{
	int singles = 0, zeros = 0;

	for (; kp < 8 && singles < gap; singles++)
		kp += 3;
	if (kp < 8)
		return step_pack(0, 0, false, singles, kp - 3);
	for (gap -= singles; gap >= 1 << (kp >> 3); zeros++) {
		gap -= 1 << (kp >> 3);
		kp = clamp_param(kp + 4);
	}
	return step_pack(1 << (kp >> 3) | gap, zeros + 1 + (kp >> 3), true, singles, kp - 6);
}

static uint32_t value_of(int krp, int run, int fold)
{
	int value = run ? (fold - 1) >> 1 : fold, kr = krp >> 3, ones = value >> kr,
	    len = run + ones + 1 + kr;
	uint32_t code = (((2u << ones) - 2) << kr) | ((uint32_t)value & ((1u << kr) - 1));

	if (fold == 0 || len > RLGR_VALUE_LEN_MAX)
		return 0;
	krp = clamp_param(krp + (ones == 0 ? -2 : ones == 1 ? 0 : ones));
	if (run)
		code |= (uint32_t)(fold & 1) << (len - 1);
	return code << RLGR_VALUE_CODE | (uint32_t)len << RLGR_VALUE_LEN | (uint32_t)krp << RLGR_VALUE_NEXT;
}

static int zero_len(int krp, int singles)
{
	int len = 0;

	for (; singles > 0; singles--) {
		len += 1 + (krp >> 3);
		krp = clamp_param(krp - 2);
	}
	return len;
}

static void fill(void)
{
	for (int p = 0; p <= RLGR_PARAM_MAX; p++) {
		for (int gap = 0; gap < RLGR_SHORT_GAPS; gap++)
			rlgr_tables.steps[p * RLGR_SHORT_GAPS + gap] = step_of(p, gap);
		for (int run = 0; run < 2; run++)
			for (int fold = 0; fold < RLGR_SHORT_FOLDS; fold++)
				rlgr_tables.values[(p * 2 + run) * RLGR_SHORT_FOLDS + fold] =
						value_of(p, run, fold);
		for (int singles = 0; singles < 4; singles++)
			rlgr_tables.zero_len[p * 4 + singles] = (uint8_t)zero_len(p, singles);
	}
}

void rlgr_tables_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fill);
}
