/* Coefficients of FreeRDP 3.10 and ours, at the factors that FreeRDP always takes.
 *
 * Encoding: FreeRDP's bits through our entropy decoder, against our own bits. They are
 * the same but for what follows, with which FreeRDP's coefficients are computed here from
 * the pixels exactly:
 * - colours: its luma and chroma are up to 2/32 of a step from ours (grey: the same);
 * - it rounds twice, to the factor and then to the 5 bits of the fixed point, which
 *   brings values just below a half up (31 of 64); factors of 6 round once.
 * - a component that ends in a run of zeros ends in a 1: its encoder writes the last
 * value as the one that ends the run, and those cannot be zero. It is LL3's last, so that
 * 8x8 pixels are brighter by 1 of 255.
 * Decoding: of our bits FreeRDP makes the very pixels that our coefficients give with
 * its inverse transform (odd values rounded down) and its colours; so it has read the
 * same coefficients. */
#include "pictures.h"
#include "rfx_message.h"
#include <codec/cpu.h>
#include <codec/rfx.h>
#include <freerdp/codec/color.h>
#include <freerdp/codec/rfx.h>
#include <freerdp/primitives.h>
#include <rfx/dsp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 448, H = 256, STRIDE = 4 * W, SIDE = 64, END_BYTES = 4, ONE_THREAD = 1 };
enum { CONTENT_EXTREMES = PICTURE_KINDS, CONTENT_CHECKERS, CONTENT_SAMPLE, CONTENTS };

static struct rfx_dsp dsp;

static const int band_sizes[BANDS] = { 1024, 1024, 1024, 256, 256, 256, 64, 64, 64, 64 };
static const uint8_t factors[BANDS] = { 8, 8, 9, 7, 7, 8, 6, 6, 6, 6 }; /* RFX_QUALITY_MEDIUM */

struct planes {
	_Alignas(64) int16_t of[3][RFX_COEFS];
};

/* One line of n values, in place, to n/2 low and n/2 high ones: not rounded to factors */
static void split_line(int16_t *x, int step, int n)
{
	int16_t line[SIDE], high[SIDE / 2];

	for (int i = 0; i < n; i++)
		line[i] = x[i * step];
	for (int i = 0; i < n / 2; i++) {
		int next = 2 * i + 2 < n ? line[2 * i + 2] : line[2 * i];

		high[i] = (int16_t)((line[2 * i + 1] - ((line[2 * i] + next) >> 1)) >> 1);
		x[(n / 2 + i) * step] = high[i];
		x[i * step] = (int16_t)(line[2 * i] + ((high[i ? i - 1 : 0] + high[i]) >> 1));
	}
}

/* n x n values of plane to their bands; returns what is behind HH. */
static int16_t *split_square(int16_t *coefs, int16_t *plane, int n)
{
	static const int corners[][2] = { { 1, 0 }, { 0, 1 }, { 1, 1 } };

	for (int i = 0; i < n; i++)
		split_line(plane + i, SIDE, n);
	for (int i = 0; i < n; i++)
		split_line(plane + i * SIDE, 1, n);
	for (int band = 0; band < 3; band++)
		for (int i = 0; i < n * n / 4; i++)
			*coefs++ = plane[(corners[band][1] * n / 2 + i / (n / 2)) * SIDE +
					corners[band][0] * n / 2 + i % (n / 2)];
	return coefs;
}

static void transform(int16_t *coefs, const int16_t *plane)
{
	int16_t work[RFX_COEFS];

	memcpy(work, plane, sizeof work);
	for (int n = SIDE; n > 8; n /= 2)
		coefs = split_square(coefs, work, n);
	for (int i = 0; i < 64; i++)
		coefs[i] = work[i / 8 * SIDE + i % 8];
}

/* twice: as FreeRDP rounds */
static void quantize(int16_t *coefs, bool twice)
{
	for (int band = 0, from = 0; band < BANDS; from += band_sizes[band++]) {
		if (twice && factors[band] > 6)
			rfx_quantize(coefs + from, band_sizes[band], factors[band] - 6);
		rfx_quantize(coefs + from, band_sizes[band], twice ? 5 : factors[band] - 1);
	}
	rfx_differences(coefs + RFX_COEFS - 64, 64);
}

