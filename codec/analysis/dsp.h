/* The faster versions of the inner loops; see struct analysis_dsp. */
#ifndef ANALYSIS_DSP_H
#define ANALYSIS_DSP_H

#include <codec/analysis.h>

bool analysis_differs_avx2(const uint8_t *a, const uint8_t *b, int n);

#endif
