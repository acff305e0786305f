/* Input: a flag; then RDP_SEGMENTED_DATA, or with an odd flag edits of our own
 * encoder's. */
#include "../codec/pictures.h"
#include "edits.h"
#include <codec/zgfx.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct fuzz_own *find_own(int i)
{
	static struct fuzz_own owns[128];
	static uint8_t plain[512 * 129], encoded[80000];
	struct fuzz_own *own = &owns[i];
	size_t len = i % 8 ? 3000 : 66000; /* one segment, or two */
	struct zgfx_encoder *enc;

	if (own->bytes)
		return own;
	enc = zgfx_encoder_create(1000);
	picture_make((enum picture_kind)(i % PICTURE_KINDS), (uint32_t)i + 1, plain, 512, 128, 129);
	fuzz_own_keep(own, encoded, zgfx_encode(enc, plain, len, encoded, sizeof encoded));
	zgfx_encoder_destroy(enc);
	return own;
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
	if (flag & 1) {
		const struct fuzz_own *own = find_own(flag / 2);

		stream = fuzz_copy_edited(own->bytes, own->len, data, len);
		len = own->len;
	} else {
		stream = fuzz_copy_edited(data, len, NULL, 0);
	}
	decode(dec, stream, len);
	free(stream);
	zgfx_decoder_destroy(dec);
	return 0;
}
