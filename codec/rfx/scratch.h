/* What rfx_tile_encode and progressive_tile_encode share. */
#ifndef RFX_SCRATCH_H
#define RFX_SCRATCH_H

#include "dsp.h"

#include <base/writer.h>

struct rfx_scratch {
	_Alignas(64) int16_t planes[3][RFX_COEFS];
	_Alignas(64) int16_t coefs[RFX_COEFS];
	struct color_dsp color;
	struct rfx_dsp dsp;
};

enum rfx_component { RFX_LUMA, RFX_CB, RFX_CR, RFX_COMPONENTS };

/* 0 or ERR_ARGUMENT. */
MUST_USE int rfx_tile_job_check(const struct rfx_tile_job *job);
MUST_USE int rfx_frame_check(const struct rfx_frame *frame);
MUST_USE int rfx_size_check(int w_px, int h_px);
MUST_USE int rfx_quant_check(const struct rfx_quant *quant);

/* The table's factors as shifts, in the order of the coefficients. */
struct rfx_shifts rfx_bands_shifts(const struct rfx_bands *bands);

struct rfx_lengths {
	uint16_t of[RFX_COMPONENTS];
};

/* The bits of the three components one after the other at dst; forward is one
 * of scratch->dsp's. Bytes written or ERR_SPACE. */
MUST_USE int rfx_components_encode(const struct rfx_tile_job *job, struct rfx_scratch *scratch,
		void (*forward)(int16_t *, int16_t *, const struct rfx_shifts *), struct rfx_lengths *lengths,
		uint8_t *dst, size_t cap);

/* Parts of a frame that both streams have. */
size_t rfx_frame_tile_bytes(const struct rfx_frame *frame);
void rfx_rects_write(struct writer *w, const struct rfx_rect *rects, size_t count);
void rfx_tiles_write(struct writer *w, const struct rfx_frame *frame);

#endif
