/* What the encoder and the decoder promise. */
#include "pictures.h"
#include "rfx_message.h"
#include <codec/cpu.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void every_size(void **state)
{
	static uint8_t src[70 * 80 * 4], got[70 * 80 * 4];
	struct rfx_decoder *decoder = rfx_decoder_create(0);

	picture_make(PICTURE_PHOTO, 3, src, 80 * 4, 70, 70);
	for (int kind = MESSAGE_RLGR1; kind <= MESSAGE_RLGR3; kind++) {
		for (int w = 1; w <= 70; w += 1 + w % 5) {
			for (int h = 1; h <= 70; h += 3) {
				struct picture picture = { src, 80 * 4, w, h };
				struct rfx_picture target = { got, 80 * 4, w, h };
				size_t len;
				uint8_t *bytes = message_make((enum message_kind)kind, &picture,
						rfx_quant_preset(RFX_QUALITY_FINEST), 0, &len);

				assert_int_equal(rfx_decoder_paint(decoder, bytes, len, &target, 0, 0), 0);
				assert_true(pixels_psnr(src, 80 * 4, got, 80 * 4, w, h) > 40);
				free(bytes);
			}
		}
	}
	rfx_decoder_destroy(decoder);
}

static void negative_stride(void **state)
{
	static uint8_t src[64 * 64 * 4], turned[64 * 64 * 4], one[RFX_TILE_BYTES_MAX],
			two[RFX_TILE_BYTES_MAX];
	struct rfx_scratch *scratch = rfx_scratch_create(cpu_flags_detect());
	struct rfx_tile_job job = { .src = src,
		.stride_bytes = 256,
		.w_px = 64,
		.h_px = 64,
		.quant = rfx_quant_preset(RFX_QUALITY_HIGH),
		.entropy = RFX_RLGR1 };
	int len;

	picture_make(PICTURE_TEXT, 5, src, 256, 64, 64);
	for (int y = 0; y < 64; y++)
		memcpy(turned + 256 * (63 - y), src + 256 * y, 256);
	len = rfx_tile_encode(&job, scratch, one, sizeof one);
	job.src = turned + 63 * 256;
	job.stride_bytes = -256;
	assert_int_equal(rfx_tile_encode(&job, scratch, two, sizeof two), len);
	assert_memory_equal(one, two, len);
	rfx_scratch_destroy(scratch);
}

/* The last tile of the largest frame, in a picture whose rows are all the same memory. */
static void farthest_tile(void **state)
{
	enum { LAST = RFX_SIZE_MAX / RFX_TILE_SIZE - 1 };
	static uint8_t src[64 * 64 * 4], row[RFX_SIZE_MAX * 4], tile[RFX_TILE_BYTES_MAX],
			message[RFX_TILE_BYTES_MAX + 200];
	struct rfx_scratch *scratch = rfx_scratch_create(cpu_flags_detect());
	struct rfx_decoder *classic = rfx_decoder_create(cpu_flags_detect());
	struct progressive_decoder *progressive =
			progressive_decoder_create(RFX_SIZE_MAX, RFX_SIZE_MAX, cpu_flags_detect());
	struct rfx_stream stream = { .w_px = RFX_SIZE_MAX, .h_px = RFX_SIZE_MAX, .entropy = RFX_RLGR1 };
	struct rfx_tile_job job = { .src = src,
		.stride_bytes = 256,
		.w_px = 64,
		.h_px = 64,
		.x_tile = LAST,
		.y_tile = LAST,
		.quant = rfx_quant_preset(RFX_QUALITY_HIGH),
		.entropy = RFX_RLGR1 };
	struct rfx_rect all = { 0, 0, RFX_SIZE_MAX, RFX_SIZE_MAX };
	struct rfx_chunk chunk = { tile, 0 };
	struct rfx_frame frame = { .rects = &all,
		.rect_count = 1,
		.quants = job.quant,
		.quant_count = 1,
		.tiles = &chunk,
		.tile_count = 1 };
	struct rfx_picture picture = { row, 0, RFX_SIZE_MAX, RFX_SIZE_MAX };

	memset(src, 0x77, sizeof src);
	for (int i = 0; i < 2; i++) {
		int len = i ? progressive_tile_encode(&job, scratch, tile, sizeof tile)
			    : rfx_tile_encode(&job, scratch, tile, sizeof tile);

		assert_true(len > 0);
		chunk.len = (size_t)len;
		len = i ? progressive_frame_write(RFX_SIZE_MAX, RFX_SIZE_MAX, &frame, message, sizeof message)
			: rfx_frame_write(&stream, &frame, message, sizeof message);
		assert_true(len > 0);
		memset(row, 0, sizeof row);
		assert_int_equal(i ? progressive_decoder_paint(progressive, 1, message, (size_t)len, &picture)
				   : rfx_decoder_paint(classic, message, (size_t)len, &picture, 0, 0),
				0);
		assert_int_equal(row[4 * LAST * 64 - 4], 0);
		assert_memory_equal(row + 4 * LAST * 64, "\x77\x77\x77\xff", 4);
		assert_memory_equal(row + 4 * (RFX_SIZE_MAX - 1), "\x77\x77\x77\xff", 4);
	}
	rfx_scratch_destroy(scratch);
	rfx_decoder_destroy(classic);
	progressive_decoder_destroy(progressive);
}

