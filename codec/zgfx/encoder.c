/* RDP_SEGMENTED_DATA writer, [MS-RDPEGFX] 2.2.5. */
#include <base/writer.h>
#include <codec/zgfx.h>
#include <stdlib.h>

enum {
	DESCRIPTOR_SINGLE = 0xe0,
	DESCRIPTOR_MULTIPART = 0xe1,
	HEADER_RDP8 = 0x04, /* PACKET_COMPR_TYPE_RDP8, not compressed */
};

struct zgfx_encoder {
	size_t history_bytes;
};

struct zgfx_encoder *zgfx_encoder_create(size_t history_bytes)
{
	struct zgfx_encoder *enc = calloc(1, sizeof *enc);

	if (enc)
		enc->history_bytes = history_bytes;
	return enc;
}

void zgfx_encoder_destroy(struct zgfx_encoder *enc)
{
	free(enc);
}

static void put_segment(struct writer *w, const uint8_t *src, size_t len)
{
	writer_u8(w, HEADER_RDP8);
	writer_copy(w, src, len);
}

static void put_multipart(struct writer *w, const uint8_t *src, size_t len)
{
	writer_u8(w, DESCRIPTOR_MULTIPART);
	writer_u16(w, (uint16_t)((len + ZGFX_SEGMENT_MAX_BYTES - 1) / ZGFX_SEGMENT_MAX_BYTES));
	writer_u32(w, (uint32_t)len);
	while (len) {
		size_t part = len < ZGFX_SEGMENT_MAX_BYTES ? len : ZGFX_SEGMENT_MAX_BYTES;

		writer_u32(w, (uint32_t)part + 1);
		put_segment(w, src, part);
		src += part;
		len -= part;
	}
}

int zgfx_encode(struct zgfx_encoder *enc, const void *src, size_t len, uint8_t *dst, size_t cap)
{
	struct writer w = writer_init(dst, cap);

	if (!len || len > ZGFX_INPUT_MAX_BYTES)
		return ERR_ARGUMENT;
	if (cap < zgfx_bound(len))
		return ERR_SPACE;
	if (len <= ZGFX_SEGMENT_MAX_BYTES) {
		writer_u8(&w, DESCRIPTOR_SINGLE);
		put_segment(&w, src, len);
	} else {
		put_multipart(&w, src, len);
	}
	return writer_len(&w);
}
