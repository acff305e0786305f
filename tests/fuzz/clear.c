/* Input: width, height, seed; then a stream, or with an odd seed edits of the second of
 * two that our own encoder made. */
#include "../codec/pictures.h"
#include "edits.h"
#include <codec/clear.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void encode(struct clear_encoder *enc, struct fuzz_own *own, int i, int kind)
{
	static uint8_t picture[64 * 64 * 4], encoded[64 * 64 * 5];

	fuzz_own_size(own, i);
	picture_make((enum picture_kind)(kind % PICTURE_KINDS), (uint32_t)i + 1, picture, 256, own->w,
			own->h);
	fuzz_own_keep(own, encoded,
			clear_encode(enc, picture, 256, 0, own->w, own->h, encoded, sizeof encoded));
}

/* Two pictures of one size */
static const struct fuzz_own *find_owns(int i)
{
	static struct fuzz_own owns[128][2];

	if (!owns[i][0].bytes) {
		struct clear_encoder *enc = clear_encoder_create();

		encode(enc, &owns[i][0], i, i);
		encode(enc, &owns[i][1], i, i / PICTURE_KINDS);
		clear_encoder_destroy(enc);
	}
	return owns[i];
}

static void decode(struct clear_decoder *dec, const uint8_t *stream, size_t len, int w, int h)
{
	uint8_t *got = calloc((size_t)(w * h), 4);

	if (clear_decode(dec, stream, len, w, h, got, w * 4) > 0)
		abort();
	free(got);
}

static void decode_edited(struct clear_decoder *dec, int i, const uint8_t *edits, size_t edits_len)
{
	const struct fuzz_own *owns = find_owns(i);
	uint8_t *stream = fuzz_copy_edited(owns[1].bytes, owns[1].len, edits, edits_len);

	decode(dec, owns[0].bytes, owns[0].len, owns[0].w, owns[0].h);
	decode(dec, stream, owns[1].len, owns[1].w, owns[1].h);
	free(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct clear_decoder *dec = clear_decoder_create();
	uint8_t head[3];

	fuzz_take(&data, &len, sizeof head, head);
	if (head[2] & 1) {
		decode_edited(dec, head[2] / 2, data, len);
	} else {
		uint8_t *stream = fuzz_copy_edited(data, len, NULL, 0);

		decode(dec, stream, len, head[0] % 128 + 1, head[1] % 128 + 1);
		free(stream);
	}
	clear_decoder_destroy(dec);
	return 0;
}
