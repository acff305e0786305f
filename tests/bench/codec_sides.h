/* The encoders and decoders that oriel-bench codec compares. Quantisers of both RemoteFX
 * codecs: RFX_QUALITY_MEDIUM, which are FreeRDP's. Tiles: those that changed. */
#ifndef BENCH_CODEC_SIDES_H
#define BENCH_CODEC_SIDES_H

#include "codec_contest.h"

extern const struct codec_side codec_own_rfx1, codec_own_rfx3, codec_own_progressive;
extern const struct codec_side codec_own_rfx_decoder, codec_own_progressive_decoder;
extern const struct codec_side codec_own_planar, codec_own_planar_decoder;
extern const struct codec_side codec_own_planar_rects, codec_own_planar_areas;
extern const struct codec_side codec_own_clear, codec_own_clear_decoder;

extern const struct codec_side codec_own_rle16, codec_own_rle16_decoder;
extern const struct codec_side codec_own_rle24, codec_own_rle24_decoder;

/* What planar and ClearCodec encoders write is whole RDPGFX commands, a frame's in one buffer. */
extern const struct codec_side codec_freerdp_rfx1, codec_freerdp_rfx3, codec_freerdp_progressive;
extern const struct codec_side codec_freerdp_rfx_decoder, codec_freerdp_progressive_decoder;
extern const struct codec_side codec_freerdp_planar;
extern const struct codec_side codec_freerdp_rle16, codec_freerdp_rle16_decoder;
extern const struct codec_side codec_freerdp_rle24, codec_freerdp_rle24_decoder;

#endif
