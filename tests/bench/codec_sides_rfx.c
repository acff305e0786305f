/* Ours: RemoteFX classic and progressive. */
#include "codec_sides.h"

#include <codec/progressive.h>
#include <codec/rfx.h>
#include <stdlib.h>
#include <string.h>

struct encoder {
	const struct codec_setting *setting;
	struct rfx_scratch *scratch;
	enum rfx_entropy entropy;
	uint8_t *tiles, *out; /* CODEC_MESSAGE_BYTES_MAX each */
	struct rfx_chunk *chunks;
	struct rfx_rect *rects;
};

typedef int tile_encode(const struct rfx_tile_job *, struct rfx_scratch *, uint8_t *, size_t);

static void encoder_destroy(void *state)
{
	struct encoder *e = state;

	if (!e)
		return;
	rfx_scratch_destroy(e->scratch);
	free(e->tiles);
	free(e->out);
	free(e->chunks);
	free(e->rects);
	free(e);
}

static void *encoder_create(const struct codec_setting *setting, enum rfx_entropy entropy)
{
	struct encoder *e = calloc(1, sizeof *e);
	const struct codec_frame *frame = setting->frames->frames;
	size_t tiles = (size_t)analysis_tiles_across(frame->w_px) *
			(size_t)analysis_tiles_across(frame->h_px);

	if (!e)
		return NULL;
	e->setting = setting;
	e->entropy = entropy;
	e->scratch = rfx_scratch_create(setting->cpu_flags);
	e->tiles = malloc(CODEC_MESSAGE_BYTES_MAX);
	e->out = malloc(CODEC_MESSAGE_BYTES_MAX);
	e->chunks = calloc(tiles, sizeof *e->chunks);
	e->rects = calloc(tiles, sizeof *e->rects);
	if (e->scratch && e->tiles && e->out && e->chunks && e->rects) {
		memset(e->tiles, 1, CODEC_MESSAGE_BYTES_MAX); /* no page faults later */
		memset(e->out, 1, CODEC_MESSAGE_BYTES_MAX);
		return e;
	}
	encoder_destroy(e);
	return NULL;
}

static void *rfx1_create(const struct codec_setting *setting)
{
	return encoder_create(setting, RFX_RLGR1);
}

static void *rfx3_create(const struct codec_setting *setting)
{
	return encoder_create(setting, RFX_RLGR3);
}

/* The changed tiles of a frame into e->chunks. Returns their number or ERR_*. */
static int encode_tiles(struct encoder *e, const struct codec_frame *frame, tile_encode *encode)
{
	struct rfx_tile_job job = { .stride_bytes = frame->stride_bytes,
		.quant = rfx_quant_preset(RFX_QUALITY_MEDIUM),
		.entropy = e->entropy };
	size_t used = 0;
	int count = 0;

	for (int i = 0; i < frame->run_count; i++) {
		const struct analysis_rect *run = &frame->runs[i];

		e->rects[i] = (struct rfx_rect){ (uint16_t)run->x, (uint16_t)run->y, (uint16_t)run->w,
			(uint16_t)run->h };
		for (int x = run->x; x < run->x + run->w; x += RFX_TILE_SIZE, count++) {
			int left = run->x + run->w - x, len;

			job.src = frame->pixels + run->y * frame->stride_bytes + x * 4;
			job.w_px = left < RFX_TILE_SIZE ? left : RFX_TILE_SIZE;
			job.h_px = run->h;
			job.x_tile = x / RFX_TILE_SIZE;
			job.y_tile = run->y / RFX_TILE_SIZE;
			len = encode(&job, e->scratch, e->tiles + used, CODEC_MESSAGE_BYTES_MAX - used);
			if (len < 0)
				return len;
			e->chunks[count] = (struct rfx_chunk){ e->tiles + used, (size_t)len };
			used += (size_t)len;
		}
	}
	return count;
}

static struct rfx_frame describe(const struct encoder *e, const struct codec_frame *frame, int i, int count)
{
	return (struct rfx_frame){ .frame_index = (uint32_t)i,
		.rects = e->rects,
		.rect_count = (size_t)frame->run_count,
		.quants = rfx_quant_preset(RFX_QUALITY_MEDIUM),
		.quant_count = 1,
		.tiles = e->chunks,
		.tile_count = (size_t)count };
}

