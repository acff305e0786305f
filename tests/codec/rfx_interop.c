/* What our encoders write, read by FreeRDP's decoders and ours: within 1 of 255
 * of each other, and near the original. And what FreeRDP writes, read by ours. */
#include "pictures.h"
#include "rfx_message.h"
#include <codec/cpu.h>
#include <freerdp/codec/color.h>
#include <freerdp/codec/progressive.h>
#include <freerdp/codec/rfx.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 517, H = 333, STRIDE = (W + 3) * 4, ONE_THREAD = 1 };

static uint8_t *freerdp_decode_classic(const uint8_t *bytes, size_t len)
{
	uint8_t *got = calloc(H, STRIDE);
	RFX_CONTEXT *context = rfx_context_new_ex(FALSE, ONE_THREAD);
	REGION16 region;

	region16_init(&region);
	rfx_context_set_pixel_format(context, PIXEL_FORMAT_BGRX32);
	assert_true(rfx_process_message(
			context, bytes, (UINT32)len, 0, 0, got, PIXEL_FORMAT_BGRX32, STRIDE, H, &region));
	rfx_context_free(context);
	region16_uninit(&region);
	return got;
}

static uint8_t *own_decode_classic(const uint8_t *bytes, size_t len)
{
	uint8_t *got = calloc(H, STRIDE);
	struct rfx_picture picture = { got, STRIDE, W, H };
	struct rfx_decoder *decoder = rfx_decoder_create(cpu_flags_detect());

	assert_int_equal(rfx_decoder_paint(decoder, bytes, len, &picture, 0, 0), 0);
	rfx_decoder_destroy(decoder);
	return got;
}

static uint8_t *freerdp_decode_progressive(const uint8_t *bytes, size_t len)
{
	uint8_t *got = calloc(H, STRIDE);
	PROGRESSIVE_CONTEXT *context = progressive_context_new_ex(FALSE, ONE_THREAD);
	REGION16 region;

	region16_init(&region);
	assert_int_equal(progressive_create_surface_context(context, 1, W, H), 1);
	assert_true(progressive_decompress(context, bytes, (UINT32)len, got, PIXEL_FORMAT_BGRX32, STRIDE, 0,
				    0, &region, 1, 1) >= 0);
	progressive_context_free(context);
	region16_uninit(&region);
	return got;
}

static uint8_t *own_decode_progressive(const uint8_t *bytes, size_t len)
{
	uint8_t *got = calloc(H, STRIDE);
	struct rfx_picture picture = { got, STRIDE, W, H };
	struct progressive_decoder *decoder = progressive_decoder_create(W, H, cpu_flags_detect());

	assert_int_equal(progressive_decoder_paint(decoder, 1, bytes, len, &picture), 0);
	progressive_decoder_destroy(decoder);
	return got;
}

/* The presets, and a table in which no two neighbours are the same, so that a
 * mixed up order shows. */
static const double psnr_at_least[RFX_QUALITIES + 1] = { 25, 33, 38, 40, 31 };
static const struct rfx_quant uneven = {
	.luma = { .ll3 = 6,
			.lh3 = 6,
			.hl3 = 8,
			.hh3 = 7,
			.lh2 = 6,
			.hl2 = 8,
			.hh2 = 9,
			.lh1 = 6,
			.hl1 = 8,
			.hh1 = 9 },
	.chroma = { .ll3 = 7,
			.lh3 = 8,
			.hl3 = 6,
			.hh3 = 9,
			.lh2 = 8,
			.hl2 = 6,
			.hh2 = 9,
			.lh1 = 8,
			.hl1 = 6,
			.hh1 = 9 },
};

static void check(enum message_kind kind, enum picture_kind content)
{
	uint8_t *src = calloc(H, STRIDE);
	struct picture picture = { src, STRIDE, W, H };

	picture_make(content, 11, src, STRIDE, W, H);
	for (int quality = 0; quality <= RFX_QUALITIES; quality++) {
		const struct rfx_quant *preset = rfx_quant_preset((enum rfx_quality)quality);
		size_t len;
		uint8_t *bytes = message_make(
				kind, &picture, preset ? preset : &uneven, cpu_flags_detect(), &len);
		bool classic = kind != MESSAGE_PROGRESSIVE;
		uint8_t *theirs = classic ? freerdp_decode_classic(bytes, len)
					  : freerdp_decode_progressive(bytes, len);
		uint8_t *ours = classic ? own_decode_classic(bytes, len) : own_decode_progressive(bytes, len);

		pixels_check(theirs, STRIDE, ours, STRIDE, W, H, 1);
		if (content != PICTURE_NOISE && content != PICTURE_STRIPES)
			assert_true(pixels_psnr(src, STRIDE, ours, STRIDE, W, H) > psnr_at_least[quality]);
		free(bytes);
		free(theirs);
		free(ours);
	}
	free(src);
}

