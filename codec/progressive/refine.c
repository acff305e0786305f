/* Tiles in passes, and differences to what the client has: [MS-RDPEGFX] 3.2.8.1.4,
 * 3.2.8.1.5. What the client has follows from the target and the passes sent,
 * as a difference is only ever sent at full quality. */
#include "blocks.h"
#include "pass.h"
#include <codec/progressive.h>
#include <rfx/scratch.h>
#include <stdlib.h>

#define FIRST_SIZE   23
#define UPGRADE_SIZE 26
#define SIMPLE_SIZE  22

struct progressive_tile {
	int16_t target[RFX_COMPONENTS][RFX_COEFS]; /* quantised, LL3 as values */
	int passes;                                /* sent; 0: the client has nothing */
	struct rfx_quant quant;
};

struct progressive_tile *progressive_tile_create(void)
{
	return calloc(1, sizeof(struct progressive_tile));
}

void progressive_tile_destroy(struct progressive_tile *tile)
{
	free(tile);
}

int progressive_tile_passes_left(const struct progressive_tile *tile)
{
	return tile->passes ? PROGRESSIVE_PASSES - tile->passes : 0;
}

static const struct pass_positions *positions_of(const struct progressive_tile *tile, int pass, int component)
{
	return &pass_qualities[pass_quality_of(&tile->quant, pass)][component == RFX_LUMA ? 0 : 1];
}

static uint8_t quality_field(const struct rfx_quant *quant, int pass)
{
	enum pass_quality quality = pass_quality_of(quant, pass);

	return quality == PASS_FULL ? PROGRESSIVE_FULL_QUALITY : (uint8_t)quality;
}

/* Sizes are filled in when they are known. difference: -1 for no such field. */
static void write_header(struct writer *w, int type, const struct rfx_tile_job *job, int difference, int pass)
{
	writer_u16(w, (uint16_t)type);
	writer_u32(w, 0);
	writer_u8(w, (uint8_t)(2 * job->quant_index));
	writer_u8(w, (uint8_t)(2 * job->quant_index + 1));
	writer_u8(w, (uint8_t)(2 * job->quant_index + 1));
	writer_u16(w, (uint16_t)job->x_tile);
	writer_u16(w, (uint16_t)job->y_tile);
	if (difference >= 0)
		writer_u8(w, (uint8_t)difference);
	if (type != PROGRESSIVE_TILE_SIMPLE)
		writer_u8(w, quality_field(job->quant, pass));
	writer_zero(w, type == PROGRESSIVE_TILE_UPGRADE ? 12 : 8);
}

/* Pixels to the target of one component. */
static void transform(
		int16_t *target, struct rfx_scratch *scratch, int component, const struct rfx_quant *quant)
{
	struct rfx_shifts shifts = rfx_bands_shifts(component == RFX_LUMA ? &quant->luma : &quant->chroma);

	scratch->dsp.forward_extrapolate(scratch->coefs, scratch->planes[component], &shifts);
	rfx_sums(scratch->coefs + RFX_COEFS - 81, 81);
	memcpy(target, scratch->coefs, sizeof scratch->coefs);
}

static void convert(struct rfx_scratch *scratch, const struct rfx_tile_job *job)
{
	scratch->color.bgrx_to_ycbcr(scratch->planes[RFX_LUMA], scratch->planes[RFX_CB],
			scratch->planes[RFX_CR], job->src, job->stride_bytes, job->w_px, job->h_px);
}

/* scratch->coefs to bits; their length to the field at. */
static int put_bits(struct rfx_scratch *scratch, struct writer *w, uint8_t *at)
{
	int len = scratch->dsp.rlgr1_encode(w->at, (size_t)(w->end - w->at), scratch->coefs);

	if (len < 0 || len > UINT16_MAX)
		return ERR_SPACE;
	writer_take(w, (size_t)len);
	store_u16(at, (uint16_t)len);
	return 0;
}

/* Whether a pass has sent all there is: so it is for flat tiles. */
static bool complete_after(const struct progressive_tile *tile, int pass)
{
	int16_t sent[RFX_COEFS];

	for (int i = 0; i < RFX_COMPONENTS; i++) {
		pass_sent(sent, tile->target[i], &pass_layout_extrapolate, positions_of(tile, pass, i));
		if (memcmp(sent, tile->target[i], sizeof sent) != 0)
			return false;
	}
	return true;
}

int progressive_tile_first(struct progressive_tile *tile, const struct rfx_tile_job *job,
		struct rfx_scratch *scratch, uint8_t *dst, size_t cap)
{
	struct writer w = writer_init(dst, cap);

