/* The inner loops of the tile questions in plain C. */
#include "dsp.h"
#include <codec/cpu.h>
#include <string.h>

static uint64_t load_u64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* Four pixels a step, so that the compiler can keep two words each. */
static bool differs_c(const uint8_t *a, const uint8_t *b, int n)
{
	uint64_t diff;
	int i = 0;

	for (; i + 4 <= n; i += 4, a += 16, b += 16) {
		diff = (load_u64(a) ^ load_u64(b)) | (load_u64(a + 8) ^ load_u64(b + 8));
		if (diff & 0x00ffffff00ffffff)
			return true;
	}
	for (; i < n; i++, a += 4, b += 4) {
		if (a[0] != b[0] || a[1] != b[1] || a[2] != b[2])
			return true;
	}
	return false;
}

/* All sorts of distances, so that few places of a picture look alike */
const struct analysis_sample analysis_samples[ANALYSIS_SAMPLES] = {
	{ 0, 0x9e3779b1 },
	{ 1, 0x85ebca6b },
	{ 3, 0xc2b2ae35 },
	{ 7, 0x27d4eb2f },
	{ 10, 0x165667b1 },
	{ 15, 0xd3a2646d },
	{ 19, 0xfd7046c5 },
	{ 23, 0xb55a4f09 },
};

static uint32_t load_colour(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v & 0xffffff;
}

static void anchor_row_c(uint32_t state[64], uint32_t oldest[64], const uint8_t *src)
{
	for (int x = 0; x < 64; x++) {
		uint32_t sum = 0;

		for (int i = 0; i < ANALYSIS_SAMPLES; i++)
			sum += load_colour(src + 4 * (x + analysis_samples[i].x)) *
					analysis_samples[i].factor;
		state[x] = state[x] * ANALYSIS_ROW_FACTOR + sum - oldest[x] * ANALYSIS_OLD_FACTOR;
		oldest[x] = sum;
	}
}

void analysis_dsp_init(struct analysis_dsp *dsp, unsigned cpu_flags)
{
	dsp->differs = differs_c;
	dsp->anchor_row = anchor_row_c;
#if defined(__x86_64__)
	if (cpu_flags & CPU_AVX2) {
		dsp->differs = analysis_differs_avx2;
		dsp->anchor_row = analysis_anchor_row_avx2;
	}
#endif
}
