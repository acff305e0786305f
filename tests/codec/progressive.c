/* Refined tiles: the example of [MS-RDPEGFX] 4.1.2, passes and differences through
 * FreeRDP's decoder and ours, and the same result as in one pass. */
#include "pictures.h"
#include "rfx_message.h"
#include <codec/cpu.h>
#include <freerdp/codec/color.h>
#include <freerdp/codec/progressive.h>
#include <progressive/pass.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Bands of 5, 5 and 4 values: HL, LH, LL. */
static const struct pass_layout toy = { 3, { 5, 5, 4 } };
static const struct pass_positions toy_passes[] = { { { 4, 3, 2 } }, { { 0, 1, 2 } }, { { 0, 0, 0 } } };

static void check_upgrade(const int16_t *target, int pass, const uint8_t *srl, int srl_len,
		const uint8_t *raw, int raw_len)
{
	uint8_t dst[64], work[64];
	struct pass_lengths lengths;
	int len = pass_upgrade_make(&lengths, target, &toy, &toy_passes[pass - 1], &toy_passes[pass], dst,
			sizeof dst, work, sizeof work);

	assert_int_equal(lengths.srl, srl_len + 1); /* and a zero byte */
	assert_int_equal(lengths.raw, raw_len);
	assert_int_equal(len, srl_len + 1 + raw_len);
	assert_memory_equal(dst, srl, srl_len);
	assert_int_equal(dst[srl_len], 0);
	assert_memory_equal(dst + srl_len + 1, raw, raw_len);
}

static void apply_upgrade(struct pass_component *component, int pass, const uint8_t *srl, size_t srl_len,
		const uint8_t *raw, size_t raw_len, const int16_t *want)
{
	struct pass_bits bits = { srl, raw, srl_len, raw_len };

	assert_int_equal(pass_upgrade_apply(component, &toy, &toy_passes[pass - 1], &toy_passes[pass], &bits),
			0);
	assert_memory_equal(component->ref, want, 14 * sizeof *want);
}

/* The 14 values of a first pass and their bytes, 4.1.2.1.1 and 4.1.2.1.3, with zeros
 * in the rest of a tile: what follows in our bytes begins with zero bits, as the
 * example's padding does. */
static void check_rlgr1(const int16_t values[14], const uint8_t bytes[6])
{
	static const unsigned levels[] = { 0, CPU_AVX2, CPU_AVX2 | CPU_AVX512 };
	static _Alignas(64) int16_t coefs[RFX_COEFS], got[RFX_COEFS];
	uint8_t bits[1024];

	memcpy(coefs, values, 14 * sizeof *values);
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
		struct rfx_dsp dsp;

		rfx_dsp_init(&dsp, levels[i] & cpu_flags_detect());
		assert_true(dsp.rlgr1_encode(bits, sizeof bits, coefs) > 6);
		assert_memory_equal(bits, bytes, 6);
		dsp.rlgr1_decode(got, bytes, 6);
		assert_memory_equal(got, coefs, sizeof coefs);
	}
}

static void check_signs(const struct pass_component *component, const int8_t signs[10])
{
	assert_memory_equal(component->sign, signs, 10); /* LL has none */
}