static void freerdp_colours(struct planes *planes, const uint8_t *src)
{
	static struct planes rgb;
	const INT16 *from[3] = { rgb.of[0], rgb.of[1], rgb.of[2] };
	INT16 *to[3] = { planes->of[0], planes->of[1], planes->of[2] };
	const prim_size_t size = { SIDE, SIDE };

	for (int i = 0; i < RFX_COEFS; i++)
		for (int j = 0; j < 3; j++)
			rgb.of[j][i] = src[i / SIDE * STRIDE + i % SIDE * 4 + 2 - j];
	assert_int_equal(primitives_get()->RGBToYCbCr_16s16s_P3P3(from, 2 * SIDE, to, 2 * SIDE, &size), 0);
}

struct bits {
	const uint8_t *data;
	size_t len;
};

static void decode(int16_t *coefs, enum rfx_entropy entropy, struct bits bits)
{
	(entropy == RFX_RLGR3 ? dsp.rlgr3_decode : dsp.rlgr1_decode)(coefs, bits.data, bits.len);
}

/* FreeRDP's bits are what our encoder makes of the coefficients in them, but for the
 * end, where ours has a closing value, in RLGR3 perhaps in one code with the last. */
static void check_bits(const int16_t *coefs, enum rfx_entropy entropy, struct bits bits)
{
	static uint8_t again[RFX_TILE_BYTES_MAX];
	int len = (entropy == RFX_RLGR3 ? dsp.rlgr3_encode : dsp.rlgr1_encode)(again, sizeof again, coefs);

	assert_in_range(len + END_BYTES, bits.len, bits.len + 2 * END_BYTES);
	if (bits.len > END_BYTES)
		assert_memory_equal(again, bits.data, bits.len - END_BYTES);
}

struct tally {
	int coefs, differ, largest; /* largest: of all but LL3, which are differences of two */
};

static void count(struct tally *tally, const int16_t *ours, const int16_t *theirs)
{
	for (int i = 0; i < RFX_COEFS; i++) {
		int difference = abs(ours[i] - theirs[i]);

		tally->coefs++;
		tally->differ += difference > 0;
		if (i < RFX_COEFS - 64 && difference > tally->largest)
			tally->largest = difference;
		assert_in_range(difference, 0, 2);
	}
}

/* One component of one tile: plane is FreeRDP's, ours our coefficients. */
static void check_component(struct tally *tally, const int16_t *plane, const int16_t *ours,
		enum rfx_entropy entropy, struct bits theirs)
{
	static _Alignas(64) int16_t got[RFX_COEFS], want[RFX_COEFS];

	decode(got, entropy, theirs);
	check_bits(got, entropy, theirs);
	transform(want, plane);
	quantize(want, true);
	if (got[RFX_COEFS - 1] == 1 && want[RFX_COEFS - 1] == 0)
		want[RFX_COEFS - 1] = 1; /* the end of a run */
	assert_memory_equal(got, want, sizeof want);
	count(tally, ours, got);
}

/* Our coefficients are those of our own colours, rounded once. */
static void own_coefs(struct planes *coefs, const uint8_t *src, enum rfx_entropy entropy)
{
	static struct planes planes;
	static uint8_t tile[RFX_TILE_BYTES_MAX];
	static int16_t want[RFX_COEFS];
	struct rfx_scratch *scratch = rfx_scratch_create(cpu_flags_detect());
	struct rfx_tile_job job = { .src = src,
		.stride_bytes = STRIDE,
		.w_px = SIDE,
		.h_px = SIDE,
		.quant = rfx_quant_preset(RFX_QUALITY_MEDIUM),
		.entropy = entropy };
	const uint8_t *at = tile + 19;
	struct color_dsp color;

	color_dsp_init(&color, cpu_flags_detect());
	color.bgrx_to_ycbcr(planes.of[0], planes.of[1], planes.of[2], src, STRIDE, SIDE, SIDE);
	assert_true(rfx_tile_encode(&job, scratch, tile, sizeof tile) > 0);
	for (int i = 0; i < 3; i++) {
		struct bits bits = { at, (size_t)(tile[13 + 2 * i] | tile[14 + 2 * i] << 8) };

		decode(coefs->of[i], entropy, bits);
		transform(want, planes.of[i]);
		quantize(want, false);
		assert_memory_equal(coefs->of[i], want, sizeof want);
		at += bits.len;
	}
	rfx_scratch_destroy(scratch);
}

