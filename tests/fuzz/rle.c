/* Input: width, height, depth, seed; then a stream, or with an odd seed edits of our
 * own encoder's. */
#include "../codec/pictures.h"
#include "edits.h"
#include <codec/rle.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t picture[64 * 64 * 4], encoded[64 * 64 * 5];

static uint8_t *edit_own(const uint8_t *head, int w, int h, int bpp, const uint8_t *edits, size_t edits_len,
		size_t *len)
{
	int own_len;

	picture_make((enum picture_kind)(head[3] / 2 % PICTURE_KINDS), head[3], picture, 256, w, h);
	own_len = rle_encode(picture, 256, w, h, bpp, encoded, sizeof encoded);
	if (own_len <= 0)
		abort();
	*len = (size_t)own_len;
	return fuzz_copy_edited(encoded, *len, edits, edits_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const int depths[] = { 15, 16, 24 };
	uint8_t head[4];
	int w, h, bpp;
	uint8_t *stream, *got;

	fuzz_take(&data, &len, sizeof head, head);
	w = head[0] % 64 + 1;
	h = head[1] % 64 + 1;
	bpp = depths[head[2] % 3];
	stream = head[3] & 1 ? edit_own(head, w, h, bpp, data, len, &len)
			     : fuzz_copy_edited(data, len, NULL, 0);
	got = malloc((size_t)(w * h) * 4);
	if (rle_decode(stream, len, w, h, bpp, got, w * 4) > 0)
		abort();
	free(got);
	free(stream);
	return 0;
}
