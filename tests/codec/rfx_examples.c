/* The worked examples of [MS-RDPRFX] section 4 as golden vectors, in both directions:
 * tests/vectors/rfx.md. */
#include "pictures.h"
#include "rfx_message.h"
#include <codec/color.h>
#include <codec/cpu.h>
#include <rfx/dsp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLE_TILESET = 2878, SAMPLE_FRAME = 1030, PLANE_BYTES = 2 * RFX_COEFS, STEPS = 6656 };
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

/* The other way: the printed planes are near enough to what was encoded that all
 * coefficients come out again. */
static void sample_planes_forward(void **state)
{
	static _Alignas(64) int16_t plane[RFX_COEFS], got[RFX_COEFS];

	for (unsigned level = 0; level < 3; level++) {
		struct rfx_dsp dsp = dsp_of(level);

		for (int i = 0; i < 3; i++) {
			int16_t *source = plane_load("plane", i), *want = plane_load("coefs", i);

			memcpy(plane, source, PLANE_BYTES);
			dsp.forward(got, plane, &sample_shifts);
			assert_memory_equal(got, want, PLANE_BYTES);
			free(source);
			free(want);
		}
	}
}

static const int band_sizes[BANDS] = { 1024, 1024, 1024, 256, 256, 256, 64, 64, 64, 64 };

/* 4.2.4.3.1.1 and so on: the bands with their factors, and LL3 as values */
static void sample_bands(void **state)
{
	int16_t *coefs = plane_load("coefs", 0), *want = plane_load("bands", 0), *at = coefs;
	static int16_t got[RFX_COEFS];

	memcpy(got, coefs, PLANE_BYTES);
	rfx_sums(got + RFX_COEFS - 64, 64);
	for (int i = 0, from = 0; i < BANDS; from += band_sizes[i++])
		rfx_dequantize(got + from, band_sizes[i], sample_shifts.of[i]);
	assert_memory_equal(got, want, PLANE_BYTES);
	for (int i = 0; i < BANDS; at += band_sizes[i++])
		rfx_quantize(got + (at - coefs), band_sizes[i], sample_shifts.of[i]);
	rfx_differences(got + RFX_COEFS - 64, 64);
	assert_memory_equal(got, coefs, PLANE_BYTES);
	free(coefs);
	free(want);
}

/* What one step of the inverse transform gives, read from a whole inverse: high
 * bands of zeros leave what was there before at every second row and column. keep:
 * the bands that are not cleared. */
static void inverse_of(const struct rfx_dsp *dsp, int16_t *plane, const int16_t *coefs, unsigned keep)
{
	static _Alignas(64) int16_t work[RFX_COEFS];

	memcpy(work, coefs, PLANE_BYTES);
	for (int i = 0, from = 0; i < BANDS; from += band_sizes[i++])
		if (!(keep >> i & 1))
			memset(work + from, 0, (size_t)band_sizes[i] * sizeof *work);
	dsp->inverse(plane, work, &sample_shifts);
}

/* The steps of the level with n x n values: the low rows, the high rows, the square.
 * Returns what follows them. With low rows of zero the even rows are
 * -(before + high) / 2, from which the high ones follow. */
static const int16_t *check_level(
		const struct rfx_dsp *dsp, const int16_t *coefs, int level, const int16_t *steps)
{
	static _Alignas(64) int16_t low[RFX_COEFS], high[RFX_COEFS], all[RFX_COEFS];
	int n = 128 >> level, step = 64 / n, first = 3 * (level - 1);
	unsigned above = 1023u & ~((1u << (first + 3)) - 1);
	const int16_t *want_high = steps + n / 2 * n, *want = want_high + n / 2 * n;

	inverse_of(dsp, low, coefs, above | 1u << (BAND_HL1 + first));
	inverse_of(dsp, high, coefs, 1u << (BAND_LH1 + first) | 1u << (BAND_HH1 + first));
	inverse_of(dsp, all, coefs, above | 7u << first);
	for (int i = 0; i < n / 2; i++) {
		for (int x = 0; x < n; x++) {
			int at = 2 * i * step * 64 + x * step,
			    before = i > 0 ? want_high[(i - 1) * n + x] : 0;

			assert_int_equal(low[at], steps[i * n + x]);
			assert_int_equal(i > 0 ? -2 * high[at] - before : -high[at], want_high[i * n + x]);
		}
	}
	for (int i = 0; level > 1 && i < n * n; i++)
		assert_int_equal(all[i / n * step * 64 + i % n * step], want[i]);
	return level > 1 ? want + n * n : want;
}

