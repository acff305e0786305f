/* The peer, FreeRDP 3, with its thread pool off: all work is done by the caller. */
#include "codec_sides.h"

#include <freerdp/codec/color.h>
#include <freerdp/codec/planar.h>
#include <freerdp/codec/progressive.h>
#include <freerdp/codec/rfx.h>
#include <freerdp/settings.h>
#include <proto/gfx.h>
#include <stdlib.h>
#include <string.h>

enum { SURFACE = 1, TILE_PX = ANALYSIS_TILE_PX };

struct peer {
	const struct codec_setting *setting;
	RFX_CONTEXT *rfx;
	PROGRESSIVE_CONTEXT *progressive;
	BITMAP_PLANAR_CONTEXT *planar;
	wStream *stream;
	RFX_RECT *rects;
	uint8_t *out; /* planar: commands; decoders: the picture */
};

static const struct codec_frame *frame_of(const struct peer *p, int i)
{
	return &p->setting->frames->frames[i];
}

static void destroy(void *state)
{
	struct peer *p = state;

	if (!p)
		return;
	if (p->rfx)
		rfx_context_free(p->rfx);
	if (p->progressive)
		progressive_context_free(p->progressive);
	if (p->planar)
		freerdp_bitmap_planar_context_free(p->planar);
	if (p->stream)
		Stream_Free(p->stream, TRUE);
	free(p->rects);
	free(p->out);
	free(p);
}

static struct peer *create(const struct codec_setting *setting, BOOL encoder)
{
	const struct codec_frame *frame = setting->frames->frames;
	UINT32 w = (UINT32)frame->w_px, h = (UINT32)frame->h_px;
	struct peer *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->setting = setting;
	p->rfx = rfx_context_new_ex(encoder, THREADING_FLAGS_DISABLE_THREADS);
	p->progressive = progressive_context_new_ex(encoder, THREADING_FLAGS_DISABLE_THREADS);
	p->planar = freerdp_bitmap_planar_context_new(
			PLANAR_FORMAT_HEADER_NA | PLANAR_FORMAT_HEADER_RLE, TILE_PX, TILE_PX);
	p->stream = Stream_New(NULL, 1 << 20);
	p->rects = calloc((size_t)(w / TILE_PX + 1) * (h / TILE_PX + 1), sizeof *p->rects);
	p->out = calloc(1, CODEC_MESSAGE_BYTES_MAX);
	if (p->rfx && p->progressive && p->planar && p->stream && p->rects && p->out &&
			rfx_context_reset(p->rfx, w, h) &&
			(encoder || progressive_create_surface_context(p->progressive, SURFACE, w, h) == 1)) {
		rfx_context_set_pixel_format(p->rfx, PIXEL_FORMAT_BGRX32);
		memset(p->out, 1, CODEC_MESSAGE_BYTES_MAX); /* no page faults later */
		return p;
	}
	destroy(p);
	return NULL;
}

static void *encoder1_create(const struct codec_setting *setting)
{
	struct peer *p = create(setting, TRUE);

	if (p)
		rfx_context_set_mode(p->rfx, RLGR1);
	return p;
}

static void *encoder3_create(const struct codec_setting *setting)
{
	struct peer *p = create(setting, TRUE);

	if (p)
		rfx_context_set_mode(p->rfx, RLGR3);
	return p;
}

static void *decoder_create(const struct codec_setting *setting)
{
	return create(setting, FALSE);
}

static int rfx_work(void *state, int i, const uint8_t **out)
{
	struct peer *p = state;
	const struct codec_frame *frame = frame_of(p, i);

	if (frame->run_count == 0)
		return 0;
	for (int r = 0; r < frame->run_count; r++)
		p->rects[r] = (RFX_RECT){ (UINT16)frame->runs[r].x, (UINT16)frame->runs[r].y,
			(UINT16)frame->runs[r].w, (UINT16)frame->runs[r].h };
	Stream_SetPosition(p->stream, 0);
	if (!rfx_compose_message(p->rfx, p->stream, p->rects, (size_t)frame->run_count, frame->pixels,
			    (UINT32)frame->w_px, (UINT32)frame->h_px, (UINT32)frame->stride_bytes))
		return ERR_FORMAT;
	*out = Stream_Buffer(p->stream);
	return (int)Stream_GetPosition(p->stream);
}

