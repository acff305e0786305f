#include "blocks.h"
#include "scratch.h"

#include <base/writer.h>
#include <stdlib.h>

#define HEADER_SIZE 19

struct rfx_scratch *rfx_scratch_create(unsigned cpu_flags)
{
	struct rfx_scratch *scratch = aligned_alloc(64, sizeof *scratch);

	if (scratch) {
		color_dsp_init(&scratch->color, cpu_flags);
		rfx_dsp_init(&scratch->dsp, cpu_flags);
	}
	return scratch;
}

void rfx_scratch_destroy(struct rfx_scratch *scratch)
{
	free(scratch);
}

int rfx_tile_job_check(const struct rfx_tile_job *job)
{
	const int tiles_max = RFX_SIZE_MAX / RFX_TILE_SIZE;

	if (job->w_px < 1 || job->w_px > RFX_TILE_SIZE || job->h_px < 1 || job->h_px > RFX_TILE_SIZE)
		return ERR_ARGUMENT;
	if (job->x_tile < 0 || job->x_tile >= tiles_max || job->y_tile < 0 || job->y_tile >= tiles_max)
		return ERR_ARGUMENT;
	if (job->quant_index < 0 || job->quant_index >= RFX_QUANTS_MAX)
		return ERR_ARGUMENT;
	return rfx_quant_check(job->quant);
}

int rfx_components_encode(const struct rfx_tile_job *job, struct rfx_scratch *scratch,
		void (*forward)(int16_t *, int16_t *, const struct rfx_shifts *), struct rfx_lengths *lengths,
		uint8_t *dst, size_t cap)
{
	const struct rfx_dsp *dsp = &scratch->dsp;
	struct rfx_shifts luma = rfx_bands_shifts(&job->quant->luma);
	struct rfx_shifts chroma = rfx_bands_shifts(&job->quant->chroma);
	size_t used = 0;

	scratch->color.bgrx_to_ycbcr(scratch->planes[RFX_LUMA], scratch->planes[RFX_CB],
			scratch->planes[RFX_CR], job->src, job->stride_bytes, job->w_px, job->h_px);
	for (int i = 0; i < RFX_COMPONENTS; i++) {
		int len;

		forward(scratch->coefs, scratch->planes[i], i == RFX_LUMA ? &luma : &chroma);
		if (job->entropy == RFX_RLGR3)
			len = dsp->rlgr3_encode(dst + used, cap - used, scratch->coefs);
		else
			len = dsp->rlgr1_encode(dst + used, cap - used, scratch->coefs);
		if (len < 0 || len > UINT16_MAX)
			return ERR_SPACE;
		lengths->of[i] = (uint16_t)len;
		used += (size_t)len;
	}
	return (int)used;
}

/* The sizes are filled in when they are known. */
static void write_header(struct writer *w, const struct rfx_tile_job *job)
{
	writer_u16(w, RFX_BLOCK_TILE);
	writer_u32(w, 0);
	writer_u8(w, (uint8_t)(2 * job->quant_index));
	writer_u8(w, (uint8_t)(2 * job->quant_index + 1));
	writer_u8(w, (uint8_t)(2 * job->quant_index + 1));
	writer_u16(w, (uint16_t)job->x_tile);
	writer_u16(w, (uint16_t)job->y_tile);
	writer_zero(w, 6);
}

int rfx_tile_encode(const struct rfx_tile_job *job, struct rfx_scratch *scratch, uint8_t *dst, size_t cap)
{
	struct writer w = writer_init(dst, cap);
	struct rfx_lengths lengths;
	int len;

	if (rfx_tile_job_check(job) < 0 || (job->entropy != RFX_RLGR1 && job->entropy != RFX_RLGR3))
		return ERR_ARGUMENT;
	write_header(&w, job);
	if (w.failed)
		return ERR_SPACE;
	len = rfx_components_encode(
			job, scratch, scratch->dsp.forward, &lengths, dst + HEADER_SIZE, cap - HEADER_SIZE);
	if (len < 0)
		return len;
	store_u32(dst + 2, (uint32_t)(HEADER_SIZE + len));
	for (int i = 0; i < RFX_COMPONENTS; i++)
		store_u16(dst + 13 + 2 * i, lengths.of[i]);
	return HEADER_SIZE + len;
}
