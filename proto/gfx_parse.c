/* RDPGFX commands from client to server. */
#include <proto/gfx.h>

int gfx_header_parse(struct gfx_header *header, struct reader *message)
{
	uint32_t len;

	header->command = reader_u16(message);
	reader_u16(message); /* flags */
	len = reader_u32(message);
	if (len < GFX_HEADER_BYTES)
		reader_fail(message);
	header->body = reader_sub(message, len - GFX_HEADER_BYTES);
	return reader_ok(message) ? 0 : ERR_FORMAT;
}

int gfx_frame_ack_parse(struct gfx_frame_ack *ack, struct reader *r)
{
	ack->queue_depth_bytes = reader_u32(r);
	ack->frame_id = reader_u32(r);
	ack->frames_decoded = reader_u32(r);
	return reader_done(r) ? 0 : ERR_FORMAT;
}

int gfx_qoe_ack_parse(struct gfx_qoe_ack *ack, struct reader *r)
{
	ack->frame_id = reader_u32(r);
	ack->start_ms = reader_u32(r);
	ack->decode_ms = reader_u16(r);
	ack->present_ms = reader_u16(r);
	return reader_done(r) ? 0 : ERR_FORMAT;
}

enum {
	CACHE_ENTRY_BYTES = 12, /* RDPGFX_CACHE_ENTRY_METADATA, 2.2.2.16.1 */
};

int gfx_cache_offer_parse(struct gfx_cache_offer *offer, struct reader *r)
{
	offer->count = reader_u16(r);
	if (offer->count > GFX_CACHE_OFFER_MAX)
		reader_fail(r);
	offer->entries = reader_take(r, (size_t)offer->count * CACHE_ENTRY_BYTES);
	return reader_done(r) ? 0 : ERR_FORMAT;
}

struct gfx_cache_entry gfx_cache_offer_entry(const struct gfx_cache_offer *offer, uint32_t index)
{
	struct reader r = reader_init(offer->entries + (size_t)index * CACHE_ENTRY_BYTES, CACHE_ENTRY_BYTES);
	uint64_t key = reader_u64(&r);

	return (struct gfx_cache_entry){ .key = key, .size_bytes = reader_u32(&r) };
}
