/* The worked examples of [MS-RDPRFX] section 4 as golden vectors, and what the
 * encoder and the decoder promise. */
#include "pictures.h"
#include "rfx_message.h"
#include <codec/cpu.h>
#include <rfx/dsp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLE_TILESET = 2878, SAMPLE_FRAME = 1030, PLANE_BYTES = 2 * RFX_COEFS };
static const char *const components[] = { "y", "cb", "cr" };
static const unsigned levels[] = { 0, CPU_AVX2, CPU_AVX2 | CPU_AVX512 };

/* 6 6 6 6 7 7 8 8 8 9 of the samples. */
static const struct rfx_shifts sample_shifts = { { 7, 7, 8, 6, 6, 7, 5, 5, 5, 5 } };

static struct rfx_dsp dsp_of(unsigned level)
{
	struct rfx_dsp dsp;

	rfx_dsp_init(&dsp, levels[level] & cpu_flags_detect());
	return dsp;
}

static int16_t *plane_load(const char *what, int component)
{
	char name[64];

	snprintf(name, sizeof name, "rfx-%s-%s.bin", what, components[component]);
	return vector_load(name, PLANE_BYTES);
}

/* The bits of one component of a TS_RFX_TILE. */
static const uint8_t *tile_bits(const uint8_t *tile, int component, size_t *len)
{
	const uint8_t *at = tile + 19;

	for (int i = 0; i < component; i++)
		at += tile[13 + 2 * i] | tile[14 + 2 * i] << 8;
	*len = (size_t)(tile[13 + 2 * component] | tile[14 + 2 * component] << 8);
	return at;
}

/* All but the zero byte at the end: rlgr_encode.c. */
static void check_bits(const struct rfx_dsp *dsp, const int16_t *coefs, const uint8_t *bits, size_t len)
{
	uint8_t got[4096];

	assert_int_equal(dsp->rlgr3_encode(got, sizeof got, coefs), len - 1);
	assert_memory_equal(got, bits, len - 1);
	assert_int_equal(bits[len - 1], 0);
}

static void sample_coefficients(void **state)
{
	static _Alignas(64) int16_t got[RFX_COEFS];
	uint8_t *tileset = vector_load("rfx-tileset.bin", SAMPLE_TILESET);

	for (unsigned level = 0; level < 3; level++) {
		struct rfx_dsp dsp = dsp_of(level);

		for (int i = 0; i < 3; i++) {
			int16_t *want = plane_load("coefs", i);
			size_t len;
			const uint8_t *bits = tile_bits(tileset + 27, i, &len);

			dsp.rlgr3_decode(got, bits, len);
			assert_memory_equal(got, want, PLANE_BYTES);
			check_bits(&dsp, got, bits, len);
			free(want);
		}
	}
	free(tileset);
}

static void sample_planes(void **state)
{
	static _Alignas(64) int16_t coefs[RFX_COEFS], got[RFX_COEFS];

	for (unsigned level = 0; level < 3; level++) {
		struct rfx_dsp dsp = dsp_of(level);

		for (int i = 0; i < 3; i++) {
			int16_t *source = plane_load("coefs", i), *want = plane_load("plane", i);

			memcpy(coefs, source, PLANE_BYTES);
			dsp.inverse(got, coefs, &sample_shifts);
			assert_memory_equal(got, want, PLANE_BYTES);
			free(source);
			free(want);
		}
	}
}

