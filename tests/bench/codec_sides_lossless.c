/* Ours: planar, a bitmap a tile or for each of few rectangles, which is what ClearCodec gets
 * too. What they write is RDPGFX_WIRE_TO_SURFACE_PDU_1 commands. */
#include "codec_sides.h"

#include <codec/clear.h>
#include <codec/planar.h>
#include <proto/gfx.h>
#include <stdlib.h>
#include <string.h>

enum { SURFACE = 1, TILE_PX = ANALYSIS_TILE_PX };

struct coder {
	const struct codec_setting *setting;
	struct planar_dsp dsp;
	struct clear_encoder *encoder;
	struct clear_decoder *decoder;
	uint8_t *out; /* encoders: commands; decoders: the picture */
};

static void destroy(void *state)
{
	struct coder *c = state;

	if (!c)
		return;
	clear_encoder_destroy(c->encoder);
	clear_decoder_destroy(c->decoder);
	free(c->out);
	free(c);
}

static void *create(const struct codec_setting *setting)
{
	struct coder *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->setting = setting;
	planar_dsp_init(&c->dsp, setting->cpu_flags);
	c->encoder = clear_encoder_create();
	c->decoder = clear_decoder_create();
	c->out = calloc(1, CODEC_MESSAGE_BYTES_MAX);
	if (c->encoder && c->decoder && c->out) {
		const struct codec_frame *first = &setting->frames->frames[0];

		memset(c->out, 1, CODEC_MESSAGE_BYTES_MAX); /* no page faults later */
		memcpy(c->out, first->before, (size_t)(first->stride_bytes * first->h_px));
		return c;
	}
	destroy(c);
	return NULL;
}

static int encode(struct coder *c, enum gfx_codec codec, const struct codec_frame *frame,
		const struct analysis_rect *r, struct writer *w)
{
	struct gfx_rect rect = { (uint16_t)r->x, (uint16_t)r->y, (uint16_t)(r->x + r->w),
		(uint16_t)(r->y + r->h) };
	const uint8_t *src = frame->pixels + r->y * frame->stride_bytes + r->x * 4;
	uint8_t *command = w->at;
	size_t cap;
	int len;

	gfx_wire_1_write(w, SURFACE, codec, GFX_FORMAT_XRGB, rect, 0);
	cap = (size_t)(w->end - w->at);
	if (codec == GFX_CODEC_PLANAR)
		len = planar_encode(
				&c->dsp, src, frame->stride_bytes, r->w, r->h, PLANAR_NO_ALPHA, w->at, cap);
	else
		len = clear_encode(c->encoder, src, frame->stride_bytes, r->y, r->w, r->h, w->at, cap);
	if (w->failed || len < 0)
		return len < 0 ? len : ERR_SPACE;
	gfx_wire_set_len(command, (uint32_t)len);
	writer_take(w, (size_t)len);
	return 0;
}

static int planar_work(void *state, int i, const uint8_t **out)
{
	struct coder *c = state;
	const struct codec_frame *frame = &c->setting->frames->frames[i];
	struct writer w = writer_init(c->out, CODEC_MESSAGE_BYTES_MAX);

	for (int r = 0; r < frame->run_count; r++) {
		struct analysis_rect tile = frame->runs[r];
		int right = tile.x + tile.w;

		for (; tile.x < right; tile.x += TILE_PX) {
			int err;

			tile.w = right - tile.x < TILE_PX ? right - tile.x : TILE_PX;
			err = encode(c, GFX_CODEC_PLANAR, frame, &tile, &w);
			if (err < 0)
				return err;
		}
	}
	*out = c->out;
	return writer_len(&w);
}

static int encode_all(struct coder *c, enum gfx_codec codec, const struct codec_frame *frame,
		const struct analysis_rect *rects, const uint8_t **out)
{
	struct writer w = writer_init(c->out, CODEC_MESSAGE_BYTES_MAX);

	for (int r = 0; r < frame->rect_count; r++) {
		int err = encode(c, codec, frame, &rects[r], &w);

		if (err < 0)
			return err;
	}
	*out = c->out;
	return writer_len(&w);
}

