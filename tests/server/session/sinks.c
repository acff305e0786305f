/* Bitmap updates and surface bits as a strict client sees them: every rectangle inside
 * the desktop, no padding, no update too long, and FreeRDP's decoders get the picture. */
#include <session/sink.h>

#include <freerdp/codec/interleaved.h>
#include <freerdp/codec/planar.h>
#include <freerdp/codec/rfx.h>
#include <freerdp/update.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	UPDATE_MAX_BYTES = 16383, /* of a fast-path PDU without fragments */
	RECT_BYTES = 26,
	TILES_MAX = 32 * 20,
};

static const int sizes[][2] = { { 1, 1 }, { 65, 63 }, { 1366, 768 }, { 1919, 1079 } };

static struct {
	rdpContext context;
	rdpUpdate update;
	int width_px, height_px, bpp;
	uint8_t *want, *got;
	int updates, begun, ended;
	size_t limit; /* of a surface command */
	BITMAP_PLANAR_CONTEXT *planar;
	BITMAP_INTERLEAVED_CONTEXT *rle;
	RFX_CONTEXT *rfx;
	struct sink_chunk chunks[TILES_MAX];
} t;

static void decode(const BITMAP_DATA *b)
{
	UINT32 stride = (UINT32)t.width_px * 4;

	if (t.bpp == 32)
		assert_true(planar_decompress(t.planar, b->bitmapDataStream, b->bitmapLength, b->width,
				b->height, t.got, PIXEL_FORMAT_BGRX32, stride, b->destLeft, b->destTop,
				b->width, b->height, TRUE));
	else
		assert_true(interleaved_decompress(t.rle, b->bitmapDataStream, b->bitmapLength, b->width,
				b->height, (UINT32)t.bpp, t.got, PIXEL_FORMAT_BGRX32, stride, b->destLeft,
				b->destTop, b->width, b->height, NULL));
}

static BOOL on_bitmaps(rdpContext *context, const BITMAP_UPDATE *update)
{
	size_t bytes = 0;

	assert_true(update->number > 0);
	for (UINT32 i = 0; i < update->number; i++) {
		const BITMAP_DATA *b = &update->rectangles[i];

		assert_true(b->destLeft <= b->destRight && b->destRight < (UINT32)t.width_px);
		assert_true(b->destTop <= b->destBottom && b->destBottom < (UINT32)t.height_px);
		assert_int_equal(b->width, b->destRight - b->destLeft + 1);
		assert_int_equal(b->height, b->destBottom - b->destTop + 1);
		assert_int_equal(b->bitsPerPixel, t.bpp);
		assert_true(b->compressed);
		bytes += RECT_BYTES + b->bitmapLength;
		decode(b);
	}
	assert_true(bytes < UPDATE_MAX_BYTES);
	t.updates++;
	return TRUE;
}

static BOOL on_marker(rdpContext *context, const SURFACE_FRAME_MARKER *marker)
{
	if (marker->frameAction == SURFACECMD_FRAMEACTION_BEGIN)
		assert_int_equal(t.begun++, t.ended);
	else
		assert_int_equal(++t.ended, t.begun);
	return TRUE;
}

static BOOL on_surface_bits(rdpContext *context, const SURFACE_BITS_COMMAND *c)
{
	REGION16 region;

	assert_int_equal(t.begun, t.ended + 1);
	assert_true(c->destLeft == 0 && c->destTop == 0);
	assert_int_equal(c->destRight, t.width_px); /* exclusive here */
	assert_int_equal(c->destBottom, t.height_px);
	assert_int_equal(c->bmp.width, t.width_px);
	assert_int_equal(c->bmp.height, t.height_px);
	assert_true(c->bmp.bitmapDataLength + 22 <= t.limit);
	region16_init(&region);
	assert_true(rfx_process_message(t.rfx, c->bmp.bitmapData, c->bmp.bitmapDataLength, 0, 0, t.got,
			PIXEL_FORMAT_BGRX32, (UINT32)t.width_px * 4, (UINT32)t.height_px, &region));
	assert_true(region16_extents(&region)->right <= t.width_px);
	assert_true(region16_extents(&region)->bottom <= t.height_px);
	region16_uninit(&region);
	t.updates++;
	return TRUE;
}