static void refusals(void **state)
{
	static uint8_t src[64 * 64 * 4], dst[RFX_TILE_BYTES_MAX];
	struct rfx_scratch *scratch = rfx_scratch_create(0);
	struct rfx_quant quant = *rfx_quant_preset(RFX_QUALITY_MEDIUM);
	const struct rfx_tile_job good = {
		.src = src, .stride_bytes = 256, .w_px = 64, .h_px = 64, .quant = &quant, .entropy = RFX_RLGR1
	};
	struct rfx_stream stream = { .w_px = 8192, .h_px = 8192, .entropy = RFX_RLGR1 };
	struct rfx_tile_job job;
	int len = rfx_tile_encode(&good, scratch, dst, sizeof dst);

	assert_true(len > 0);
	for (int cap = 0; cap < len; cap++)
		assert_int_equal(rfx_tile_encode(&good, scratch, dst, (size_t)cap), ERR_SPACE);
	assert_int_equal(rfx_tile_encode(&good, scratch, dst, (size_t)len), len);
	job = good, job.w_px = 65;
	assert_int_equal(rfx_tile_encode(&job, scratch, dst, sizeof dst), ERR_ARGUMENT);
	job = good, job.h_px = 0;
	assert_int_equal(rfx_tile_encode(&job, scratch, dst, sizeof dst), ERR_ARGUMENT);
	job = good, job.x_tile = 128;
	assert_int_equal(rfx_tile_encode(&job, scratch, dst, sizeof dst), ERR_ARGUMENT);
	job = good, job.quant_index = RFX_QUANTS_MAX;
	assert_int_equal(rfx_tile_encode(&job, scratch, dst, sizeof dst), ERR_ARGUMENT);
	quant.chroma.hh1 = 16;
	assert_int_equal(rfx_tile_encode(&good, scratch, dst, sizeof dst), ERR_ARGUMENT);
	quant.chroma.hh1 = 5;
	assert_int_equal(rfx_tile_encode(&good, scratch, dst, sizeof dst), ERR_ARGUMENT);
	assert_int_equal(rfx_headers_write(&stream, dst, sizeof dst), RFX_HEADERS_BYTES);
	stream.w_px = 8193;
	assert_int_equal(rfx_headers_write(&stream, dst, sizeof dst), ERR_ARGUMENT);
	stream.w_px = 0;
	assert_int_equal(rfx_headers_write(&stream, dst, sizeof dst), ERR_ARGUMENT);
	rfx_scratch_destroy(scratch);
}

static void refuses_far_moves(void **state)
{
	static uint8_t pixels[64 * 64 * 4];
	struct rfx_picture picture = { pixels, 256, 64, 64 };
	struct rfx_decoder *decoder = rfx_decoder_create(0);

	assert_int_equal(rfx_decoder_paint(decoder, pixels, 0, &picture, -RFX_MOVE_MAX, RFX_MOVE_MAX), 0);
	assert_int_equal(rfx_decoder_paint(decoder, pixels, 0, &picture, RFX_MOVE_MAX + 1, 0), ERR_ARGUMENT);
	assert_int_equal(rfx_decoder_paint(decoder, pixels, 0, &picture, 0, INT32_MIN), ERR_ARGUMENT);
	rfx_decoder_destroy(decoder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size),
		cmocka_unit_test(negative_stride),
		cmocka_unit_test(farthest_tile),
		cmocka_unit_test(refusals),
		cmocka_unit_test(refuses_far_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