/* The printed picture was made with floating point: within 1. */
static void sample_image(void **state)
{
	uint8_t *headers = vector_load("rfx-headers.bin", RFX_HEADERS_BYTES);
	uint8_t *tileset = vector_load("rfx-tileset.bin", SAMPLE_TILESET);
	uint8_t *want = vector_load("rfx-image.bin", 4 * RFX_COEFS);
	uint8_t *got = calloc(1, 4 * RFX_COEFS);
	static const uint8_t region[] = { 0xc6, 0xcc, 15, 0, 0, 0, 1, 0, 1, 0, 0, 0xc1, 0xca, 1, 0 };
	struct rfx_picture picture = { got, 4 * 64, 64, 64 };
	struct rfx_decoder *decoder = rfx_decoder_create(0);
	const struct rfx_rect *rects;
	size_t count;

	assert_int_equal(rfx_decoder_paint(decoder, headers, RFX_HEADERS_BYTES, &picture, 0, 0), 0);
	assert_int_equal(rfx_decoder_paint(decoder, region, sizeof region, &picture, 0, 0), 0);
	assert_int_equal(rfx_decoder_paint(decoder, tileset, SAMPLE_TILESET, &picture, 0, 0), 0);
	rects = rfx_decoder_rects(decoder, &count);
	assert_int_equal(count, 1); /* none sent: the channel of the headers */
	assert_int_equal(rects->w, 64);
	pixels_check(got, 4 * 64, want, 4 * 64, 64, 64, 1);
	rfx_decoder_destroy(decoder);
	free(headers);
	free(tileset);
	free(want);
	free(got);
}

/* 4.2.2 has the blocks in another order, and a reserved bit set. */
static void sample_headers(void **state)
{
	struct rfx_stream stream = { .w_px = 64, .h_px = 64, .entropy = RFX_RLGR3, .image_mode = false };
	uint8_t *sample = vector_load("rfx-headers.bin", RFX_HEADERS_BYTES), got[RFX_HEADERS_BYTES];

	assert_int_equal(rfx_headers_write(&stream, got, sizeof got - 1), ERR_SPACE);
	assert_int_equal(rfx_headers_write(&stream, got, sizeof got), RFX_HEADERS_BYTES);
	sample[24] &= 0x7f;
	assert_memory_equal(got, sample, 12);
	assert_memory_equal(got + 12, sample + 25, 10 + 12);
	assert_memory_equal(got + 34, sample + 12, 13);
	free(sample);
}

/* 4.2.3: the blocks around the tile are those of the sample except for the
 * number of tables (ours: luma and chroma), and the tile's bits come out again. */
static void sample_frame(void **state)
{
	uint8_t *sample = vector_load("rfx-frame.bin", SAMPLE_FRAME), got[SAMPLE_FRAME + 5];
	struct rfx_stream stream = { .w_px = 64, .h_px = 64, .entropy = RFX_RLGR3, .image_mode = false };
	struct rfx_rect rect = { 0, 0, 64, 64 };
	struct rfx_chunk tile = { sample + 64, SAMPLE_FRAME - 64 - 8 };
	struct rfx_frame frame = { .rects = &rect,
		.rect_count = 1,
		.quant_count = 1,
		.tiles = &tile,
		.tile_count = 1,
		.quants = rfx_quant_preset(RFX_QUALITY_MEDIUM) };
	static _Alignas(64) int16_t coefs[RFX_COEFS];
	struct rfx_dsp dsp = dsp_of(0);

	assert_int_equal(rfx_frame_write(&stream, &frame, got, sizeof got), sizeof got);
	sample[22] &= 1; /* reserved flags */
	sample[39] += 5; /* length of the tileset */
	sample[51] = 2;  /* tables */
	assert_memory_equal(got, sample, 64);
	assert_memory_equal(got + 64, sample + 59, 5);
	assert_memory_equal(got + 69, sample + 64, SAMPLE_FRAME - 64);
	for (int i = 0; i < 3; i++) {
		size_t len;
		const uint8_t *bits = tile_bits(sample + 64, i, &len);

		dsp.rlgr3_decode(coefs, bits, len);
		check_bits(&dsp, coefs, bits, len);
	}
	free(sample);
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sample_coefficients),
		cmocka_unit_test(sample_planes),
		cmocka_unit_test(sample_image),
		cmocka_unit_test(sample_headers),
		cmocka_unit_test(sample_frame),
		cmocka_unit_test(every_size),
		cmocka_unit_test(negative_stride),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
