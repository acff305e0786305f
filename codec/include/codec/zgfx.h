/* RDP 8.0 bulk compression (ZGFX): the RDP_SEGMENTED_DATA that wraps everything a
 * server sends on the RDPGFX channel, [MS-RDPEGFX] 2.2.5 and 3.1.9.1. No I/O.
 * Encoder and decoder belong to one channel and one thread at a time: what the encoder
 * writes must be sent, all of it and in the order of the calls, since the client's history
 * follows from it. */
#ifndef CODEC_ZGFX_H
#define CODEC_ZGFX_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

struct zgfx_encoder;
struct zgfx_decoder;

enum {
	ZGFX_HISTORY_MAX_BYTES = 2500000, /* what every client keeps */
	ZGFX_HISTORY_SMALL_BYTES = 256 * 1024,
	ZGFX_SEGMENT_MAX_BYTES = 65535,          /* input bytes of one segment */
	ZGFX_INPUT_MAX_BYTES = 64 * 1024 * 1024, /* of one call */
};

/* The room zgfx_encode wants for len input bytes: the most it writes and 32 bytes in
 * which it may scribble. */
static inline size_t zgfx_bound(size_t len)
{
	return 7 + len + 5 * (len / ZGFX_SEGMENT_MAX_BYTES + 1) + 32;
}

/* history_bytes  how far back matches may reach, 0..ZGFX_HISTORY_MAX_BYTES. Memory:
 *                this, as much again for room but at most 1 MiB of it, and 208 KiB
 *                of tables, in huge pages from 2 MiB on (4 MiB for the whole
 *                history). 0 makes an encoder that only wraps.
 * Returns owned, or NULL without memory. */
struct zgfx_encoder *zgfx_encoder_create(size_t history_bytes);
void zgfx_encoder_destroy(struct zgfx_encoder *enc);

/* Wraps src (one or more whole RDPGFX messages, 1..ZGFX_INPUT_MAX_BYTES bytes,
 * borrowed) into one RDP_SEGMENTED_DATA. dst: zgfx_bound(len) bytes or more.
 * Returns the bytes written (> 0), ERR_ARGUMENT or ERR_SPACE; after an error the
 * encoder is as it was. */
MUST_USE int zgfx_encode(struct zgfx_encoder *enc, const void *src, size_t len, uint8_t *dst, size_t cap);

/* Up to 3.5 MB, taken as the history fills. Returns owned, or NULL without memory. */
struct zgfx_decoder *zgfx_decoder_create(void);
void zgfx_decoder_destroy(struct zgfx_decoder *dec);

/* The room zgfx_decode wants for one RDP_SEGMENTED_DATA (never more than
 * ZGFX_INPUT_MAX_BYTES), or ERR_FORMAT. */
MUST_USE int zgfx_decoded_max(const uint8_t *src, size_t len);

/* Unwraps one RDP_SEGMENTED_DATA; src is borrowed. Hostile bytes are welcome.
 * Returns the bytes written to dst, ERR_SPACE, ERR_MEMORY or ERR_FORMAT; after the last
 * two the history no longer matches the server's, so the channel must end. */
MUST_USE int zgfx_decode(struct zgfx_decoder *dec, const uint8_t *src, size_t len, uint8_t *dst, size_t cap);

#endif
