/* Input: width, height, seed; then a stream, or with an odd seed edits of the second of
 * two that our own encoder makes. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct clear_decoder *dec = clear_decoder_create();
	uint8_t head[3];
	uint8_t *stream, *got;
	int w, h;

	fuzz_take(&data, &len, sizeof head, head);
	w = head[0] % 64 + 1;
	h = head[1] % 64 + 1;
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
