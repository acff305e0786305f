#include "blocks.h"
#include <codec/progressive.h>
#include <rfx/scratch.h>

#define HEADER_SIZE 22

/* The sizes are filled in when they are known. */
static void write_header(struct writer *w, const struct rfx_tile_job *job)
{
	writer_u16(w, PROGRESSIVE_TILE_SIMPLE);
	writer_u32(w, 0);
	writer_u8(w, (uint8_t)(2 * job->quant_index));
	writer_u8(w, (uint8_t)(2 * job->quant_index + 1));
	writer_u8(w, (uint8_t)(2 * job->quant_index + 1));
	writer_u16(w, (uint16_t)job->x_tile);
	writer_u16(w, (uint16_t)job->y_tile);
	writer_u8(w, 0);   /* flags: not a difference */
	writer_zero(w, 6); /* sizes of the components */
	writer_u16(w, 0);  /* no tail */
}

int progressive_tile_encode(
		const struct rfx_tile_job *job, struct rfx_scratch *scratch, uint8_t *dst, size_t cap)
{
	struct writer w = writer_init(dst, cap);
	struct rfx_tile_job rlgr1 = *job;
	struct rfx_lengths lengths;
	int len;

	rlgr1.entropy = RFX_RLGR1;
	if (rfx_tile_job_check(job) < 0)
		return ERR_ARGUMENT;
	write_header(&w, job);
	if (w.failed)
		return ERR_SPACE;
	len = rfx_components_encode(&rlgr1, scratch, scratch->dsp.forward_extrapolate, &lengths,
			dst + HEADER_SIZE, cap - HEADER_SIZE);
	if (len < 0)
		return len;
	store_u32(dst + 2, (uint32_t)(HEADER_SIZE + len));
	for (int i = 0; i < RFX_COMPONENTS; i++)
		store_u16(dst + 14 + 2 * i, lengths.of[i]);
	return HEADER_SIZE + len;
}
