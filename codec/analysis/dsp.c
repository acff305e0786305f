/* The inner loops of the tile questions in plain C. */
#include "dsp.h"
#include <codec/cpu.h>
#include <stdlib.h>
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

static uint32_t load_u32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static uint64_t anchor_row_c(uint32_t numbers[64], const uint8_t *src, int rare_bits)
{
	uint64_t anchors = 0;

	for (int x = 0; x < 64; x++, src += 4) {
		bool edge = (load_u32(src) ^ load_u32(src + 4)) & 0xffffff;
		uint32_t sum = 0;

		for (int i = 0; i < ANALYSIS_SAMPLES; i++)
			sum += load_u32(src + 4 * analysis_samples[i].x) * analysis_samples[i].factor;
		numbers[x] = numbers[x] >> ANALYSIS_ROW_BITS ^ sum;
		if (edge && numbers[x] * ANALYSIS_RARE_FACTOR >> (32 - rare_bits) == 0)
			anchors |= (uint64_t)1 << x;
	}
	return anchors;
}

static int difference(const uint8_t *a, const uint8_t *b)
{
	return abs(a[0] - b[0]) + abs(a[1] - b[1]) + abs(a[2] - b[2]);
}

static struct analysis_neighbours neighbours_c(const uint8_t *src, int n)
{
	struct analysis_neighbours count = { 0, 0 };

	for (int i = 0; i < n; i++, src += 4) {
		int diff = difference(src, src + 4);

		count.equal += diff == 0;
		count.close += diff > 0 && diff <= ANALYSIS_CLOSE;
	}
	return count;
}

void analysis_dsp_init(struct analysis_dsp *dsp, unsigned cpu_flags)
{
	dsp->differs = differs_c;
	dsp->anchor_row = anchor_row_c;
	dsp->neighbours = neighbours_c;
#if defined(__x86_64__)
	if (cpu_flags & CPU_AVX2) {
		dsp->differs = analysis_differs_avx2;
		dsp->anchor_row = analysis_anchor_row_avx2;
		dsp->neighbours = analysis_neighbours_avx2;
	}
#endif
}
