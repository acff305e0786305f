/* The faster versions of the inner loops; see struct analysis_dsp. */
#ifndef ANALYSIS_DSP_H
#define ANALYSIS_DSP_H

#include <codec/analysis.h>

enum {
	ANALYSIS_SAMPLES = 5,
	ANALYSIS_ROW_BITS = 4, /* a row is forgotten when it has been shifted out: after 8 */
};

/* What the numbers of places are multiplied with to see whether they are rare */
#define ANALYSIS_RARE_FACTOR 0x2c1b3c6du

/* The pixels of a row that count, and what they are multiplied with. The X byte of a pixel
 * goes over the top, for the lowest byte of each factor is 0. */
struct analysis_sample {
	uint8_t x;
	uint32_t factor;
};

/* All sorts of distances, so that few places of a picture look alike */
static const struct analysis_sample analysis_samples[ANALYSIS_SAMPLES] = {
	{ 0, 0x3779b100 },
	{ 1, 0xebca6b00 },
	{ 5, 0xb2ae3500 },
	{ 12, 0xd4eb2f00 },
	{ 23, 0x5667b100 },
};

bool analysis_differs_avx2(const uint8_t *a, const uint8_t *b, int n);

uint64_t analysis_anchor_row_avx2(uint32_t numbers[64], const uint8_t *src, int rare_bits);

struct analysis_neighbours analysis_neighbours_avx2(const uint8_t *src, int n);

#endif
