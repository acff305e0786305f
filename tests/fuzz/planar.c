/* Input: width, height, flags, seed; then a stream, or with an odd seed edits of our
 * own encoder's. */
#include "../codec/pictures.h"
#include "edits.h"
#include <codec/planar.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t picture[64 * 64 * 4], encoded[64 * 64 * 5];

static uint8_t *edit_own(
		const uint8_t *head, int w, int h, const uint8_t *edits, size_t edits_len, size_t *len)
{
	struct planar_dsp dsp;
	int own_len;

	planar_dsp_init(&dsp, 0);
	picture_make((enum picture_kind)(head[3] / 2 % PICTURE_KINDS), head[3], picture, 256, w, h);
	own_len = planar_encode(&dsp, picture, 256, w, h, head[2], encoded, sizeof encoded);
	if (own_len <= 0)
		abort();
	*len = (size_t)own_len;
	return fuzz_copy_edited(encoded, *len, edits, edits_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t head[4];
	int w, h;
	uint8_t *stream, *got;

	fuzz_take(&data, &len, sizeof head, head);
	w = head[0] % 64 + 1;
	h = head[1] % 64 + 1;
	stream = head[3] & 1 ? edit_own(head, w, h, data, len, &len) : fuzz_copy_edited(data, len, NULL, 0);
	got = malloc((size_t)(w * h) * 4);
	if (planar_decode(stream, len, w, h, head[2] & PLANAR_BOTTOM_UP, got, w * 4) > 0)
		abort();
	free(got);
	free(stream);
	return 0;
}