static void freerdp_reads_rlgr1(void **state)
{
	for (int content = 0; content < PICTURE_KINDS; content++)
		check(MESSAGE_RLGR1, (enum picture_kind)content);
}

static void freerdp_reads_rlgr3(void **state)
{
	for (int content = 0; content < PICTURE_KINDS; content++)
		check(MESSAGE_RLGR3, (enum picture_kind)content);
}

static void freerdp_reads_progressive(void **state)
{
	for (int content = 0; content < PICTURE_KINDS; content++)
		check(MESSAGE_PROGRESSIVE, (enum picture_kind)content);
}

static uint8_t *freerdp_encode_classic(const uint8_t *src, RLGR_MODE mode, size_t *len)
{
	RFX_CONTEXT *context = rfx_context_new_ex(TRUE, ONE_THREAD);
	RFX_RECT all = { 0, 0, W, H };
	wStream *stream = Stream_New(NULL, 1 << 20);
	uint8_t *bytes;

	assert_true(rfx_context_reset(context, W, H));
	rfx_context_set_mode(context, mode);
	rfx_context_set_pixel_format(context, PIXEL_FORMAT_BGRX32);
	assert_true(rfx_compose_message(context, stream, &all, 1, src, W, H, STRIDE));
	*len = Stream_GetPosition(stream);
	bytes = malloc(*len);
	memcpy(bytes, Stream_Buffer(stream), *len);
	Stream_Free(stream, TRUE);
	rfx_context_free(context);
	return bytes;
}

static void ours_reads_freerdp(void **state)
{
	static const RLGR_MODE modes[] = { RLGR1, RLGR3 };

	for (int content = 0; content < PICTURE_KINDS; content++) {
		for (int i = 0; i < 2; i++) {
			uint8_t *src = calloc(H, STRIDE), *bytes, *theirs, *ours;
			size_t len;

			picture_make((enum picture_kind)content, 4, src, STRIDE, W, H);
			bytes = freerdp_encode_classic(src, modes[i], &len);
			theirs = freerdp_decode_classic(bytes, len);
			ours = own_decode_classic(bytes, len);
			pixels_check(theirs, STRIDE, ours, STRIDE, W, H, 1);
			free(src);
			free(bytes);
			free(theirs);
			free(ours);
		}
	}
}

/* FreeRDP writes simple tiles with the classic transform. */
static void ours_reads_freerdp_progressive(void **state)
{
	for (int content = 0; content < PICTURE_KINDS; content++) {
		uint8_t *src = calloc(H, STRIDE), *theirs, *ours;
		PROGRESSIVE_CONTEXT *encoder = progressive_context_new_ex(TRUE, ONE_THREAD);
		BYTE *bytes;
		UINT32 len;

		picture_make((enum picture_kind)content, 4, src, STRIDE, W, H);
		assert_true(progressive_compress(encoder, src, H * STRIDE, PIXEL_FORMAT_BGRX32, W, H, STRIDE,
					    NULL, &bytes, &len) > 0);
		theirs = freerdp_decode_progressive(bytes, len);
		ours = own_decode_progressive(bytes, len);
		pixels_check(theirs, STRIDE, ours, STRIDE, W, H, 1);
		progressive_context_free(encoder);
		free(src);
		free(theirs);
		free(ours);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(freerdp_reads_rlgr1),
		cmocka_unit_test(freerdp_reads_rlgr3),
		cmocka_unit_test(freerdp_reads_progressive),
		cmocka_unit_test(ours_reads_freerdp),
		cmocka_unit_test(ours_reads_freerdp_progressive),
	};

	setenv("WLOG_LEVEL", "ERROR", 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
