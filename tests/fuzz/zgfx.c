/* Input: a flag; then RDP_SEGMENTED_DATA, or with an odd flag edits of our own
 * encoder's. */
#include "../codec/pictures.h"
#include "edits.h"
#include <codec/zgfx.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t plain[70000], encoded[80000];

static uint8_t *edit_own(uint8_t seed, const uint8_t *edits, size_t edits_len, size_t *len)
{
	struct zgfx_encoder *enc = zgfx_encoder_create(1000);
	size_t plain_len = seed & 2 ? 66000 : 3000;
	int own_len;

	picture_make((enum picture_kind)(seed / 4 % PICTURE_KINDS), seed, plain, 512, 128,
			(int)plain_len / 512 + 1);
	own_len = zgfx_encode(enc, plain, plain_len, encoded, sizeof encoded);
	if (own_len <= 0)
		abort();
	zgfx_encoder_destroy(enc);
	*len = (size_t)own_len;
	return fuzz_copy_edited(encoded, *len, edits, edits_len);
}

static void decode(struct zgfx_decoder *dec, const uint8_t *stream, size_t len)
{
	int max = zgfx_decoded_max(stream, len);
	uint8_t *got;

	if (max < 0)
		return;
	got = malloc(max ? (size_t)max : 1);
	if (zgfx_decode(dec, stream, len, got, (size_t)max) > max)
		abort();
	free(got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct zgfx_decoder *dec = zgfx_decoder_create();
	uint8_t flag;
	uint8_t *stream;

	fuzz_take(&data, &len, 1, &flag);
	stream = flag & 1 ? edit_own(flag, data, len, &len) : fuzz_copy_edited(data, len, NULL, 0);
	decode(dec, stream, len);
	free(stream);
	zgfx_decoder_destroy(dec);
	return 0;
}