static void check_tile(
		struct tally *tally, const uint8_t *picture, const RFX_TILE *tile, enum rfx_entropy entropy)
{
	static struct planes ours, planes;
	const uint8_t *src = picture + tile->yIdx * SIDE * STRIDE + tile->xIdx * SIDE * 4;
	struct bits theirs[3] = { { tile->YData, tile->YLen }, { tile->CbData, tile->CbLen },
		{ tile->CrData, tile->CrLen } };

	own_coefs(&ours, src, entropy);
	freerdp_colours(&planes, src);
	for (int i = 0; i < 3; i++)
		check_component(tally, planes.of[i], ours.of[i], entropy, theirs[i]);
}

static void content_make(uint8_t *src, int content, bool grey)
{
	uint8_t *sample;

	picture_make(content < PICTURE_KINDS ? (enum picture_kind)content : PICTURE_NOISE, 11, src, STRIDE, W,
			H);
	if (content == CONTENT_EXTREMES)
		for (int i = 0; i < H * STRIDE; i++)
			src[i] = src[i] & 1 ? 255 : 0;
	if (content == CONTENT_CHECKERS)
		for (int i = 0; i < H * STRIDE; i++)
			src[i] = (i / 4 ^ i / STRIDE) & 1 ? 255 : 0;
	if (content == CONTENT_SAMPLE) {
		sample = vector_load("rfx-image.bin", 4 * RFX_COEFS);
		for (int i = 0; i < H * STRIDE; i++)
			src[i] = sample[i / STRIDE % SIDE * SIDE * 4 + i % (SIDE * 4)];
		free(sample);
	}
	for (int i = 0; grey && i < W * H; i++)
		src[4 * i] = src[4 * i + 2] = src[4 * i + 1];
}

static struct tally tally_of(const uint8_t *src, enum rfx_entropy entropy)
{
	RFX_CONTEXT *context = rfx_context_new_ex(TRUE, ONE_THREAD);
	RFX_RECT all = { 0, 0, W, H };
	RFX_MESSAGE *message;
	const RFX_TILE **tiles;
	struct tally tally = { 0 };
	UINT16 tile_count;

	assert_true(rfx_context_reset(context, W, H));
	rfx_context_set_mode(context, entropy == RFX_RLGR3 ? RLGR3 : RLGR1);
	rfx_context_set_pixel_format(context, PIXEL_FORMAT_BGRX32);
	message = rfx_encode_message(context, &all, 1, src, W, H, STRIDE);
	assert_non_null(message);
	tiles = rfx_message_get_tiles(message, &tile_count);
	assert_int_equal(tile_count, W / SIDE * H / SIDE);
	for (int i = 0; i < tile_count; i++)
		check_tile(&tally, src, tiles[i], entropy);
	rfx_message_free(context, message);
	rfx_context_free(context);
	return tally;
}

static void encodes_the_same(enum rfx_entropy entropy)
{
	static const char *const names[] = { "flat", "text", "photo", "noise", "stripes", "extremes",
		"checkers", "sample" };
	uint8_t *src = malloc(H * STRIDE);

	for (int content = 0; content < CONTENTS; content++) {
		for (int grey = 0; grey < 2; grey++) {
			struct tally tally;

			content_make(src, content, grey);
			tally = tally_of(src, entropy);
			print_message("%s%s: %d of %d coefficients differ, by %d at most\n", names[content],
					grey ? ", grey" : "", tally.differ, tally.coefs, tally.largest);
			assert_in_range(tally.largest, 0, 1);
			assert_in_range(tally.differ, 0, tally.coefs / 40);
		}
	}
	free(src);
}

static void encodes_the_same_rlgr1(void **state)
{
	encodes_the_same(RFX_RLGR1);
}

static void encodes_the_same_rlgr3(void **state)
{
	encodes_the_same(RFX_RLGR3);
}

/* FreeRDP's inverse of split_line */
static void join_line(int16_t *x, int step, int n)
{
	int16_t line[SIDE];

	for (int i = 0; i < n; i++)
		line[i] = x[i * step];
	for (int i = 0; i < n / 2; i++) {
		int high = line[n / 2 + i], before = i ? line[n / 2 + i - 1] : high;

		x[2 * i * step] = (int16_t)(line[i] - ((before + high + 1) >> 1));
	}
	for (int i = 0; i < n / 2; i++) {
		int even = x[2 * i * step], next = 2 * i + 2 < n ? x[(2 * i + 2) * step] : even;

		x[(2 * i + 1) * step] = (int16_t)(2 * line[n / 2 + i] + ((even + next) >> 1));
	}
}