	if (rfx_tile_job_check(job) < 0)
		return ERR_ARGUMENT;
	tile->passes = 0;
	tile->quant = *job->quant;
	write_header(&w, PROGRESSIVE_TILE_FIRST, job, 0, 0);
	if (w.failed)
		return ERR_SPACE;
	convert(scratch, job);
	for (int i = 0; i < RFX_COMPONENTS; i++) {
		transform(tile->target[i], scratch, i, job->quant);
		pass_first_make(scratch->coefs, tile->target[i], &pass_layout_extrapolate,
				positions_of(tile, 0, i));
		if (put_bits(scratch, &w, dst + FIRST_SIZE - 8 + 2 * i) < 0)
			return ERR_SPACE;
	}
	store_u32(dst + 2, (uint32_t)(w.at - dst));
	tile->passes = complete_after(tile, 0) ? PROGRESSIVE_PASSES : 1;
	return writer_len(&w);
}

int progressive_tile_upgrade(struct progressive_tile *tile, const struct rfx_tile_job *job,
		struct rfx_scratch *scratch, uint8_t *dst, size_t cap)
{
	struct writer w = writer_init(dst, cap);
	int pass = tile->passes;

	if (rfx_tile_job_check(job) < 0 || memcmp(job->quant, &tile->quant, sizeof tile->quant) != 0)
		return ERR_ARGUMENT;
	if (progressive_tile_passes_left(tile) == 0)
		return ERR_UNEXPECTED;
	write_header(&w, PROGRESSIVE_TILE_UPGRADE, job, -1, pass);
	if (w.failed)
		return ERR_SPACE;
	for (int i = 0; i < RFX_COMPONENTS; i++) {
		struct pass_lengths lengths;
		int len = pass_upgrade_make(&lengths, tile->target[i], &pass_layout_extrapolate,
				positions_of(tile, pass - 1, i), positions_of(tile, pass, i), w.at,
				(size_t)(w.end - w.at), scratch->pixels, sizeof scratch->pixels);

		if (len < 0)
			return len;
		writer_take(&w, (size_t)len);
		store_u16(dst + UPGRADE_SIZE - 12 + 4 * i, (uint16_t)lengths.srl);
		store_u16(dst + UPGRADE_SIZE - 10 + 4 * i, (uint16_t)lengths.raw);
	}
	store_u32(dst + 2, (uint32_t)(w.at - dst));
	tile->passes = complete_after(tile, pass) ? PROGRESSIVE_PASSES : pass + 1;
	return writer_len(&w);
}

static int zeros_outside_ll3(const int16_t *coefs)
{
	int count = 0;

	for (int i = 0; i < RFX_COEFS - 81; i++)
		count += coefs[i] == 0;
	return count;
}

/* target minus what the client has. */
static void make_difference(int16_t *difference, const struct progressive_tile *tile, int component,
		const int16_t *target)
{
	pass_sent(difference, tile->target[component], &pass_layout_extrapolate,
			positions_of(tile, tile->passes - 1, component));
	for (int i = 0; i < RFX_COEFS; i++)
		difference[i] = (int16_t)(target[i] - difference[i]);
}

int progressive_tile_refresh(struct progressive_tile *tile, const struct rfx_tile_job *job,
		struct rfx_scratch *scratch, uint8_t *dst, size_t cap)
{
	struct writer w = writer_init(dst, cap);
	int16_t target[RFX_COEFS], difference[RFX_COEFS];
	bool differ;

	if (rfx_tile_job_check(job) < 0)
		return ERR_ARGUMENT;
	differ = tile->passes > 0 && memcmp(job->quant, &tile->quant, sizeof tile->quant) == 0;
	write_header(&w, PROGRESSIVE_TILE_SIMPLE, job, 0, 0);
	if (w.failed)
		return ERR_SPACE;
	convert(scratch, job);
	for (int i = 0; i < RFX_COMPONENTS; i++) {
		transform(target, scratch, i, job->quant);
		if (differ) {
			make_difference(difference, tile, i, target);
			if (i == RFX_LUMA)
				differ = zeros_outside_ll3(difference) > zeros_outside_ll3(target);
		}
		memcpy(tile->target[i], target, sizeof target);
		memcpy(scratch->coefs, differ ? difference : target, sizeof target);
		rfx_differences(scratch->coefs + RFX_COEFS - 81, 81);
		if (put_bits(scratch, &w, dst + SIMPLE_SIZE - 8 + 2 * i) < 0) {
			tile->passes = 0;
			return ERR_SPACE;
		}
	}
	dst[13] = differ ? PROGRESSIVE_DIFFERENCE : 0;
	store_u32(dst + 2, (uint32_t)(w.at - dst));
	tile->passes = PROGRESSIVE_PASSES;
	tile->quant = *job->quant;
	return writer_len(&w);
}