static int start(void **state)
{
	t.context.settings = freerdp_settings_new(FREERDP_SETTINGS_SERVER_MODE);
	t.context.update = &t.update;
	t.update.BitmapUpdate = on_bitmaps;
	t.update.SurfaceFrameMarker = on_marker;
	t.update.SurfaceBits = on_surface_bits;
	t.planar = freerdp_bitmap_planar_context_new(0, 64, 64);
	t.rle = bitmap_interleaved_context_new(FALSE);
	t.rfx = rfx_context_new(FALSE);
	return t.context.settings && t.planar && t.rle && t.rfx ? 0 : -1;
}

static int stop(void **state)
{
	freerdp_settings_free(t.context.settings);
	freerdp_bitmap_planar_context_free(t.planar);
	bitmap_interleaved_context_free(t.rle);
	rfx_context_free(t.rfx);
	return 0;
}

static void make_picture(int width_px, int height_px, bool noise)
{
	uint32_t seed = 5;

	t.width_px = width_px;
	t.height_px = height_px;
	t.want = malloc((size_t)(width_px * height_px * 4));
	t.got = calloc((size_t)(width_px * height_px), 4);
	t.updates = t.begun = t.ended = 0;
	for (int i = 0; i < width_px * height_px; i++) {
		int x = i % width_px, y = i / width_px;
		const uint8_t smooth[4] = { (uint8_t)(x / 8), (uint8_t)(y / 6), (uint8_t)((x + y) / 16), 0 };

		seed = seed * 1664525 + 1013904223;
		memcpy(t.want + i * 4, noise ? (uint8_t *)&seed : smooth, 4);
	}
}

static void free_picture(void)
{
	free(t.want);
	free(t.got);
}

static size_t encode_all(struct sink *sink)
{
	size_t count = 0;

	for (int y = 0; y < t.height_px; y += SINK_TILE_PX) {
		for (int x = 0; x < t.width_px; x += SINK_TILE_PX, count++) {
			struct sink_chunk *c = &t.chunks[count];
			int w = t.width_px - x, h = t.height_px - y, len;

			c->tile = (struct sink_tile){ t.want + (y * t.width_px + x) * 4, t.width_px * 4, x, y,
				w < SINK_TILE_PX ? w : SINK_TILE_PX, h < SINK_TILE_PX ? h : SINK_TILE_PX };
			c->data = malloc(sink->tile_cap);
			len = sink->ops->encode(sink, &c->tile, 0, c->data, sink->tile_cap);
			assert_true(len > 0 && (size_t)len <= sink->tile_cap);
			c->len = (size_t)len;
		}
	}
	return count;
}

static void send_picture(struct sink *sink)
{
	struct link_layout layout = link_layout_single((uint32_t)t.width_px, (uint32_t)t.height_px);
	size_t count, done = 0;
	uint32_t id;

	assert_non_null(sink);
	assert_int_equal(sink->ops->resize(sink, &layout), 0);
	count = encode_all(sink);
	assert_int_equal(sink->ops->begin(sink, &id), 0);
	while (done < count) {
		size_t part = count - done < SINK_BATCH_MAX ? count - done : SINK_BATCH_MAX;

		assert_int_equal(sink->ops->emit(sink, t.chunks + done, part), 0);
		done += part;
	}
	assert_int_equal(sink->ops->end(sink), 0);
	for (size_t i = 0; i < count; i++)
		free(t.chunks[i].data);
}

/* What FreeRDP shows for a byte at this depth. Its widening of 6 bits of green adds
 * c / 8 for lack of c >> 4 (3.10.3). */
static int shown(int value, bool green)
{
	int six = value >> 2, widened = six * 4 + six / 8;

	if (t.bpp >= 24)
		return value;
	if (green && t.bpp == 16)
		return widened < 256 ? widened : 255;
	return value >> 3;
}

