/* The row coder of the planar codec; see struct planar_dsp. */
#ifndef PLANAR_DSP_H
#define PLANAR_DSP_H

#include <codec/planar.h>

enum { PLANAR_ROW_SLACK = 32 }; /* what a row coder may read and write past its row */

/* RLE of a row that is there already, with PLANAR_ROW_SLACK readable bytes behind it */
uint8_t *planar_rle_row(uint8_t *dst, const uint8_t *row, int n);

uint8_t *planar_encode_row_avx2(uint8_t *dst, const uint8_t *src, const uint8_t *above, int byte, int n);

#endif
