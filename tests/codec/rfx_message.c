#include "rfx_message.h"
#include <codec/rfx.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct tiles {
	uint8_t *bytes;
	struct rfx_chunk *chunks;
	size_t count;
};

static struct rfx_tile_job job_at(const struct picture *src, int x, int y)
{
	return (struct rfx_tile_job){
		.src = src->pixels + y * src->stride_bytes + 4 * (ptrdiff_t)x,
		.stride_bytes = src->stride_bytes,
		.w_px = src->w - x < RFX_TILE_SIZE ? src->w - x : RFX_TILE_SIZE,
		.h_px = src->h - y < RFX_TILE_SIZE ? src->h - y : RFX_TILE_SIZE,
		.x_tile = x / RFX_TILE_SIZE,
		.y_tile = y / RFX_TILE_SIZE,
	};
}

static struct tiles tiles_make(enum message_kind kind, const struct picture *src,
		const struct rfx_quant *quant, struct rfx_scratch *scratch)
{
	size_t count = (size_t)((src->w + 63) / 64) * (size_t)((src->h + 63) / 64), used = 0;
	struct tiles tiles = { .bytes = malloc(count * 24576 + RFX_TILE_BYTES_MAX),
		.chunks = calloc(count, sizeof *tiles.chunks) };

	for (int y = 0; y < src->h; y += RFX_TILE_SIZE) {
		for (int x = 0; x < src->w; x += RFX_TILE_SIZE) {
			struct rfx_tile_job job = job_at(src, x, y);
			uint8_t *dst = tiles.bytes + used;
			int len;

			job.quant = quant;
			job.entropy = kind == MESSAGE_RLGR3 ? RFX_RLGR3 : RFX_RLGR1;
			if (kind == MESSAGE_PROGRESSIVE)
				len = progressive_tile_encode(&job, scratch, dst, RFX_TILE_BYTES_MAX);
			else
				len = rfx_tile_encode(&job, scratch, dst, RFX_TILE_BYTES_MAX);
			assert_in_range(len, 20, 24576);
			tiles.chunks[tiles.count++] = (struct rfx_chunk){ dst, (size_t)len };
			used += (size_t)len;
		}
	}
	return tiles;
}

static int message_write(enum message_kind kind, const struct picture *src, const struct rfx_frame *frame,
		uint8_t *dst, size_t cap)
{
	struct rfx_stream stream = { .w_px = src->w,
		.h_px = src->h,
		.entropy = kind == MESSAGE_RLGR3 ? RFX_RLGR3 : RFX_RLGR1,
		.image_mode = true };
	int headers, body;

	if (kind == MESSAGE_PROGRESSIVE)
		return progressive_frame_write(src->w, src->h, frame, dst, cap);
	headers = rfx_headers_write(&stream, dst, cap);
	assert_int_equal(headers, RFX_HEADERS_BYTES);
	body = rfx_frame_write(&stream, frame, dst + headers, cap - (size_t)headers);
	assert_int_equal(body, rfx_frame_size(frame));
	return headers + body;
}

uint8_t *message_make(enum message_kind kind, const struct picture *src, const struct rfx_quant *quant,
		unsigned cpu_flags, size_t *len)
{
	struct rfx_scratch *scratch = rfx_scratch_create(cpu_flags);
	struct tiles tiles = tiles_make(kind, src, quant, scratch);
	struct rfx_rect all = { 0, 0, (uint16_t)src->w, (uint16_t)src->h };
	struct rfx_frame frame = { .rects = &all,
		.rect_count = 1,
		.quants = quant,
		.quant_count = 1,
		.tiles = tiles.chunks,
		.tile_count = tiles.count };
	size_t size = kind == MESSAGE_PROGRESSIVE ? progressive_frame_size(&frame)
						  : RFX_HEADERS_BYTES + rfx_frame_size(&frame);
	uint8_t *bytes = malloc(size);

	assert_int_equal(message_write(kind, src, &frame, bytes, size), size);
	rfx_scratch_destroy(scratch);
	free(tiles.bytes);
	free(tiles.chunks);
	*len = size;
	return bytes;
}

void pixels_check(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h,
		int limit)
{
	for (int y = 0; y < h; y++) {
		for (int i = 0; i < 4 * w; i++) {
			int one = a[y * a_stride + i], other = b[y * b_stride + i];

			if (i % 4 != 3 && abs(one - other) > limit)
				fail_msg("pixel %d,%d component %d: %d and %d", i / 4, y, i % 4, one, other);
		}
	}
}

double pixels_psnr(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h)
{
	double sum = 0;

	for (int y = 0; y < h; y++) {
		for (int i = 0; i < 4 * w; i++) {
			double d = a[y * a_stride + i] - b[y * b_stride + i];

			sum += i % 4 != 3 ? d * d : 0;
		}
	}
	return sum > 0 ? 10 * log10(255.0 * 255.0 * 3 * w * h / sum) : 99;
}