static void check_exact(void)
{
	for (int i = 0; i < t.width_px * t.height_px * 4; i++) {
		bool green = i % 4 == 1;
		int got = t.bpp >= 24 || (green && t.bpp == 16) ? t.got[i] : t.got[i] >> 3;

		if (i % 4 != 3 && got != shown(t.want[i], green))
			fail_msg("byte %d at %d bpp: %d for %d", i, t.bpp, t.got[i], t.want[i]);
	}
}

static void bitmaps_are_exact_at_every_depth_and_size(void **state)
{
	static const int depths[] = { 15, 16, 24, 32 };

	for (int i = 0; i < 16; i++) {
		struct sink *sink;

		t.bpp = depths[i / 4];
		freerdp_settings_set_uint32(t.context.settings, FreeRDP_ColorDepth, (UINT32)t.bpp);
		freerdp_settings_set_bool(t.context.settings, FreeRDP_DrawAllowSkipAlpha, i % 2);
		for (int noise = 0; noise < 2; noise++) {
			make_picture(sizes[i % 4][0], sizes[i % 4][1], noise);
			sink = sink_bitmap_create(&t.context);
			send_picture(sink);
			check_exact();
			sink->ops->destroy(sink);
			free_picture();
		}
	}
}

static double mean_error(void)
{
	double sum = 0;

	for (int i = 0; i < t.width_px * t.height_px * 4; i++) {
		if (i % 4 != 3)
			sum += abs(t.got[i] - t.want[i]);
	}
	return sum / (t.width_px * t.height_px * 3);
}

static void surface_bits_stay_below_the_clients_limit(void **state)
{
	static const size_t limits[] = { 65535, 38055, 1 << 20 };

	freerdp_settings_set_bool(t.context.settings, FreeRDP_SurfaceFrameMarkerEnabled, TRUE);
	freerdp_settings_set_uint32(t.context.settings, FreeRDP_RemoteFxCodecId, 3);
	freerdp_settings_set_uint32(t.context.settings, FreeRDP_RemoteFxRlgrMode, RLGR3);
	for (int i = 0; i < 12; i++) {
		struct sink *sink;

		t.limit = limits[i % 3];
		freerdp_settings_set_uint32(
				t.context.settings, FreeRDP_MultifragMaxRequestSize, (UINT32)t.limit);
		make_picture(sizes[i / 3][0], sizes[i / 3][1], false);
		sink = sink_surface_create(&t.context, 1);
		send_picture(sink);
		assert_true(mean_error() < 3);
		assert_int_equal(t.begun, 1);
		assert_int_equal(t.ended, 1);
		free_picture();
		make_picture(sizes[i / 3][0], sizes[i / 3][1], true); /* the longest tiles */
		send_picture(sink);
		sink->ops->destroy(sink);
		free_picture();
	}
}

static void surface_acknowledges_count_frames(void **state)
{
	struct sink *sink;
	uint32_t id;

	freerdp_settings_set_uint32(t.context.settings, FreeRDP_FrameAcknowledge, 2);
	t.begun = t.ended = 0;
	sink = sink_surface_create(&t.context, 1);
	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(sink->ops->begin(sink, &id), 0);
		assert_int_equal(id, i);
		assert_int_equal(sink->ops->end(sink), 0);
	}
	assert_int_equal(sink->ops->in_flight(sink), 3);
	sink->ops->on_ack(sink, 2);
	sink->ops->on_ack(sink, 2);
	sink->ops->on_ack(sink, 1);
	sink->ops->on_ack(sink, 77);
	assert_int_equal(sink->ops->in_flight(sink), 1);
	freerdp_settings_set_uint32(t.context.settings, FreeRDP_FrameAcknowledge, 0);
	assert_int_equal(sink->ops->in_flight(sink), 0);
	sink->ops->destroy(sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bitmaps_are_exact_at_every_depth_and_size),
		cmocka_unit_test(surface_bits_stay_below_the_clients_limit),
		cmocka_unit_test(surface_acknowledges_count_frames),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
