/* Input: width, height, seed; then a stream, or with an odd seed edits of the second of
 * two that our own encoder makes, or with a seed of 4 n + 2 pixels, which must come
 * through encoder and decoder as they are. */
#include "../codec/pictures.h"
#include "edits.h"
#include <codec/clear.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t picture[64 * 64 * 4], encoded[64 * 64 * 5];

static size_t encode(struct clear_encoder *enc, int kind, uint8_t seed, int w, int h)
{
	int len;

	picture_make((enum picture_kind)(kind % PICTURE_KINDS), seed, picture, 256, w, h);
	len = clear_encode(enc, picture, 256, 0, w, h, encoded, sizeof encoded);
	if (len <= 0)
		abort();
	return (size_t)len;
}

static uint8_t *edit_own(struct clear_decoder *dec, uint8_t seed, int w, int h, const uint8_t *edits,
		size_t edits_len, size_t *len)
{
	struct clear_encoder *enc = clear_encoder_create();
	static uint8_t first[64 * 64 * 4];

	*len = encode(enc, seed / 2, seed, w, h);
	if (clear_decode(dec, encoded, *len, w, h, first, 256))
		abort();
	*len = encode(enc, seed / 32, seed, w, h);
	clear_encoder_destroy(enc);
	return fuzz_copy_edited(encoded, *len, edits, edits_len);
}

static void fill_picture(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < sizeof picture; i++)
		picture[i] = len ? (uint8_t)(data[i / 4 % len] * 37) : 0;
}

static void send_parts(struct clear_encoder *enc, struct clear_decoder *dec, int w, int y, int h)
{
	static uint8_t shown[64 * 64 * 4];
	int heights[CLEAR_PARTS_MAX], count;

	if (clear_fit(enc, picture, 256, w, 64, &y, &h))
		abort();
	if (y < 0 || h < 1 || y + h > 64)
		abort();
	count = clear_parts(enc, picture + 256 * y, 256, y, w, h, heights);
	for (int i = 0; i < count; y += heights[i++]) {
		int len = clear_encode(
				enc, picture + 256 * y, 256, y, w, heights[i], encoded, sizeof encoded);

		if (len <= 0 || clear_decode(dec, encoded, (size_t)len, w, heights[i], shown + 256 * y, 256))
			abort();
		for (int px = 0; px < 64 * heights[i]; px++) {
			if (px % 64 < w && memcmp(shown + 256 * y + 4 * px, picture + 256 * y + 4 * px, 3))
				abort();
		}
	}
}

/* Two pictures, and the first one's middle once more */
static void go_through(struct clear_decoder *dec, int w, int h, const uint8_t *data, size_t len)
{
	struct clear_encoder *enc = clear_encoder_create();

	fill_picture(data, len / 2);
	send_parts(enc, dec, w, 0, h);
	fill_picture(data + len / 2, len - len / 2);
	send_parts(enc, dec, w, 0, h);
	fill_picture(data, len / 2);
	send_parts(enc, dec, w, h / 3, h - h / 3);
	clear_encoder_destroy(enc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct clear_decoder *dec = clear_decoder_create();
	uint8_t head[3];
	uint8_t *stream, *got;
	int w, h;

	fuzz_take(&data, &len, sizeof head, head);
	w = head[0] % 64 + 1;
	h = head[1] % 64 + 1;
	if (head[2] % 4 == 2) {
		go_through(dec, w, h, data, len);
		clear_decoder_destroy(dec);
		return 0;
	}
	stream = head[2] & 1 ? edit_own(dec, head[2], w, h, data, len, &len)
			     : fuzz_copy_edited(data, len, NULL, 0);
	got = calloc((size_t)(w * h), 4);
	if (clear_decode(dec, stream, len, w, h, got, w * 4) > 0)
		abort();
	free(got);
	free(stream);
	clear_decoder_destroy(dec);
	return 0;
}
