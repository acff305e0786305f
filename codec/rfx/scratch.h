/* What rfx_tile_encode and progressive_tile_encode share. */
#ifndef RFX_SCRATCH_H
#define RFX_SCRATCH_H

#include "dsp.h"

#include <base/reader.h>
#include <base/writer.h>

struct rfx_scratch {
	_Alignas(64) int16_t planes[3][RFX_COEFS];
	_Alignas(64) int16_t coefs[RFX_COEFS];
	_Alignas(64) uint8_t pixels[4 * RFX_COEFS]; /* a decoded tile that is painted in parts */
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

struct rfx_component_bits {
	const uint8_t *data;
	size_t len;
};

/* The inverse: three components to the planes of scratch. inverse is one of
 * scratch->dsp's. */
void rfx_components_decode(struct rfx_scratch *scratch, enum rfx_entropy entropy,
		const struct rfx_component_bits bits[RFX_COMPONENTS],
		const struct rfx_shifts *const shifts[RFX_COMPONENTS],
		void (*inverse)(int16_t *, int16_t *, const struct rfx_shifts *));

/* Before decoding the tile at x_px, y_px: asks for the memory that painting it will
 * write, which takes as long to come as a component takes to decode. */
void rfx_tile_prefetch(const struct rfx_picture *dst, int x_px, int y_px);

/* The planes of scratch as the tile at x_px, y_px of dst, which may lie partly
 * outside; only what the rectangles (moved by left_px, top_px) cover. */
void rfx_tile_paint(struct rfx_scratch *scratch, const struct rfx_picture *dst, int x_px, int y_px,
		const struct rfx_rect *rects, size_t rect_count, int left_px, int top_px);

/* Rectangles of a region: more are refused, so that tiles times rectangles
 * stays bounded. Windows sends a few dozen. */
#define RFX_DECODED_RECTS_MAX 4096

/* Reads count rectangles; ERR_FORMAT when short. */
MUST_USE int rfx_rects_read(struct reader *r, struct rfx_rect *rects, size_t count);

/* Parts of a frame that both streams have. */
size_t rfx_frame_tile_bytes(const struct rfx_frame *frame);
void rfx_rects_write(struct writer *w, const struct rfx_rect *rects, size_t count);
void rfx_tiles_write(struct writer *w, const struct rfx_frame *frame);

#endif
