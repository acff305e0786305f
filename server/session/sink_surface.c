/* RemoteFX as Stream Surface Bits, [MS-RDPBCGR] 2.2.9.2.2, between frame markers. A
 * command must fit what the client can put together from fast-path fragments. */
#include "rfx_tiles.h"
#include <freerdp/codec/rfx.h>
#include <freerdp/constants.h>
#include <freerdp/update.h>
#include <stdlib.h>

enum {
	COMMAND_HEADER_BYTES = 64, /* fast-path and surface command headers, rounded up */
};

struct sink_surface {
	struct sink sink; /* first */
	rdpContext *context;
	struct rfx_tiles tiles;
	struct rfx_stream stream;
	uint32_t frames, acked;
};

static struct sink_surface *of(struct sink *sink)
{
	return (struct sink_surface *)sink;
}

static int encode(const struct sink *sink, const struct sink_tile *tile, int worker, uint8_t *dst, size_t cap)
{
	const struct sink_surface *s = (const struct sink_surface *)sink;
	struct rfx_tile_job job = rfx_tiles_job(&s->tiles, tile, s->stream.entropy);

	return rfx_tile_encode(&job, s->tiles.scratch[worker], dst, cap);
}

static int resize(struct sink *sink, const struct link_layout *layout)
{
	struct sink_surface *s = of(sink);
	uint32_t width_px, height_px;

	link_layout_bounds(layout, &width_px, &height_px, NULL, NULL);
	s->stream.w_px = (int)width_px;
	s->stream.h_px = (int)height_px;
	s->acked = s->frames;
	return 0;
}

static int mark(struct sink_surface *s, UINT32 action)
{
	const SURFACE_FRAME_MARKER marker = { .frameAction = action, .frameId = s->frames };
	rdpUpdate *update = s->context->update;

	if (!freerdp_settings_get_bool(s->context->settings, FreeRDP_SurfaceFrameMarkerEnabled))
		return 0;
	return update->SurfaceFrameMarker(s->context, &marker) ? 0 : ERR_CLOSED;
}

static int begin(struct sink *sink, uint32_t *frame_id)
{
	*frame_id = ++of(sink)->frames;
	return mark(of(sink), SURFACECMD_FRAMEACTION_BEGIN);
}

static int send_message(struct sink_surface *s, size_t len)
{
	rdpSettings *settings = s->context->settings;
	SURFACE_BITS_COMMAND command = { .cmdType = CMDTYPE_STREAM_SURFACE_BITS, .skipCompression = TRUE };

	command.destRight = (UINT16)s->stream.w_px;
	command.destBottom = (UINT16)s->stream.h_px;
	command.bmp.bpp = 32;
	command.bmp.codecID = (UINT16)freerdp_settings_get_uint32(settings, FreeRDP_RemoteFxCodecId);
	command.bmp.width = (UINT16)s->stream.w_px;
	command.bmp.height = (UINT16)s->stream.h_px;
	command.bmp.bitmapData = s->tiles.message;
	command.bmp.bitmapDataLength = (UINT32)len;
	return s->context->update->SurfaceBits(s->context, &command) ? 0 : ERR_CLOSED;
}

static int emit(struct sink *sink, const struct sink_chunk *chunks, size_t count)
{
	struct sink_surface *s = of(sink);
	struct rfx_frame frame = rfx_tiles_frame(&s->tiles, chunks, count, s->frames);
	size_t size = RFX_HEADERS_BYTES + rfx_frame_size(&frame);
	size_t limit = freerdp_settings_get_uint32(s->context->settings, FreeRDP_MultifragMaxRequestSize);
	int headers, len;

	if (size + COMMAND_HEADER_BYTES > limit && count > 1) {
		int err = emit(sink, chunks, count / 2);

		return err < 0 ? err : emit(sink, chunks + count / 2, count - count / 2);
	}
	if (rfx_tiles_reserve(&s->tiles, size) < 0)
		return ERR_MEMORY;
	headers = rfx_headers_write(&s->stream, s->tiles.message, size);
	if (headers < 0)
		return headers;
	len = rfx_frame_write(&s->stream, &frame, s->tiles.message + headers, size - (size_t)headers);
	return len < 0 ? len : send_message(s, (size_t)(headers + len));
}

static int end(struct sink *sink)
{
	return mark(of(sink), SURFACECMD_FRAMEACTION_END);
}

static bool acknowledges(const struct sink *sink)
{
	const struct sink_surface *s = (const struct sink_surface *)sink;
	const rdpSettings *settings = s->context->settings;

	return freerdp_settings_get_uint32(settings, FreeRDP_FrameAcknowledge) > 0 &&
			freerdp_settings_get_bool(settings, FreeRDP_SurfaceFrameMarkerEnabled);
}

static unsigned in_flight(const struct sink *sink)
{
	const struct sink_surface *s = (const struct sink_surface *)sink;

	return acknowledges(sink) ? s->frames - s->acked : 0;
}

static void on_ack(struct sink *sink, uint32_t frame_id)
{
	struct sink_surface *s = of(sink);

	/* Late and repeated acknowledges are normal after a resize. */
	if (frame_id - s->acked <= s->frames - s->acked)
		s->acked = frame_id;
}

static void destroy(struct sink *sink)
{
	rfx_tiles_finish(&of(sink)->tiles);
	free(sink);
}

static const struct sink_ops surface_ops = {
	.codec = "remotefx",
	.encode = encode,
	.resize = resize,
	.begin = begin,
	.emit = emit,
	.end = end,
	.in_flight = in_flight,
	.acknowledges = acknowledges,
	.on_ack = on_ack,
	.destroy = destroy,
};

struct sink *sink_surface_create(rdpContext *context, int workers)
{
	struct sink_surface *s = calloc(1, sizeof *s);
	UINT32 mode = freerdp_settings_get_uint32(context->settings, FreeRDP_RemoteFxRlgrMode);

	if (!s)
		return NULL;
	s->sink.ops = &surface_ops;
	s->sink.tile_cap = RFX_TILE_BYTES_MAX;
	s->context = context;
	s->stream.entropy = mode == RLGR3 ? RFX_RLGR3 : RFX_RLGR1;
	s->stream.image_mode = true; /* each message stands alone */
	if (rfx_tiles_init(&s->tiles, workers) == 0)
		return &s->sink;
	destroy(&s->sink);
	return NULL;
}
