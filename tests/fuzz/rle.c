/* Input: width, height, depth, seed; then a stream, or with an odd seed edits of one of
 * our own encoder's, which has its own size. */
#include "../codec/pictures.h"
#include "edits.h"
#include <codec/rle.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const int depths[] = { 15, 16, 24 };

static const struct fuzz_own *find_own(int i)
{
	static struct fuzz_own owns[128];
	static uint8_t picture[64 * 64 * 4], encoded[64 * 64 * 5];
	struct fuzz_own *own = &owns[i];

	if (own->bytes)
		return own;
	fuzz_own_size(own, i);
	picture_make((enum picture_kind)(i % PICTURE_KINDS), (uint32_t)i + 1, picture, 256, own->w, own->h);
	fuzz_own_keep(own, encoded,
			rle_encode(picture, 256, own->w, own->h, depths[i / PICTURE_KINDS % 3], encoded,
					sizeof encoded));
	return own;
}

static void decode(const uint8_t *stream, size_t len, int w, int h, int bpp)
{
	uint8_t *got = malloc((size_t)(w * h) * 4);

	if (rle_decode(stream, len, w, h, bpp, got, w * 4) > 0)
		abort();
	free(got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t head[4];
	uint8_t *stream;

	fuzz_take(&data, &len, sizeof head, head);
	if (head[3] & 1) {
		int i = head[3] / 2;
		const struct fuzz_own *own = find_own(i);

		stream = fuzz_copy_edited(own->bytes, own->len, data, len);
		decode(stream, own->len, own->w, own->h, depths[i / PICTURE_KINDS % 3]);
	} else {
		stream = fuzz_copy_edited(data, len, NULL, 0);
		decode(stream, len, head[0] % 64 + 1, head[1] % 64 + 1, depths[head[2] % 3]);
	}
	free(stream);
	return 0;
}
