#include "rfx_tiles.h"
#include <channels/gfx.h>
#include <codec/progressive.h>
#include <stdlib.h>

struct sink_gfx {
	struct sink sink; /* first */
	struct gfx *gfx;
	struct rfx_tiles tiles;
	struct rfx_stream stream;
	uint32_t frames;
};

static struct sink_gfx *of(struct sink *sink)
{
	return (struct sink_gfx *)sink;
}

static int encode_progressive(
		const struct sink *sink, const struct sink_tile *tile, int worker, uint8_t *dst, size_t cap)
{
	const struct sink_gfx *s = (const struct sink_gfx *)sink;
	struct rfx_tile_job job = rfx_tiles_job(&s->tiles, tile, RFX_RLGR1);

	return progressive_tile_encode(&job, s->tiles.scratch[worker], dst, cap);
}

static int encode_remotefx(
		const struct sink *sink, const struct sink_tile *tile, int worker, uint8_t *dst, size_t cap)
{
	const struct sink_gfx *s = (const struct sink_gfx *)sink;
	struct rfx_tile_job job = rfx_tiles_job(&s->tiles, tile, s->stream.entropy);

	return rfx_tile_encode(&job, s->tiles.scratch[worker], dst, cap);
}

static int resize(struct sink *sink, const struct link_layout *layout)
{
	struct sink_gfx *s = of(sink);
	uint32_t width_px, height_px;

	link_layout_bounds(layout, &width_px, &height_px, NULL, NULL);
	s->stream.w_px = (int)width_px;
	s->stream.h_px = (int)height_px;
	return gfx_reset(s->gfx, layout);
}

static int begin(struct sink *sink, uint32_t *frame_id)
{
	return gfx_frame_begin(of(sink)->gfx, frame_id);
}

static int emit_progressive(struct sink *sink, const struct sink_chunk *chunks, size_t count)
{
	struct sink_gfx *s = of(sink);
	struct rfx_frame frame = rfx_tiles_frame(&s->tiles, chunks, count, s->frames++);
	size_t size = progressive_frame_size(&frame);
	int len;

	if (rfx_tiles_reserve(&s->tiles, size) < 0)
		return ERR_MEMORY;
	len = progressive_frame_write(s->stream.w_px, s->stream.h_px, &frame, s->tiles.message, size);
	return len < 0 ? len : gfx_frame_bitmap(s->gfx, GFX_CODEC_PROGRESSIVE, s->tiles.message, (size_t)len);
}

static int emit_remotefx(struct sink *sink, const struct sink_chunk *chunks, size_t count)
{
	struct sink_gfx *s = of(sink);
	struct rfx_frame frame = rfx_tiles_frame(&s->tiles, chunks, count, s->frames++);
	size_t size = RFX_HEADERS_BYTES + rfx_frame_size(&frame);
	int headers, len;

	if (rfx_tiles_reserve(&s->tiles, size) < 0)
		return ERR_MEMORY;
	headers = rfx_headers_write(&s->stream, s->tiles.message, size);
	if (headers < 0)
		return headers;
	len = rfx_frame_write(&s->stream, &frame, s->tiles.message + headers, size - (size_t)headers);
	if (len < 0)
		return len;
	return gfx_frame_bitmap(s->gfx, GFX_CODEC_REMOTEFX, s->tiles.message, (size_t)(headers + len));
}

static int end(struct sink *sink)
{
	return gfx_frame_end(of(sink)->gfx);
}

static unsigned in_flight(const struct sink *sink)
{
	return gfx_frames_in_flight(((const struct sink_gfx *)sink)->gfx);
}

static bool acknowledges(const struct sink *sink)
{
	return gfx_acknowledges(((const struct sink_gfx *)sink)->gfx);
}

static void destroy(struct sink *sink)
{
	rfx_tiles_finish(&of(sink)->tiles);
	free(sink);
}

static const struct sink_ops progressive_ops = {
	.codec = "progressive",
	.encode = encode_progressive,
	.resize = resize,
	.begin = begin,
	.emit = emit_progressive,
	.end = end,
	.in_flight = in_flight,
	.acknowledges = acknowledges,
	.destroy = destroy,
};

static const struct sink_ops remotefx_ops = {
	.codec = "remotefx",
	.encode = encode_remotefx,
	.resize = resize,
	.begin = begin,
	.emit = emit_remotefx,
	.end = end,
	.in_flight = in_flight,
	.acknowledges = acknowledges,
	.destroy = destroy,
};

struct sink *sink_gfx_create(struct gfx *gfx, bool remotefx, int workers)
{
	struct sink_gfx *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->sink.ops = remotefx ? &remotefx_ops : &progressive_ops;
	s->sink.tile_cap = RFX_TILE_BYTES_MAX;
	s->gfx = gfx;
	s->stream = (struct rfx_stream){ .entropy = RFX_RLGR1 };
	if (rfx_tiles_init(&s->tiles, workers) == 0)
		return &s->sink;
	destroy(&s->sink);
	return NULL;
}