static int progressive_work(void *state, int i, const uint8_t **out)
{
	struct peer *p = state;
	const struct codec_frame *frame = frame_of(p, i);
	REGION16 region;
	BYTE *bytes = NULL;
	UINT32 len = 0;
	int rc;

	if (frame->run_count == 0)
		return 0;
	region16_init(&region);
	for (int r = 0; r < frame->run_count; r++) {
		const struct analysis_rect *run = &frame->runs[r];
		RECTANGLE_16 rect = { (UINT16)run->x, (UINT16)run->y, (UINT16)(run->x + run->w),
			(UINT16)(run->y + run->h) };

		region16_union_rect(&region, &region, &rect);
	}
	rc = progressive_compress(p->progressive, frame->pixels, (UINT32)(frame->h_px * frame->stride_bytes),
			PIXEL_FORMAT_BGRX32, (UINT32)frame->w_px, (UINT32)frame->h_px,
			(UINT32)frame->stride_bytes, &region, &bytes, &len);
	region16_uninit(&region);
	*out = bytes;
	return rc > 0 ? (int)len : ERR_FORMAT;
}

/* One planar bitmap a tile, as codec_sides_lossless.c has it. */
static int planar_work(void *state, int i, const uint8_t **out)
{
	struct peer *p = state;
	const struct codec_frame *frame = frame_of(p, i);
	struct writer w = writer_init(p->out, CODEC_MESSAGE_BYTES_MAX);

	for (int r = 0; r < frame->run_count; r++) {
		const struct analysis_rect *run = &frame->runs[r];

		for (int x = run->x; x < run->x + run->w; x += TILE_PX) {
			int width = run->x + run->w - x < TILE_PX ? run->x + run->w - x : TILE_PX;
			struct gfx_rect rect = { (uint16_t)x, (uint16_t)run->y, (uint16_t)(x + width),
				(uint16_t)(run->y + run->h) };
			UINT32 len = (UINT32)(w.end - w.at) - GFX_WIRE_1_BYTES;
			uint8_t *command = w.at;

			gfx_wire_1_write(&w, SURFACE, GFX_CODEC_PLANAR, GFX_FORMAT_XRGB, rect, 0);
			if (w.failed ||
					!freerdp_bitmap_compress_planar(p->planar,
							frame->pixels + run->y * frame->stride_bytes + x * 4,
							PIXEL_FORMAT_BGRX32, (UINT32)width, (UINT32)run->h,
							(UINT32)frame->stride_bytes, w.at, &len))
				return ERR_FORMAT;
			gfx_wire_set_len(command, len);
			writer_take(&w, len);
		}
	}
	*out = p->out;
	return writer_len(&w);
}

static int rfx_decode(void *state, int i, const uint8_t **out)
{
	struct peer *p = state;
	const struct codec_frame *frame = frame_of(p, i);
	const struct codec_message *m = &p->setting->messages->of[i];
	REGION16 region;
	BOOL ok;

	region16_init(&region);
	ok = !m->len ||
			rfx_process_message(p->rfx, m->data, (UINT32)m->len, 0, 0, p->out,
					PIXEL_FORMAT_BGRX32, (UINT32)frame->stride_bytes, (UINT32)frame->h_px,
					&region);
	region16_uninit(&region);
	*out = p->out;
	return ok ? (int)(frame->stride_bytes * frame->h_px) : ERR_FORMAT;
}

static int progressive_decode(void *state, int i, const uint8_t **out)
{
	struct peer *p = state;
	const struct codec_frame *frame = frame_of(p, i);
	const struct codec_message *m = &p->setting->messages->of[i];
	REGION16 region;
	INT32 rc = 0;

	region16_init(&region);
	if (m->len)
		rc = progressive_decompress(p->progressive, m->data, (UINT32)m->len, p->out,
				PIXEL_FORMAT_BGRX32, (UINT32)frame->stride_bytes, 0, 0, &region, SURFACE,
				(UINT32)i);
	region16_uninit(&region);
	*out = p->out;
	return rc >= 0 ? (int)(frame->stride_bytes * frame->h_px) : ERR_FORMAT;
}

#define PEER "freerdp"
const struct codec_side codec_freerdp_rfx1 = { PEER, encoder1_create, destroy, rfx_work };
const struct codec_side codec_freerdp_rfx3 = { PEER, encoder3_create, destroy, rfx_work };
const struct codec_side codec_freerdp_progressive = { PEER, encoder1_create, destroy, progressive_work };
const struct codec_side codec_freerdp_rfx_decoder = { PEER, decoder_create, destroy, rfx_decode };
const struct codec_side codec_freerdp_progressive_decoder = { PEER, decoder_create, destroy,
	progressive_decode };
const struct codec_side codec_freerdp_planar = { PEER, encoder1_create, destroy, planar_work };