static int planar_rects_work(void *state, int i, const uint8_t **out)
{
	struct coder *c = state;
	const struct codec_frame *frame = &c->setting->frames->frames[i];

	return encode_all(c, GFX_CODEC_PLANAR, frame, frame->rects, out);
}

static int planar_areas_work(void *state, int i, const uint8_t **out)
{
	struct coder *c = state;
	const struct codec_frame *frame = &c->setting->frames->frames[i];

	return encode_all(c, GFX_CODEC_PLANAR, frame, frame->areas, out);
}

static int clear_area(
		struct coder *c, const struct codec_frame *frame, struct analysis_rect area, struct writer *w)
{
	int heights[CLEAR_PARTS_MAX], count;
	int err = clear_fit(c->encoder, frame->pixels + area.x * 4, frame->stride_bytes, area.w, frame->h_px,
			&area.y, &area.h);

	if (err < 0)
		return err;
	count = clear_parts(c->encoder, frame->pixels + area.y * frame->stride_bytes + area.x * 4,
			frame->stride_bytes, area.y, area.w, area.h, heights);
	for (int i = 0; i < count; i++) {
		area.h = heights[i];
		err = encode(c, GFX_CODEC_CLEAR, frame, &area, w);
		if (err < 0)
			return err;
		area.y += area.h;
	}
	return count;
}

static int clear_work(void *state, int i, const uint8_t **out)
{
	struct coder *c = state;
	const struct codec_frame *frame = &c->setting->frames->frames[i];
	struct writer w = writer_init(c->out, CODEC_MESSAGE_BYTES_MAX);

	for (int r = 0; r < frame->rect_count; r++) {
		int err = clear_area(c, frame, frame->areas[r], &w);

		if (err < 0)
			return err;
	}
	*out = c->out;
	return writer_len(&w);
}

static uint32_t load_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Our own commands, so nothing is checked but what the decoders say. */
static int decode(struct coder *c, int i, enum gfx_codec codec)
{
	const struct codec_message *m = &c->setting->messages->of[i];
	const struct codec_frame *frame = &c->setting->frames->frames[i];

	for (size_t at = 0; at < m->len;) {
		const uint8_t *p = m->data + at + GFX_HEADER_BYTES;
		int x = p[5] | p[6] << 8, y = p[7] | p[8] << 8;
		int w = (p[9] | p[10] << 8) - x, h = (p[11] | p[12] << 8) - y, err;
		uint32_t len = load_u32(p + 13);
		uint8_t *dst = c->out + y * frame->stride_bytes + x * 4;

		if (codec == GFX_CODEC_PLANAR)
			err = planar_decode(m->data + at + GFX_WIRE_1_BYTES, len, w, h, 0, dst,
					frame->stride_bytes);
		else
			err = clear_decode(c->decoder, m->data + at + GFX_WIRE_1_BYTES, len, w, h, dst,
					frame->stride_bytes);
		if (err < 0)
			return err;
		at += GFX_WIRE_1_BYTES + len;
	}
	return (int)(frame->stride_bytes * frame->h_px);
}

static int planar_decode_work(void *state, int i, const uint8_t **out)
{
	struct coder *c = state;

	*out = c->out;
	return decode(c, i, GFX_CODEC_PLANAR);
}

static int clear_decode_work(void *state, int i, const uint8_t **out)
{
	struct coder *c = state;

	*out = c->out;
	return decode(c, i, GFX_CODEC_CLEAR);
}

const struct codec_side codec_own_planar = { "", create, destroy, planar_work };
const struct codec_side codec_own_planar_rects = { "", create, destroy, planar_rects_work };
const struct codec_side codec_own_planar_areas = { "", create, destroy, planar_areas_work };
const struct codec_side codec_own_clear = { "", create, destroy, clear_work };
const struct codec_side codec_own_planar_decoder = { "", create, destroy, planar_decode_work };
const struct codec_side codec_own_clear_decoder = { "", create, destroy, clear_decode_work };
