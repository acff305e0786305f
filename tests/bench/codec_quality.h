/* How near decoded pictures are to the original. */
#ifndef BENCH_CODEC_QUALITY_H
#define BENCH_CODEC_QUALITY_H

#include "codec_frames.h"

struct codec_quality {
	double error;  /* sum of squares over B, G and R */
	int64_t count; /* of samples */
	double ssim;   /* sum over windows of 8x8, luma */
	int64_t windows;
};

/* Adds what `frame` shows in its changed tiles, and `got` in place of it (same stride). */
void codec_quality_add(struct codec_quality *q, const struct codec_frame *frame, const uint8_t *got);

/* In dB; 99 when all is exact. */
double codec_quality_psnr(const struct codec_quality *q);

/* 0..1 */
double codec_quality_ssim(const struct codec_quality *q);

#endif