/* 4.1.2.1.1, 4.1.2.1.2 and their decoding, 4.1.2.2.1 and 4.1.2.2.2 */
static void sample_first_frame(void **state)
{
	static const int16_t target[] = { -34, -13, 15, -3, 0, 0, -7, 5, -3, 9, 15, 17, -9, 12 };
	static const int16_t first[] = { -2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 1, -7, 6 };
	static const uint8_t rlgr1[] = { 0xa8, 0x62, 0x6d, 0xff, 0xf7, 0x00 };
	static const int8_t signs_25[] = { -1, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
	static const int8_t signs_50[] = { -1, -1, 1, -1, 0, 0, -1, 1, -1, 1 };
	static const int16_t after_25[] = { -32, 0, 0, 0, 0, 0, 0, 0, 0, 8, 12, 16, -12, 12 };
	static const int16_t after_50[] = { -34, -13, 15, -3, 0, 0, -6, 4, -2, 8, 12, 16, -12, 12 };
	static const uint8_t srl[] = { 0xa0, 0x01, 0x80, 0x00, 0xc9, 0x49, 0xe0 }, raw[] = { 0x20 };
	struct pass_component component = { 0 };
	int16_t coefs[14];

	pass_first_make(coefs, target, &toy, &toy_passes[0]);
	assert_memory_equal(coefs, first, sizeof first);
	check_rlgr1(coefs, rlgr1);
	pass_first_apply(&component, &toy, &toy_passes[0], coefs, false);
	assert_memory_equal(component.ref, after_25, sizeof after_25);
	check_signs(&component, signs_25);
	check_upgrade(target, 1, srl, sizeof srl, raw, sizeof raw);
	apply_upgrade(&component, 1, srl, sizeof srl, raw, sizeof raw, after_50);
	check_signs(&component, signs_50);
}

/* 4.1.2.1.3 to 4.1.2.1.5 and 4.1.2.2.3 to 4.1.2.2.5: a difference, in three passes */
static void sample_second_frame(void **state)
{
	static const int16_t before[] = { -34, -13, 15, -3, 0, 0, -6, 4, -2, 8, 12, 16, -12, 12 };
	static const int16_t difference[] = { 32, 11, -12, 0, 1, 3, -1, 1, 0, -7, 12, -3, 30, -7 };
	static const int16_t first[] = { 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, -4, 8, -9 };
	static const uint8_t rlgr1[] = { 0x88, 0x76, 0xbd, 0xff, 0xfe, 0xf2 };
	static const int8_t signs[][10] = { { 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ 1, 1, -1, 0, 1, 1, 0, 0, 0, -1 }, { 1, 1, -1, 0, 1, 1, -1, 1, 0, -1 } };
	static const int16_t after_25[] = { -2, -13, 15, -3, 0, 0, -6, 4, -2, 8, 24, 12, 16, 4 };
	static const int16_t after_50[] = { -2, -2, 3, -3, 1, 2, -6, 4, -2, 2, 24, 12, 16, 4 };
	static const int16_t after_100[] = { -2, -2, 3, -3, 1, 3, -7, 5, -2, 1, 24, 13, 18, 5 };
	/* 4.1.2.1.4 contradicts itself. Printed are 80 07 00 16 9C: of a zero and a one,
	 * "01" and "01", only one "01" is there, and so these bits do not decode to the
	 * values that 4.1.2.2.4 decodes from them. These do: */
	static const uint8_t srl_50[] = { 0x80, 0x07, 0x00, 0x15, 0xa7, 0x00 }, raw_50[] = { 0x00 };
	static const uint8_t srl_100[] = { 0xb0 }, raw_100[] = { 0xc6, 0x40 };
	struct pass_component component = { 0 };
	int16_t coefs[14];

	memcpy(component.ref, before, sizeof before);
	pass_first_make(coefs, difference, &toy, &toy_passes[0]);
	assert_memory_equal(coefs, first, sizeof first);
	check_rlgr1(coefs, rlgr1);
	pass_first_apply(&component, &toy, &toy_passes[0], coefs, true);
	assert_memory_equal(component.ref, after_25, sizeof after_25);
	check_signs(&component, signs[0]);
	check_upgrade(difference, 1, srl_50, sizeof srl_50, raw_50, sizeof raw_50);
	apply_upgrade(&component, 1, srl_50, sizeof srl_50, raw_50, sizeof raw_50, after_50);
	check_signs(&component, signs[1]);
	check_upgrade(difference, 2, srl_100, sizeof srl_100, raw_100, sizeof raw_100);
	apply_upgrade(&component, 2, srl_100, sizeof srl_100, raw_100, sizeof raw_100, after_100);
	check_signs(&component, signs[2]);
}

enum { W = 150, H = 100, W_TILES = 3, H_TILES = 2, TILES = W_TILES * H_TILES, STRIDE = W * 4 };
typedef int step_fn(struct progressive_tile *tile, const struct rfx_tile_job *job,
		struct rfx_scratch *scratch, uint8_t *dst, size_t cap);

/* A server and two clients. */
struct session {
	struct rfx_scratch *scratch;
	struct progressive_tile *tiles[TILES];
	struct progressive_decoder *ours;
	PROGRESSIVE_CONTEXT *theirs;
	uint8_t src[H * STRIDE], our_pixels[H * STRIDE], their_pixels[H * STRIDE];
	uint32_t frame;
	size_t last_size;
};

static struct session *session_create(void)
{
	struct session *s = calloc(1, sizeof *s);

	s->scratch = rfx_scratch_create(cpu_flags_detect());
	s->ours = progressive_decoder_create(W, H, cpu_flags_detect());
	s->theirs = progressive_context_new_ex(FALSE, 1);
	assert_int_equal(progressive_create_surface_context(s->theirs, 1, W, H), 1);
	for (int i = 0; i < TILES; i++)
		s->tiles[i] = progressive_tile_create();
	return s;
}

static void session_destroy(struct session *s)
{
	for (int i = 0; i < TILES; i++)
		progressive_tile_destroy(s->tiles[i]);
	progressive_context_free(s->theirs);
	progressive_decoder_destroy(s->ours);
	rfx_scratch_destroy(s->scratch);
	free(s);
}

static void session_show(struct session *s, const struct rfx_frame *frame)
{
	struct rfx_picture picture = { s->our_pixels, STRIDE, W, H };
	size_t size = progressive_frame_size(frame);
	uint8_t *bytes = malloc(size);
	REGION16 region;

	assert_int_equal(progressive_frame_write(W, H, frame, bytes, size), size);
	assert_int_equal(progressive_decoder_paint(s->ours, s->frame, bytes, size, &picture), 0);
	region16_init(&region);
	assert_true(progressive_decompress(s->theirs, bytes, (UINT32)size, s->their_pixels,
				    PIXEL_FORMAT_BGRX32, STRIDE, 0, 0, &region, 1, s->frame) >= 0);
	region16_uninit(&region);
	free(bytes);
	s->last_size = size;
	pixels_check(s->our_pixels, STRIDE, s->their_pixels, STRIDE, W, H, 1);
}

/* One step of all tiles that are not complete, shown by both clients. */
static void session_step(struct session *s, const struct rfx_quant *quant, step_fn *step)
{
	static uint8_t bytes[TILES][RFX_TILE_BYTES_MAX];
	struct rfx_chunk chunks[TILES];
	struct rfx_rect all = { 0, 0, W, H };
	struct rfx_frame frame = { .frame_index = ++s->frame,
		.rects = &all,
		.rect_count = 1,
		.quants = quant,
		.quant_count = 1,
		.tiles = chunks };

	for (int i = 0; i < TILES; i++) {
		int x = i % W_TILES * 64, y = i / W_TILES * 64, len;
		struct rfx_tile_job job = { .src = s->src + y * STRIDE + 4 * x,
			.stride_bytes = STRIDE,
			.w_px = W - x < 64 ? W - x : 64,
			.h_px = H - y < 64 ? H - y : 64,
			.x_tile = x / 64,
			.y_tile = y / 64,
			.quant = quant };

		if (step == progressive_tile_upgrade && progressive_tile_passes_left(s->tiles[i]) == 0)
			continue;
		len = step(s->tiles[i], &job, s->scratch, bytes[i], RFX_TILE_BYTES_MAX);
		assert_true(len > 0);
		chunks[frame.tile_count++] = (struct rfx_chunk){ bytes[i], (size_t)len };
	}
	session_show(s, &frame);
}

static int step_whole(struct progressive_tile *tile, const struct rfx_tile_job *job,
		struct rfx_scratch *scratch, uint8_t *dst, size_t cap)
{
	return progressive_tile_encode(job, scratch, dst, cap);
}

static int passes_left(const struct session *s)
{
	int left = 0;

	for (int i = 0; i < TILES; i++)
		if (progressive_tile_passes_left(s->tiles[i]) > left)
			left = progressive_tile_passes_left(s->tiles[i]);
	return left;
}

static void check_refinement(enum picture_kind kind, const struct rfx_quant *quant)
{
	struct session *s = session_create(), *whole = session_create();
	double psnr, before = 0;

	picture_make(kind, 21, s->src, STRIDE, W, H);
	memcpy(whole->src, s->src, sizeof s->src);
	session_step(whole, quant, step_whole);
	session_step(s, quant, progressive_tile_first);
	assert_true(kind == PICTURE_FLAT || s->last_size < whole->last_size);
	while (passes_left(s) > 0) {
		psnr = pixels_psnr(s->src, STRIDE, s->our_pixels, STRIDE, W, H);
		assert_true(psnr >= before);
		before = psnr;
		session_step(s, quant, progressive_tile_upgrade);
	}
	pixels_check(s->our_pixels, STRIDE, whole->our_pixels, STRIDE, W, H, 0);
	pixels_check(s->their_pixels, STRIDE, whole->their_pixels, STRIDE, W, H, 0);
	session_destroy(s);
	session_destroy(whole);
}

static void passes_end_as_one_pass(void **state)
{
	for (int kind = 0; kind < PICTURE_KINDS; kind++)
		for (int quality = 0; quality < RFX_QUALITIES; quality++)
			check_refinement(
					(enum picture_kind)kind, rfx_quant_preset((enum rfx_quality)quality));
}

/* A little change after each number of passes: a difference, and the same result. */
static void differences_end_as_one_pass(void **state)
{
	const struct rfx_quant *quant = rfx_quant_preset(RFX_QUALITY_HIGH);

	for (int passes = 1; passes <= PROGRESSIVE_PASSES; passes++) {
		struct session *s = session_create(), *whole = session_create();

		picture_make(PICTURE_PHOTO, 9, s->src, STRIDE, W, H);
		session_step(s, quant, progressive_tile_first);
		for (int i = 1; i < passes; i++)
			session_step(s, quant, progressive_tile_upgrade);
		for (int i = 0; i < 200; i++)
			s->src[H / 2 * STRIDE + i] ^= 0x7f;
		memcpy(whole->src, s->src, sizeof s->src);
		session_step(s, quant, progressive_tile_refresh);
		session_step(whole, quant, step_whole);
		assert_true(s->last_size < whole->last_size);
		pixels_check(s->our_pixels, STRIDE, whole->our_pixels, STRIDE, W, H, 0);
		pixels_check(s->their_pixels, STRIDE, whole->their_pixels, STRIDE, W, H, 0);
		session_destroy(s);
		session_destroy(whole);
	}
}

static void refusals(void **state)
{
	struct session *s = session_create();
	struct rfx_quant quant = *rfx_quant_preset(RFX_QUALITY_FINEST);
	struct rfx_tile_job job = {
		.src = s->src, .stride_bytes = STRIDE, .w_px = 64, .h_px = 64, .quant = &quant
	};
	static uint8_t dst[RFX_TILE_BYTES_MAX];
	int len;

	picture_make(PICTURE_PHOTO, 2, s->src, STRIDE, W, H);
	assert_int_equal(progressive_tile_passes_left(s->tiles[0]), 0);
	assert_int_equal(progressive_tile_upgrade(s->tiles[0], &job, s->scratch, dst, sizeof dst),
			ERR_ARGUMENT);
	len = progressive_tile_first(s->tiles[0], &job, s->scratch, dst, sizeof dst);
	assert_true(len > 0);
	for (int cap = 0; cap < len; cap++)
		assert_int_equal(progressive_tile_first(s->tiles[1], &job, s->scratch, dst, (size_t)cap),
				ERR_SPACE);
	len = progressive_tile_upgrade(s->tiles[0], &job, s->scratch, dst, sizeof dst);
	assert_true(len > 0);
	for (int cap = 0; cap < 40; cap++)
		assert_int_equal(progressive_tile_upgrade(
						 s->tiles[0], &job, s->scratch, dst, (size_t)cap % 20),
				ERR_SPACE);
	assert_true(progressive_tile_upgrade(s->tiles[0], &job, s->scratch, dst, sizeof dst) > 0);
	assert_int_equal(progressive_tile_upgrade(s->tiles[0], &job, s->scratch, dst, sizeof dst),
			ERR_UNEXPECTED);
	quant.luma.hh1++;
	assert_int_equal(progressive_tile_upgrade(s->tiles[0], &job, s->scratch, dst, sizeof dst),
			ERR_ARGUMENT);
	job.w_px = 0;
	assert_int_equal(
			progressive_tile_first(s->tiles[0], &job, s->scratch, dst, sizeof dst), ERR_ARGUMENT);
	session_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sample_first_frame),
		cmocka_unit_test(sample_second_frame),
		cmocka_unit_test(passes_end_as_one_pass),
		cmocka_unit_test(differences_end_as_one_pass),
		cmocka_unit_test(refusals),
	};

	setenv("WLOG_LEVEL", "ERROR", 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
