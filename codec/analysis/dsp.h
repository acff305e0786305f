/* The faster versions of the inner loops; see struct analysis_dsp. */
#ifndef ANALYSIS_DSP_H
#define ANALYSIS_DSP_H

#include <codec/analysis.h>

enum {
	ANALYSIS_SAMPLES = 8,
	ANALYSIS_ROW_FACTOR = 0x01000193,
	ANALYSIS_OLD_FACTOR = 0x5d615f21, /* its 8th power */
};

/* The pixels of a row that count, and what they are multiplied with */
struct analysis_sample {
	uint8_t x;
	uint32_t factor;
};

extern const struct analysis_sample analysis_samples[ANALYSIS_SAMPLES];

bool analysis_differs_avx2(const uint8_t *a, const uint8_t *b, int n);

void analysis_anchor_row_avx2(uint32_t state[64], uint32_t oldest[64], const uint8_t *src);

#endif