static int rfx_work(void *state, int i, const uint8_t **out)
{
	struct encoder *e = state;
	const struct codec_frame *frame = &e->setting->frames->frames[i];
	struct rfx_stream stream = { frame->w_px, frame->h_px, e->entropy, false };
	int count = encode_tiles(e, frame, rfx_tile_encode), len = 0, more;
	struct rfx_frame described;

	if (count <= 0)
		return count;
	described = describe(e, frame, i, count);
	*out = e->out;
	if (i == 0)
		len = rfx_headers_write(&stream, e->out, CODEC_MESSAGE_BYTES_MAX);
	if (len < 0)
		return len;
	more = rfx_frame_write(&stream, &described, e->out + len, CODEC_MESSAGE_BYTES_MAX - (size_t)len);
	return more < 0 ? more : len + more;
}

static int progressive_work(void *state, int i, const uint8_t **out)
{
	struct encoder *e = state;
	const struct codec_frame *frame = &e->setting->frames->frames[i];
	int count = encode_tiles(e, frame, progressive_tile_encode);
	struct rfx_frame described;

	if (count <= 0)
		return count;
	described = describe(e, frame, i, count);
	*out = e->out;
	return progressive_frame_write(frame->w_px, frame->h_px, &described, e->out, CODEC_MESSAGE_BYTES_MAX);
}

struct decoder {
	const struct codec_setting *setting;
	struct rfx_decoder *rfx;
	struct progressive_decoder *progressive;
	uint8_t *pixels;
	size_t bytes;
};

static void decoder_destroy(void *state)
{
	struct decoder *d = state;

	if (!d)
		return;
	rfx_decoder_destroy(d->rfx);
	progressive_decoder_destroy(d->progressive);
	free(d->pixels);
	free(d);
}

static void *decoder_create(const struct codec_setting *setting)
{
	const struct codec_frame *frame = setting->frames->frames;
	struct decoder *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->setting = setting;
	d->bytes = (size_t)frame->stride_bytes * (size_t)frame->h_px;
	d->rfx = rfx_decoder_create(setting->cpu_flags);
	d->progressive = progressive_decoder_create(frame->w_px, frame->h_px, setting->cpu_flags);
	d->pixels = calloc(1, d->bytes);
	if (d->rfx && d->progressive && d->pixels) {
		memset(d->pixels, 1, d->bytes); /* no page faults later */
		return d;
	}
	decoder_destroy(d);
	return NULL;
}

static struct rfx_picture picture_of(const struct decoder *d)
{
	const struct codec_frame *frame = d->setting->frames->frames;

	return (struct rfx_picture){ d->pixels, frame->stride_bytes, frame->w_px, frame->h_px };
}

static int rfx_decode(void *state, int i, const uint8_t **out)
{
	struct decoder *d = state;
	const struct codec_message *m = &d->setting->messages->of[i];
	struct rfx_picture picture = picture_of(d);
	int err = m->len ? rfx_decoder_paint(d->rfx, m->data, m->len, &picture, 0, 0) : 0;

	*out = d->pixels;
	return err < 0 ? err : (int)d->bytes;
}

static int progressive_decode(void *state, int i, const uint8_t **out)
{
	struct decoder *d = state;
	const struct codec_message *m = &d->setting->messages->of[i];
	struct rfx_picture picture = picture_of(d);
	int err = m->len ? progressive_decoder_paint(d->progressive, (uint32_t)i, m->data, m->len, &picture)
			 : 0;

	*out = d->pixels;
	return err < 0 ? err : (int)d->bytes;
}

const struct codec_side codec_own_rfx1 = { "", rfx1_create, encoder_destroy, rfx_work };
const struct codec_side codec_own_rfx3 = { "", rfx3_create, encoder_destroy, rfx_work };
const struct codec_side codec_own_progressive = { "", rfx1_create, encoder_destroy, progressive_work };
const struct codec_side codec_own_rfx_decoder = { "", decoder_create, decoder_destroy, rfx_decode };
const struct codec_side codec_own_progressive_decoder = { "", decoder_create, decoder_destroy,
	progressive_decode };
