/* ZGFX compressor, [MS-RDPEGFX] 3.1.9.1: the history, and the segments around the
 * bits that compress.c makes. */
#include "compress.h"
#include "tokens.h"
#include <base/writer.h>
#include <codec/zgfx.h>
#include <stdlib.h>
#include <string.h>

struct zgfx_encoder {
	struct zgfx_window window;
};

struct zgfx_encoder *zgfx_encoder_create(size_t history_bytes)
{
	struct zgfx_encoder *enc;

	if (history_bytes > ZGFX_HISTORY_MAX_BYTES)
		history_bytes = ZGFX_HISTORY_MAX_BYTES;
	enc = calloc(1, sizeof *enc);
	if (enc && history_bytes && zgfx_window_init(&enc->window, history_bytes) < 0) {
		free(enc);
		return NULL;
	}
	return enc;
}

void zgfx_encoder_destroy(struct zgfx_encoder *enc)
{
	if (!enc)
		return;
	zgfx_window_finish(&enc->window);
	free(enc);
}

/* RDP8_BULK_ENCODED_DATA. dst has room for len + 1 bytes. */
static size_t put_segment(struct zgfx_encoder *enc, const uint8_t *src, size_t len, uint8_t *dst)
{
	size_t packed = enc->window.history_bytes ? zgfx_compress(&enc->window, src, len, dst + 1) : 0;

	dst[0] = ZGFX_HEADER_RDP8;
	if (packed) {
		dst[0] |= ZGFX_HEADER_COMPRESSED;
		return 1 + packed;
	}
	memcpy(dst + 1, src, len);
	return 1 + len;
}

static size_t put_multipart(struct zgfx_encoder *enc, const uint8_t *src, size_t len, uint8_t *dst)
{
	uint8_t *at = dst;

	*at++ = ZGFX_DESCRIPTOR_MULTIPART;
	store_u16(at, (uint16_t)((len + ZGFX_SEGMENT_MAX_BYTES - 1) / ZGFX_SEGMENT_MAX_BYTES));
	store_u32(at + 2, (uint32_t)len);
	at += 6;
	while (len) {
		size_t part = len < ZGFX_SEGMENT_MAX_BYTES ? len : ZGFX_SEGMENT_MAX_BYTES;
		size_t segment_len = put_segment(enc, src, part, at + 4);

		store_u32(at, (uint32_t)segment_len);
		at += 4 + segment_len;
		src += part;
		len -= part;
	}
	return (size_t)(at - dst);
}

int zgfx_encode(struct zgfx_encoder *enc, const void *src, size_t len, uint8_t *dst, size_t cap)
{
	if (!len || len > ZGFX_INPUT_MAX_BYTES)
		return ERR_ARGUMENT;
	if (cap < zgfx_bound(len))
		return ERR_SPACE;
	if (len > ZGFX_SEGMENT_MAX_BYTES)
		return (int)put_multipart(enc, src, len, dst);
	*dst = ZGFX_DESCRIPTOR_SINGLE;
	return 1 + (int)put_segment(enc, src, len, dst + 1);
}
