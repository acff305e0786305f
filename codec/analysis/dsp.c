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

void analysis_dsp_init(struct analysis_dsp *dsp, unsigned cpu_flags)
{
	dsp->differs = differs_c;
#if defined(__x86_64__)
	if (cpu_flags & CPU_AVX2)
		dsp->differs = analysis_differs_avx2;
#endif
}
