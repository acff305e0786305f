/* Interleaved RLE at 16 and 24 bits a pixel, ours and FreeRDP's: a bitmap a tile. What
 * they write is made up: a head of 12 bytes, about that of TS_BITMAP_DATA, and the stream.
 * Widths are cut to multiples of 4, since FreeRDP's encoder takes no others. */
#include "codec_sides.h"

#include <base/writer.h>
#include <codec/rle.h>
#include <freerdp/codec/color.h>
#include <freerdp/codec/interleaved.h>
#include <stdlib.h>
#include <string.h>

enum { TILE_PX = ANALYSIS_TILE_PX, HEAD_BYTES = 12 };

struct coder {
	const struct codec_setting *setting;
	int bpp;
	BITMAP_INTERLEAVED_CONTEXT *freerdp; /* NULL: ours */
	uint8_t *out;                        /* encoders: bitmaps; decoders: the picture */
};

static void destroy(void *state)
{
	struct coder *c = state;

	if (!c)
		return;
	bitmap_interleaved_context_free(c->freerdp);
	free(c->out);
	free(c);
}

static struct coder *create(const struct codec_setting *setting, int bpp)
{
	const struct codec_frame *first = &setting->frames->frames[0];
	struct coder *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->setting = setting;
	c->bpp = bpp;
	c->out = malloc(CODEC_MESSAGE_BYTES_MAX);
	if (!c->out) {
		destroy(c);
		return NULL;
	}
	memset(c->out, 1, CODEC_MESSAGE_BYTES_MAX); /* no page faults later */
	memcpy(c->out, first->before, (size_t)(first->stride_bytes * first->h_px));
	return c;
}

static struct coder *create_freerdp(const struct codec_setting *setting, int bpp, BOOL compressor)
{
	struct coder *c = create(setting, bpp);

	if (c)
		c->freerdp = bitmap_interleaved_context_new(compressor);
	if (c && c->freerdp)
		return c;
	destroy(c);
	return NULL;
}

static void *own16_create(const struct codec_setting *setting)
{
	return create(setting, 16);
}

static void *own24_create(const struct codec_setting *setting)
{
	return create(setting, 24);
}

static void *freerdp16_create(const struct codec_setting *setting)
{
	return create_freerdp(setting, 16, TRUE);
}

static void *freerdp24_create(const struct codec_setting *setting)
{
	return create_freerdp(setting, 24, TRUE);
}

static void *freerdp16_decoder_create(const struct codec_setting *setting)
{
	return create_freerdp(setting, 16, FALSE);
}

static void *freerdp24_decoder_create(const struct codec_setting *setting)
{
	return create_freerdp(setting, 24, FALSE);
}

static int encode(struct coder *c, const struct codec_frame *frame, const struct analysis_rect *r,
		struct writer *w)
{
	const uint8_t *src = frame->pixels + r->y * frame->stride_bytes + r->x * 4;
	uint8_t *head = writer_take(w, HEAD_BYTES);
	UINT32 room = (UINT32)(w->end - w->at);
	int len;

	if (!head)
		return ERR_SPACE;
	if (!c->freerdp)
		len = rle_encode(src, frame->stride_bytes, r->w, r->h, c->bpp, w->at, room);
	else
		len = interleaved_compress(c->freerdp, w->at, &room, (UINT32)r->w, (UINT32)r->h, src,
				      PIXEL_FORMAT_BGRX32, (UINT32)frame->stride_bytes, 0, 0, NULL,
				      (UINT32)c->bpp)
				? (int)room
				: ERR_FORMAT;
	if (len < 0)
		return len;
	store_u16(head, (uint16_t)r->x);
	store_u16(head + 2, (uint16_t)r->y);
	store_u16(head + 4, (uint16_t)r->w);
	store_u16(head + 6, (uint16_t)r->h);
	store_u32(head + 8, (uint32_t)len);
	writer_take(w, (size_t)len);
	return 0;
}

static int encode_work(void *state, int i, const uint8_t **out)
{
	struct coder *c = state;
	const struct codec_frame *frame = &c->setting->frames->frames[i];
	struct writer w = writer_init(c->out, CODEC_MESSAGE_BYTES_MAX);

	for (int r = 0; r < frame->run_count; r++) {
		struct analysis_rect tile = frame->runs[r];
		int right = (tile.x + tile.w) & ~3;

		for (; tile.x < right; tile.x += TILE_PX) {
			int err;

			tile.w = right - tile.x < TILE_PX ? right - tile.x : TILE_PX;
			err = encode(c, frame, &tile, &w);
			if (err < 0)
				return err;
		}
	}
	*out = c->out;
	return writer_len(&w);
}

static int load_u16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

/* Streams of our encoder, so nothing is checked but what the decoders say. */
static int decode_work(void *state, int i, const uint8_t **out)
{
	struct coder *c = state;
	const struct codec_message *m = &c->setting->messages->of[i];
	const struct codec_frame *frame = &c->setting->frames->frames[i];

	for (size_t at = 0; at < m->len;) {
		const uint8_t *p = m->data + at, *src = p + HEAD_BYTES;
		int x = load_u16(p), y = load_u16(p + 2), w = load_u16(p + 4), h = load_u16(p + 6), err = 0;
		size_t len = (size_t)load_u16(p + 8) | (size_t)load_u16(p + 10) << 16;

		if (!c->freerdp)
			err = rle_decode(src, len, w, h, c->bpp, c->out + y * frame->stride_bytes + x * 4,
					frame->stride_bytes);
		else if (!interleaved_decompress(c->freerdp, src, (UINT32)len, (UINT32)w, (UINT32)h,
					 (UINT32)c->bpp, c->out, PIXEL_FORMAT_BGRX32,
					 (UINT32)frame->stride_bytes, (UINT32)x, (UINT32)y, (UINT32)w,
					 (UINT32)h, NULL))
			err = ERR_FORMAT;
		if (err < 0)
			return err;
		at += HEAD_BYTES + len;
	}
	*out = c->out;
	return (int)(frame->stride_bytes * frame->h_px);
}

#define PEER "freerdp"
const struct codec_side codec_own_rle16 = { "", own16_create, destroy, encode_work };
const struct codec_side codec_own_rle24 = { "", own24_create, destroy, encode_work };
const struct codec_side codec_own_rle16_decoder = { "", own16_create, destroy, decode_work };
const struct codec_side codec_own_rle24_decoder = { "", own24_create, destroy, decode_work };
const struct codec_side codec_freerdp_rle16 = { PEER, freerdp16_create, destroy, encode_work };
const struct codec_side codec_freerdp_rle24 = { PEER, freerdp24_create, destroy, encode_work };
const struct codec_side codec_freerdp_rle16_decoder = { PEER, freerdp16_decoder_create, destroy,
	decode_work };
const struct codec_side codec_freerdp_rle24_decoder = { PEER, freerdp24_decoder_create, destroy,
	decode_work };
