/* Input: width, height, flags, seed; then a stream, or with an odd seed edits of one of
 * our own encoder's, which has its own size. */
#include "../codec/pictures.h"
#include "edits.h"
#include <codec/planar.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct fuzz_own *find_own(int i)
{
	static struct fuzz_own owns[128];
	static uint8_t picture[64 * 64 * 4], encoded[64 * 64 * 5];
	struct fuzz_own *own = &owns[i];
	struct planar_dsp dsp;

	if (own->bytes)
		return own;
	planar_dsp_init(&dsp, 0);
	fuzz_own_size(own, i);
	picture_make((enum picture_kind)(i % PICTURE_KINDS), (uint32_t)i + 1, picture, 256, own->w, own->h);
	fuzz_own_keep(own, encoded,
			planar_encode(&dsp, picture, 256, own->w, own->h, (unsigned)i / PICTURE_KINDS & 3,
					encoded, sizeof encoded));
	return own;
}

static void decode(const uint8_t *stream, size_t len, int w, int h, unsigned flags)
{
	uint8_t *got = malloc((size_t)(w * h) * 4);

	if (planar_decode(stream, len, w, h, flags & PLANAR_BOTTOM_UP, got, w * 4) > 0)
		abort();
	free(got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t head[4];
	uint8_t *stream;

	fuzz_take(&data, &len, sizeof head, head);
	if (head[3] & 1) {
		const struct fuzz_own *own = find_own(head[3] / 2);

		stream = fuzz_copy_edited(own->bytes, own->len, data, len);
		decode(stream, own->len, own->w, own->h, head[2]);
	} else {
		stream = fuzz_copy_edited(data, len, NULL, 0);
		decode(stream, len, head[0] % 64 + 1, head[1] % 64 + 1, head[2]);
	}
	free(stream);
	return 0;
}
