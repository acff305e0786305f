/* Input: width, height; then pixels, which must come through encoder and decoder as they
 * are. */
#include "edits.h"
#include <codec/clear.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t picture[64 * 64 * 4], encoded[64 * 64 * 5];

/* One byte a pixel, again and again */
static void fill_picture(const uint8_t *data, size_t len)
{
	memset(picture, 0, sizeof picture);
	for (size_t i = 0, at = 0; len && i < sizeof picture; i += 4, at = at + 1 < len ? at + 1 : 0)
		memset(picture + i, data[at] * 37 & 0xff, 4);
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
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct clear_encoder *enc = clear_encoder_create();
	struct clear_decoder *dec = clear_decoder_create();
	uint8_t head[2];
	int w, h;

	fuzz_take(&data, &len, sizeof head, head);
	w = head[0] % 64 + 1;
	h = head[1] % 64 + 1;
	fill_picture(data, len / 2);
	send_parts(enc, dec, w, 0, h);
	fill_picture(data + len / 2, len - len / 2);
	send_parts(enc, dec, w, 0, h);
	fill_picture(data, len / 2);
	send_parts(enc, dec, w, h / 3, h - h / 3);
	clear_encoder_destroy(enc);
	clear_decoder_destroy(dec);
	return 0;
}