/* coefs, LL3 as differences, to a plane as FreeRDP does */
static void freerdp_inverse(int16_t *plane, int16_t *coefs)
{
	static const int corners[][2] = { { 1, 0 }, { 0, 1 }, { 1, 1 } };

	rfx_sums(coefs + RFX_COEFS - 64, 64);
	for (int band = 0, from = 0; band < BANDS; from += band_sizes[band++])
		rfx_dequantize(coefs + from, band_sizes[band], factors[band] - 1);
	for (int i = 0; i < 64; i++)
		plane[i / 8 * SIDE + i % 8] = coefs[RFX_COEFS - 64 + i];
	for (int n = 16, from = 3840; n <= SIDE; n *= 2, from -= 3 * n * n / 4) {
		for (int i = 0; i < 3 * n * n / 4; i++) {
			const int *corner = corners[i / (n * n / 4)];
			int at = i % (n * n / 4);

			plane[(corner[1] * n / 2 + at / (n / 2)) * SIDE + corner[0] * n / 2 + at % (n / 2)] =
					coefs[from + i];
		}
		for (int i = 0; i < n; i++)
			join_line(plane + i * SIDE, 1, n);
		for (int i = 0; i < n; i++)
			join_line(plane + i, SIDE, n);
	}
}

/* The pixels that FreeRDP must show of the tile at src if it reads our coefficients */
static void predict_pixels(uint8_t *want, const uint8_t *src, enum rfx_entropy entropy)
{
	static struct planes coefs, planes;
	const INT16 *from[3] = { planes.of[0], planes.of[1], planes.of[2] };
	const prim_size_t size = { SIDE, SIDE };

	own_coefs(&coefs, src, entropy);
	for (int i = 0; i < 3; i++)
		freerdp_inverse(planes.of[i], coefs.of[i]);
	assert_int_equal(primitives_get()->yCbCrToRGB_16s8u_P3AC4R(
					 from, 2 * SIDE, want, STRIDE, PIXEL_FORMAT_BGRX32, &size),
			0);
}

static void freerdp_reads(const uint8_t *src, enum rfx_entropy entropy)
{
	struct picture picture = { src, STRIDE, W, H };
	RFX_CONTEXT *context = rfx_context_new_ex(FALSE, ONE_THREAD);
	uint8_t *got = calloc(H, STRIDE), *want = calloc(H, STRIDE), *bytes;
	REGION16 region;
	size_t len;

	bytes = message_make(entropy == RFX_RLGR3 ? MESSAGE_RLGR3 : MESSAGE_RLGR1, &picture,
			rfx_quant_preset(RFX_QUALITY_MEDIUM), cpu_flags_detect(), &len);
	region16_init(&region);
	rfx_context_set_pixel_format(context, PIXEL_FORMAT_BGRX32);
	assert_true(rfx_process_message(
			context, bytes, (UINT32)len, 0, 0, got, PIXEL_FORMAT_BGRX32, STRIDE, H, &region));
	for (int y = 0; y < H; y += SIDE)
		for (int x = 0; x < W; x += SIDE)
			predict_pixels(want + y * STRIDE + 4 * x, src + y * STRIDE + 4 * x, entropy);
	pixels_check(got, STRIDE, want, STRIDE, W, H, 0);
	region16_uninit(&region);
	rfx_context_free(context);
	free(bytes);
	free(got);
	free(want);
}

static void decodes_the_same(void **state)
{
	uint8_t *src = malloc(H * STRIDE);

	for (int content = 0; content < CONTENTS; content++) {
		content_make(src, content, false);
		freerdp_reads(src, RFX_RLGR1);
		freerdp_reads(src, RFX_RLGR3);
	}
	free(src);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_the_same_rlgr1),
		cmocka_unit_test(encodes_the_same_rlgr3),
		cmocka_unit_test(decodes_the_same),
	};

	setenv("WLOG_LEVEL", "ERROR", 0);
	rfx_dsp_init(&dsp, cpu_flags_detect());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
