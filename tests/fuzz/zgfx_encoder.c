/* Input: pieces to send, which must come through encoder and decoder as they are: each a
 * byte of length, 16 bits that say how many bytes before the end of what was sent they
 * are taken from, and, for length 0, a count of the bytes that follow as they are. */
#include "edits.h"
#include <codec/zgfx.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t plain[70000];

/* One message through both. Its buffers have just the size that is asked for. */
static void send(struct zgfx_encoder *enc, struct zgfx_decoder *dec, const uint8_t *src, size_t src_len)
{
	uint8_t *bytes = malloc(zgfx_bound(src_len));
	int len = zgfx_encode(enc, src, src_len, bytes, zgfx_bound(src_len)), max;
	uint8_t *got;

	if (len <= 0)
		abort();
	max = zgfx_decoded_max(bytes, (size_t)len);
	got = malloc((size_t)max);
	if (zgfx_decode(dec, bytes, (size_t)len, got, (size_t)max) != (int)src_len ||
			memcmp(got, src, src_len) != 0)
		abort();
	free(got);
	free(bytes);
}

/* Adds one piece to plain. Returns the new length. */
static size_t add_piece(size_t at, const uint8_t **data, size_t *len)
{
	uint8_t piece[4] = { 0 };
	size_t count, back;

	fuzz_take(data, len, sizeof piece, piece);
	back = piece[1] | piece[2] << 8;
	count = piece[0] ? (size_t)piece[0] << (piece[3] & 7) : piece[3];
	for (; count && at < sizeof plain; count--, at++) {
		plain[at] = back && back <= at ? plain[at - back] : 0;
		if (!piece[0])
			fuzz_take(data, len, 1, &plain[at]);
	}
	return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct zgfx_encoder *enc = zgfx_encoder_create(len % 2 ? 500 : 30000);
	struct zgfx_decoder *dec = zgfx_decoder_create();
	size_t sent = 0, at = 0;

	while (len && at < sizeof plain) {
		at = add_piece(at, &data, &len);
		if (at - sent > 100 * (len & 15)) {
			send(enc, dec, plain + sent, at - sent);
			sent = at;
		}
	}
	for (int i = 0; i < 4 && at; i++) /* again, until the window has moved */
		send(enc, dec, plain, at);
	zgfx_encoder_destroy(enc);
	zgfx_decoder_destroy(dec);
	return 0;
}
