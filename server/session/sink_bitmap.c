/* Bitmap updates, [MS-RDPBCGR] 2.2.9.1.1.3.1.2. Lossless but for the client's own
 * colour depth. A tile goes as two halves, so that one of noise still fits a
 * fast-path PDU without fragments, which old clients do not put together. A chunk
 * is two times u16 length and stream (the second may be missing). */
#include "sink.h"
#include <base/reader.h>
#include <base/writer.h>
#include <codec/cpu.h>
#include <codec/planar.h>
#include <codec/rle.h>
#include <freerdp/update.h>
#include <stdlib.h>

enum {
	HALF_PX = SINK_TILE_PX / 2,
	HALF_BYTES_MAX = 12 * 1024,   /* 64x32 pixels of noise: 8.6 KiB planar, 6.7 KiB RLE at 24 bpp */
	UPDATE_BYTES_MAX = 15 * 1024, /* below the 16383 bytes of a fast-path PDU */
	RECT_HEADER_BYTES = 26,       /* TS_BITMAP_DATA with TS_CD_HEADER */
	RECTS_MAX = 64,
};

struct sink_bitmap {
	struct sink sink; /* first */
	rdpContext *context;
	struct planar_dsp planar;
	int bpp;
	unsigned planar_flags;
	uint32_t frames;
	/* the update that is being filled */
	BITMAP_DATA rects[RECTS_MAX];
	UINT32 rect_count;
	size_t update_bytes;
};

static struct sink_bitmap *of(struct sink *sink)
{
	return (struct sink_bitmap *)sink;
}

static int encode_half(
		const struct sink_bitmap *s, const struct sink_tile *t, int top, int h_px, uint8_t *dst)
{
	const uint8_t *src = t->pixels + top * t->stride_bytes;

	if (s->bpp == 32)
		return planar_encode(&s->planar, src, t->stride_bytes, t->w_px, h_px, s->planar_flags, dst,
				HALF_BYTES_MAX);
	return rle_encode(src, t->stride_bytes, t->w_px, h_px, s->bpp, dst, HALF_BYTES_MAX);
}

static int encode(const struct sink *sink, const struct sink_tile *tile, int worker, uint8_t *dst, size_t cap)
{
	const struct sink_bitmap *s = (const struct sink_bitmap *)sink;
	uint8_t *at = dst;

	for (int top = 0; top < tile->h_px; top += HALF_PX) {
		int h_px = tile->h_px - top < HALF_PX ? tile->h_px - top : HALF_PX;
		int len = encode_half(s, tile, top, h_px, at + 2);

		if (len < 0)
			return len;
		store_u16(at, (uint16_t)len);
		at += 2 + len;
	}
	return (int)(at - dst);
}

static int resize(struct sink *sink, const struct link_layout *layout)
{
	return 0;
}

static int begin(struct sink *sink, uint32_t *frame_id)
{
	*frame_id = ++of(sink)->frames;
	return 0;
}

static int flush(struct sink_bitmap *s)
{
	const BITMAP_UPDATE update = {
		.number = s->rect_count, .rectangles = s->rects, .skipCompression = TRUE
	};
	bool ok = s->rect_count == 0 || s->context->update->BitmapUpdate(s->context, &update);

	s->rect_count = 0;
	s->update_bytes = 0;
	return ok ? 0 : ERR_CLOSED;
}

static void fill_rect(const struct sink_bitmap *s, BITMAP_DATA *rect, const struct sink_tile *t, int top,
		const uint8_t *data, UINT32 len)
{
	UINT32 w_px = (UINT32)t->w_px, x = (UINT32)t->x_px, y = (UINT32)(t->y_px + top);
	UINT32 h_px = (UINT32)(t->h_px - top < HALF_PX ? t->h_px - top : HALF_PX);

	*rect = (BITMAP_DATA){ .destLeft = x,
		.destTop = y,
		.destRight = x + w_px - 1,
		.destBottom = y + h_px - 1,
		.width = w_px,
		.height = h_px,
		.bitsPerPixel = (UINT32)s->bpp,
		.compressed = TRUE,
		.bitmapLength = len,
		.bitmapDataStream = (BYTE *)data };
	/* Only written for clients that want TS_CD_HEADER. */
	rect->cbCompMainBodySize = len;
	rect->cbScanWidth = w_px * ((UINT32)s->bpp + 7) / 8;
	rect->cbUncompressedSize = rect->cbScanWidth * h_px;
}

static int emit_tile(struct sink_bitmap *s, const struct sink_chunk *chunk)
{
	struct reader r = reader_init(chunk->data, chunk->len);

	for (int top = 0; top < chunk->tile.h_px; top += HALF_PX) {
		uint16_t len = reader_u16(&r);
		const uint8_t *data = reader_take(&r, len);

		if (s->update_bytes + RECT_HEADER_BYTES + len > UPDATE_BYTES_MAX ||
				s->rect_count == RECTS_MAX) {
			if (flush(s) < 0)
				return ERR_CLOSED;
		}
		fill_rect(s, &s->rects[s->rect_count++], &chunk->tile, top, data, len);
		s->update_bytes += RECT_HEADER_BYTES + len;
	}
	return 0;
}

static int emit(struct sink *sink, const struct sink_chunk *chunks, size_t count)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < count; i++)
		err = emit_tile(of(sink), &chunks[i]);
	return err < 0 ? err : flush(of(sink)); /* the chunks go away */
}

static int end(struct sink *sink)
{
	return 0;
}

static unsigned in_flight(const struct sink *sink)
{
	return 0;
}

static bool acknowledges(const struct sink *sink)
{
	return false;
}

static void destroy(struct sink *sink)
{
	free(sink);
}

static const struct sink_ops planar_ops = {
	.codec = "planar",
	.encode = encode,
	.resize = resize,
	.begin = begin,
	.emit = emit,
	.end = end,
	.in_flight = in_flight,
	.acknowledges = acknowledges,
	.destroy = destroy,
};

static const struct sink_ops rle_ops = {
	.codec = "rle",
	.encode = encode,
	.resize = resize,
	.begin = begin,
	.emit = emit,
	.end = end,
	.in_flight = in_flight,
	.acknowledges = acknowledges,
	.destroy = destroy,
};

struct sink *sink_bitmap_create(rdpContext *context)
{
	struct sink_bitmap *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->bpp = (int)freerdp_settings_get_uint32(context->settings, FreeRDP_ColorDepth);
	s->sink.ops = s->bpp == 32 ? &planar_ops : &rle_ops;
	s->sink.tile_cap = 2 * (2 + HALF_BYTES_MAX);
	s->context = context;
	s->planar_flags = PLANAR_BOTTOM_UP;
	if (freerdp_settings_get_bool(context->settings, FreeRDP_DrawAllowSkipAlpha))
		s->planar_flags |= PLANAR_NO_ALPHA;
	planar_dsp_init(&s->planar, cpu_flags_detect());
	return &s->sink;
}