/* The dumps in 4.2.4.3.2.7 and 4.2.4.3.3.3 go on for 16 values beyond their bands. */
static void sample_steps(void **state)
{
	int16_t *coefs = plane_load("coefs", 0), *steps = vector_load("rfx-steps-y.bin", 2 * STEPS);

	for (unsigned level = 0; level < 3; level++) {
		struct rfx_dsp dsp = dsp_of(level);
		const int16_t *at = steps;

		for (int i = 3; i >= 1; i--)
			at = check_level(&dsp, coefs, i, at);
		assert_ptr_equal(at, steps + STEPS);
	}
	free(coefs);
	free(steps);
}

static bool clipped(int component)
{
	return component == 0 || component == 255;
}

/* 4.2.4.4 and back: pixels have 8 bits, planes 5 more, so that half a step (16) is
 * lost and a little by rounding; more where a colour was outside of what pixels can be. */
static void sample_colours(void **state)
{
	uint8_t *image = vector_load("rfx-image.bin", 4 * RFX_COEFS);
	static _Alignas(64) int16_t planes[3][RFX_COEFS];

	for (unsigned level = 0; level < 3; level++) {
		struct color_dsp dsp;

		color_dsp_init(&dsp, levels[level] & cpu_flags_detect());
		dsp.bgrx_to_ycbcr(planes[0], planes[1], planes[2], image, 256, 64, 64);
		for (int i = 0; i < 3; i++) {
			int16_t *want = plane_load("plane", i);

			for (int at = 0; at < RFX_COEFS; at++) {
				const uint8_t *px = image + 4 * at;

				if (!clipped(px[0]) && !clipped(px[1]) && !clipped(px[2]))
					assert_in_range(planes[i][at] - want[at] + 20, 0, 40);
			}
			free(want);
		}
	}
	free(image);
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

/* 4.2.3 contradicts itself in what stands beside the bytes: tilesDataSize is 958 (printed
 * 991), the length of FRAME_END 8 (printed 14), and the region's flags are 0xcd (printed
 * 0x0d, without the reserved bits). The blocks around the tile are those of the sample except
 * for the number of tables (ours: luma and chroma), and the tile's bits come out again. */
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

/* The same frame as a client gets it, behind its headers. */
static void sample_frame_painted(void **state)
{
	uint8_t *headers = vector_load("rfx-headers.bin", RFX_HEADERS_BYTES);
	uint8_t *sample = vector_load("rfx-frame.bin", SAMPLE_FRAME);
	static uint8_t want[4 * RFX_COEFS], got[4 * RFX_COEFS];
	const struct rfx_rect *rects;
	size_t count;

	for (unsigned level = 0; level < 3; level++) {
		struct rfx_picture picture = { level ? got : want, 256, 64, 64 };
		struct rfx_decoder *decoder = rfx_decoder_create(levels[level] & cpu_flags_detect());

		assert_int_equal(rfx_decoder_paint(decoder, headers, RFX_HEADERS_BYTES, &picture, 0, 0), 0);
		assert_int_equal(rfx_decoder_paint(decoder, sample, SAMPLE_FRAME, &picture, 0, 0), 0);
		rects = rfx_decoder_rects(decoder, &count);
		assert_int_equal(count, 1);
		assert_memory_equal(rects, (&(struct rfx_rect){ 0, 0, 64, 64 }), sizeof *rects);
		assert_int_equal(picture.pixels[4 * RFX_COEFS - 1], 0xff);
		if (level)
			assert_memory_equal(got, want, sizeof want);
		rfx_decoder_destroy(decoder);
	}
	free(headers);
	free(sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sample_coefficients),
		cmocka_unit_test(sample_bands),
		cmocka_unit_test(sample_steps),
		cmocka_unit_test(sample_planes),
		cmocka_unit_test(sample_planes_forward),
		cmocka_unit_test(sample_colours),
		cmocka_unit_test(sample_image),
		cmocka_unit_test(sample_headers),
		cmocka_unit_test(sample_frame),
		cmocka_unit_test(sample_frame_painted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
