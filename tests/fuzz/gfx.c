/* A message of the graphics channel, from the client: command after command. */
#include <proto/gfx.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_caps(struct reader *r)
{
	struct gfx_caps caps;
	struct gfx_caps_choice choice;
	uint8_t confirm[64];
	struct writer w = writer_init(confirm, sizeof confirm);

	if (gfx_caps_parse(&caps, r) < 0 || gfx_caps_choose(&choice, &caps) < 0)
		return;
	gfx_caps_confirm_write(&w, &choice.confirm);
	if (writer_len(&w) < 20 || choice.cache_slots == 0)
		abort();
}

static void check_offer(struct reader *r)
{
	struct gfx_cache_offer offer;
	uint64_t sum = 0;

	if (gfx_cache_offer_parse(&offer, r) < 0)
		return;
	for (uint32_t i = 0; i < offer.count; i++)
		sum += gfx_cache_offer_entry(&offer, i).key;
	if (offer.count == 0 && sum)
		abort();
}

static void check_body(struct gfx_header *header)
{
	struct gfx_frame_ack ack;
	struct gfx_qoe_ack qoe;

	switch (header->command) {
	case GFX_CAPS_ADVERTISE: check_caps(&header->body); break;
	case GFX_CACHE_IMPORT_OFFER: check_offer(&header->body); break;
	case GFX_FRAME_ACK:
		if (gfx_frame_ack_parse(&ack, &header->body) == 0 && reader_left(&header->body))
			abort();
		break;
	case GFX_QOE_FRAME_ACK:
		if (gfx_qoe_ack_parse(&qoe, &header->body) == 0 && reader_left(&header->body))
			abort();
		break;
	default: break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct gfx_header header;
	struct reader message;

	if (!copy)
		return 0;
	memcpy(copy, data, len);
	message = reader_init(copy, len);
	while (reader_left(&message) && gfx_header_parse(&header, &message) == 0)
		check_body(&header);
	free(copy);
	return 0;
}
