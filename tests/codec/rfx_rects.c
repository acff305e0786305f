/* What the rectangles of a region show: each of its pixels and no other, however they
 * overlap, of this region's tiles and, in progressive, of those sent earlier in the
 * same frame. */
#include "pictures.h"
#include "rfx_message.h"
#include <codec/cpu.h>
#include <codec/progressive.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 150, H = 100, STRIDE = 4 * W, RECTS_MAX = 400, MARK = 0x5a };
static const int counts[] = { 1, 2, 16, 17, 40, RECTS_MAX };
#define COUNTS (sizeof counts / sizeof *counts)

/* Where a message of message_make has its region, the count of rectangles and its only one. */
static const struct place {
	size_t block, count, rect;
} places[MESSAGE_KINDS] = {
	[MESSAGE_RLGR1] = { 61, 70, 72 },
	[MESSAGE_RLGR3] = { 61, 70, 72 },
	[MESSAGE_PROGRESSIVE] = { 34, 41, 52 },
};

static void add_u16(uint8_t *at, size_t add)
{
	size_t value = at[0] + (size_t)at[1] * 256 + add;

	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

/* Many small ones, a few of nothing or beyond the picture; seldom a whole tile */
static void rects_make(struct rfx_rect *rects, int count)
{
	static uint32_t state = 77;

	for (int i = 0; i < count; i++)
		rects[i] = (struct rfx_rect){ .x = (uint16_t)(picture_random(&state) % (W + 20)),
			.y = (uint16_t)(picture_random(&state) % (H + 20)),
			.w = (uint16_t)(picture_random(&state) % 30),
			.h = (uint16_t)(picture_random(&state) % 20) };
}

static uint8_t *message_with_rects(enum message_kind kind, const uint8_t *src, const struct rfx_rect *rects,
		int count, size_t *len)
{
	struct picture picture = { src, STRIDE, W, H };
	const struct place *place = &places[kind];
	uint8_t *one = message_make(kind, &picture, rfx_quant_preset(RFX_QUALITY_HIGH), 0, len), *many;
	size_t bytes = 8 * (size_t)count;

	many = malloc(*len - 8 + bytes);
	memcpy(many, one, place->rect);
	memcpy(many + place->rect, rects, bytes);
	memcpy(many + place->rect + bytes, one + place->rect + 8, *len - place->rect - 8);
	add_u16(many + place->block + 2, bytes - 8);
	add_u16(many + place->count, (size_t)count - 1);
	*len += bytes - 8;
	free(one);
	return many;
}

static void paint(enum message_kind kind, const uint8_t *bytes, size_t len, uint8_t *dst, int left, int top)
{
	struct rfx_picture picture = { dst, STRIDE, W, H };

	if (kind == MESSAGE_PROGRESSIVE) {
		struct progressive_decoder *decoder = progressive_decoder_create(W, H, cpu_flags_detect());

		assert_int_equal(progressive_decoder_paint(decoder, 1, bytes, len, &picture), 0);
		progressive_decoder_destroy(decoder);
	} else {
		struct rfx_decoder *decoder = rfx_decoder_create(cpu_flags_detect());

		assert_int_equal(rfx_decoder_paint(decoder, bytes, len, &picture, left, top), 0);
		rfx_decoder_destroy(decoder);
	}
}

static bool inside(const struct rfx_rect *rects, int count, int x, int y)
{
	for (int i = 0; i < count; i++)
		if (x >= rects[i].x && x < rects[i].x + rects[i].w && y >= rects[i].y &&
				y < rects[i].y + rects[i].h)
			return true;
	return false;
}

/* got: full where the rectangles are, and marks elsewhere, moved by left, top */
static void check(const uint8_t *got, const uint8_t *full, const struct rfx_rect *rects, int count, int left,
		int top)
{
	static const uint8_t mark[4] = { MARK, MARK, MARK, MARK };

	for (int y = 0; y < H; y++) {
		for (int x = 0; x < W; x++) {
			bool shown = x >= left && y >= top && inside(rects, count, x - left, y - top);

			assert_memory_equal(got + y * STRIDE + 4 * x,
					shown ? full + (y - top) * STRIDE + 4 * (x - left) : mark, 4);
		}
	}
}

static void shows_the_rectangles(enum message_kind kind)
{
	static uint8_t src[H * STRIDE], full[H * STRIDE], got[H * STRIDE];
	static struct rfx_rect rects[RECTS_MAX];
	const struct rfx_rect all = { 0, 0, W, H };
	uint8_t *bytes;
	size_t len;

	picture_make(PICTURE_PHOTO, 5, src, STRIDE, W, H);
	bytes = message_with_rects(kind, src, &all, 1, &len);
	paint(kind, bytes, len, full, 0, 0);
	free(bytes);
	for (size_t i = 0; i < 4 * COUNTS; i++) {
		int count = counts[i % COUNTS];
		int left = kind == MESSAGE_PROGRESSIVE ? 0 : (int)(i / COUNTS) * 7;

		rects_make(rects, count);
		memset(got, MARK, sizeof got);
		bytes = message_with_rects(kind, src, rects, count, &len);
		paint(kind, bytes, len, got, left, left / 2);
		check(got, full, rects, count, left, left / 2);
		free(bytes);
	}
}

static void classic_shows_the_rectangles(void **state)
{
	shows_the_rectangles(MESSAGE_RLGR1);
}

static void progressive_shows_the_rectangles(void **state)
{
	shows_the_rectangles(MESSAGE_PROGRESSIVE);
}

/* A region without tiles */
static int paint_rects(struct progressive_decoder *decoder, uint32_t frame_id, const struct rfx_rect *rects,
		int count, uint8_t *dst)
{
	static uint8_t bytes[8 * RECTS_MAX + 100];
	struct rfx_picture picture = { dst, STRIDE, W, H };
	struct rfx_frame frame = { .rects = rects,
		.rect_count = (size_t)count,
		.quants = rfx_quant_preset(RFX_QUALITY_HIGH),
		.quant_count = 1 };
	int len = progressive_frame_write(W, H, &frame, bytes, sizeof bytes);

	assert_true(len > 0);
	return progressive_decoder_paint(decoder, frame_id, bytes, (size_t)len, &picture);
}

static void progressive_shows_earlier_tiles(void **state)
{
	static uint8_t src[H * STRIDE], full[H * STRIDE], got[H * STRIDE];
	static struct rfx_rect rects[RECTS_MAX];
	struct progressive_decoder *decoder = progressive_decoder_create(W, H, cpu_flags_detect());
	struct rfx_picture picture = { got, STRIDE, W, H };
	const struct rfx_rect all = { 0, 0, W, H }, nothing = { W, H, 1, 1 };
	uint8_t *bytes;
	size_t len;

	picture_make(PICTURE_TEXT, 5, src, STRIDE, W, H);
	bytes = message_with_rects(MESSAGE_PROGRESSIVE, src, &all, 1, &len);
	paint(MESSAGE_PROGRESSIVE, bytes, len, full, 0, 0);
	free(bytes);
	memset(got, MARK, sizeof got);
	bytes = message_with_rects(MESSAGE_PROGRESSIVE, src, &nothing, 1, &len);
	for (uint32_t i = 0; i < 4 * COUNTS; i++) {
		rects_make(rects, counts[i % COUNTS]);
		memset(got, MARK, sizeof got);
		assert_int_equal(progressive_decoder_paint(decoder, i, bytes, len, &picture), 0);
		check(got, full, &nothing, 1, 0, 0);
		assert_int_equal(paint_rects(decoder, i, rects, counts[i % COUNTS], got), 0);
		check(got, full, rects, counts[i % COUNTS], 0, 0);
	}
	memset(got, MARK, sizeof got);
	assert_int_equal(paint_rects(decoder, 1000, &all, 1, got), 0); /* where nothing was sent */
	check(got, full, &nothing, 1, 0, 0);
	free(bytes);
	progressive_decoder_destroy(decoder);
}

/* Each tile sent pays for two more pictures of a tile, whichever messages ask. */
static void progressive_repaints_are_bounded(void **state)
{
	static uint8_t src[H * STRIDE], got[H * STRIDE];
	struct progressive_decoder *decoder = progressive_decoder_create(W, H, cpu_flags_detect());
	struct rfx_picture picture = { got, STRIDE, W, H };
	const struct rfx_rect all = { 0, 0, W, H };
	uint8_t *bytes;
	size_t len;

	bytes = message_with_rects(MESSAGE_PROGRESSIVE, src, &all, 1, &len);
	for (uint32_t frame = 0; frame < 3; frame++) {
		assert_int_equal(progressive_decoder_paint(decoder, frame, bytes, len, &picture), 0);
		assert_int_equal(paint_rects(decoder, frame, &all, 1, got), 0);
		assert_int_equal(paint_rects(decoder, frame, &all, 1, got), 0);
		assert_int_equal(paint_rects(decoder, frame, &all, 1, got), ERR_FORMAT);
	}
	free(bytes);
	progressive_decoder_destroy(decoder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classic_shows_the_rectangles),
		cmocka_unit_test(progressive_shows_the_rectangles),
		cmocka_unit_test(progressive_shows_earlier_tiles),
		cmocka_unit_test(progressive_repaints_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
