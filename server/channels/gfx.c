#include "gfx.h"
#include <base/loop.h>
#include <codec/zgfx.h>
#include <stdlib.h>

enum {
	MESSAGE_MAX_BYTES =
			256 * 1024, /* the longest a client sends: a cache offer of 5461 entries has 65 KiB */
	COMMANDS_MAX_BYTES = 1024,  /* of one message without bitmaps */
	PROGRESSIVE_CONTEXT = 1,
	/* A frame's commands up to this size go as one message: a small frame is then
	 * three writes to the socket in place of five, a large one still starts early. */
	COMBINE_BYTES = 16 * 1024,
};

struct gfx {
	struct dvc *dvc;
	struct dvc_handler handler;
	struct gfx_events events;
	struct zgfx_encoder *zgfx;
	int channel;
	bool ready, acks_suspended;
	uint16_t surface; /* 0: none */
	uint16_t width_px, height_px;
	uint32_t last_frame, acked_frame; /* ids count up from 1 and wrap */
	bool in_frame;
	uint8_t *message, *packed; /* scratch that grows to the largest message */
	size_t message_cap, packed_cap;
	size_t pending_bytes; /* commands of the frame in message, not yet sent */
};

static int reserve(uint8_t **block, size_t *cap, size_t want)
{
	uint8_t *grown;

	if (want <= *cap)
		return 0;
	grown = realloc(*block, want);
	if (!grown)
		return ERR_MEMORY;
	*block = grown;
	*cap = want;
	return 0;
}

static int send_message(struct gfx *gfx, const struct writer *w)
{
	int len = writer_len(w);

	if (len < 0)
		return len;
	if (reserve(&gfx->packed, &gfx->packed_cap, zgfx_bound((size_t)len)) < 0)
		return ERR_MEMORY;
	len = zgfx_encode(gfx->zgfx, w->start, (size_t)len, gfx->packed, gfx->packed_cap);
	return len < 0 ? len : dvc_queue(gfx->dvc, gfx->channel, gfx->packed, (size_t)len);
}

static int on_caps(struct gfx *gfx, struct reader *body)
{
	uint8_t commands[COMMANDS_MAX_BYTES];
	struct writer w = writer_init(commands, sizeof commands);
	struct gfx_caps_choice choice;
	struct gfx_caps caps;
	int err = gfx_caps_parse(&caps, body);

	if (err < 0)
		return err;
	if (gfx_caps_choose(&choice, &caps) < 0) {
		gfx->events.on_refused(gfx->events.user);
		return 0;
	}
	gfx_caps_confirm_write(&w, &choice.confirm);
	err = send_message(gfx, &w);
	if (err < 0)
		return err;
	gfx->ready = true;
	gfx->acks_suspended = false;
	gfx->surface = 0; /* a client that advertises again has dropped its surfaces */
	gfx->acked_frame = gfx->last_frame;
	gfx->events.on_ready(gfx->events.user, &choice);
	return 0;
}

static int on_ack(struct gfx *gfx, struct reader *body)
{
	struct gfx_frame_ack ack;
	int err = gfx_frame_ack_parse(&ack, body);

	if (err < 0)
		return err;
	gfx->acks_suspended = ack.queue_depth_bytes == GFX_QUEUE_SUSPEND;
	/* A resize drops frames in flight and clients may acknowledge late or twice, so
	 * only ids between the last acknowledged and the last sent count. */
	if (ack.frame_id - gfx->acked_frame <= gfx->last_frame - gfx->acked_frame)
		gfx->acked_frame = ack.frame_id;
	gfx->events.on_ack(gfx->events.user, ack.frame_id, loop_now_us());
	return 0;
}

static int on_cache_offer(struct gfx *gfx, struct reader *body)
{
	uint8_t commands[COMMANDS_MAX_BYTES];
	struct writer w = writer_init(commands, sizeof commands);
	struct gfx_cache_offer offer;
	int err = gfx_cache_offer_parse(&offer, body);

	if (err < 0)
		return err;
	gfx_cache_reply_write(&w, NULL, 0);
	return send_message(gfx, &w);
}

static int on_command(struct gfx *gfx, struct gfx_header *header)
{
	struct gfx_qoe_ack qoe;

	if (!gfx->ready && header->command != GFX_CAPS_ADVERTISE)
		return ERR_UNEXPECTED;
	switch (header->command) {
	case GFX_CAPS_ADVERTISE: return on_caps(gfx, &header->body);
	case GFX_FRAME_ACK: return on_ack(gfx, &header->body);
	case GFX_QOE_FRAME_ACK: return gfx_qoe_ack_parse(&qoe, &header->body);
	case GFX_CACHE_IMPORT_OFFER: return on_cache_offer(gfx, &header->body);
	default: return 0; /* of a later version */
	}
}

static int on_message(void *user, const uint8_t *data, size_t len)
{
	struct gfx *gfx = user;
	struct reader message = reader_init(data, len);
	struct gfx_header header;
	int err = 0;

	while (err == 0 && reader_left(&message) > 0) {
		err = gfx_header_parse(&header, &message);
		if (err == 0)
			err = on_command(gfx, &header);
	}
	return err;
}

static void on_open(void *user, bool opened)
{
	struct gfx *gfx = user;

	if (!opened)
		gfx->events.on_refused(gfx->events.user);
}

static void on_close(void *user)
{
	struct gfx *gfx = user;

	gfx->ready = false;
	gfx->events.on_refused(gfx->events.user);
}

struct gfx *gfx_create(struct dvc *dvc, const struct gfx_events *events)
{
	struct gfx *gfx = calloc(1, sizeof *gfx);

	if (!gfx)
		return NULL;
	gfx->dvc = dvc;
	gfx->events = *events;
	gfx->handler = (struct dvc_handler){ .name = GFX_CHANNEL_NAME,
		.message_max_bytes = MESSAGE_MAX_BYTES,
		.on_open = on_open,
		.on_message = on_message,
		.on_close = on_close,
		.user = gfx };
	gfx->zgfx = zgfx_encoder_create(0);
	gfx->channel = gfx->zgfx ? dvc_open(dvc, &gfx->handler) : ERR_MEMORY;
	if (gfx->channel > 0)
		return gfx;
	gfx_destroy(gfx);
	return NULL;
}

void gfx_destroy(struct gfx *gfx)
{
	if (!gfx)
		return;
	zgfx_encoder_destroy(gfx->zgfx);
	free(gfx->message);
	free(gfx->packed);
	free(gfx);
}

int gfx_reset(struct gfx *gfx, const struct link_layout *layout)
{
	uint8_t commands[COMMANDS_MAX_BYTES];
	struct writer w = writer_init(commands, sizeof commands);
	uint16_t old = gfx->surface;
	uint32_t width_px, height_px;

	link_layout_bounds(layout, &width_px, &height_px, NULL, NULL);
	gfx_reset_graphics_write(&w, layout);
	if (old)
		gfx_delete_surface_write(&w, old);
	gfx->surface = old == UINT16_MAX ? 1 : (uint16_t)(old + 1);
	gfx->width_px = (uint16_t)width_px;
	gfx->height_px = (uint16_t)height_px;
	gfx_create_surface_write(&w, gfx->surface, gfx->width_px, gfx->height_px, GFX_FORMAT_XRGB);
	gfx_map_surface_write(&w, gfx->surface, 0, 0);
	gfx->acked_frame = gfx->last_frame;
	return send_message(gfx, &w);
}

/* A writer behind the pending commands, with room for len bytes more. */
static int append(struct gfx *gfx, size_t len, struct writer *w)
{
	if (reserve(&gfx->message, &gfx->message_cap, gfx->pending_bytes + len) < 0)
		return ERR_MEMORY;
	*w = writer_init(gfx->message, gfx->message_cap);
	writer_take(w, gfx->pending_bytes);
	return 0;
}

/* Keeps what w has for the next message, or sends it all. */
static int settle(struct gfx *gfx, const struct writer *w, bool send_now)
{
	int len = writer_len(w);

	if (len < 0)
		return len;
	gfx->pending_bytes = send_now ? 0 : (size_t)len;
	return send_now ? send_message(gfx, w) : 0;
}

int gfx_frame_begin(struct gfx *gfx, uint32_t *frame_id)
{
	struct writer w;

	if (!gfx->surface)
		return ERR_UNEXPECTED;
	*frame_id = gfx->last_frame + 1;
	gfx->in_frame = true;
	gfx->pending_bytes = 0;
	if (append(gfx, COMMANDS_MAX_BYTES, &w) < 0)
		return ERR_MEMORY;
	gfx_start_frame_write(&w, *frame_id, 0);
	return settle(gfx, &w, false);
}

int gfx_frame_end(struct gfx *gfx)
{
	struct writer w;

	gfx->in_frame = false;
	if (!gfx->surface)
		return 0; /* the client started anew inside this frame */
	if (append(gfx, COMMANDS_MAX_BYTES, &w) < 0)
		return ERR_MEMORY;
	gfx_end_frame_write(&w, ++gfx->last_frame);
	return settle(gfx, &w, true);
}

int gfx_frame_bitmap(struct gfx *gfx, enum gfx_codec codec, const uint8_t *data, size_t len)
{
	const struct gfx_rect all = { 0, 0, gfx->width_px, gfx->height_px };
	struct writer w;

	if (!gfx->in_frame)
		return ERR_UNEXPECTED;
	if (!gfx->surface)
		return 0;
	if (append(gfx, GFX_WIRE_1_BYTES + len, &w) < 0)
		return ERR_MEMORY;
	if (codec == GFX_CODEC_PROGRESSIVE)
		gfx_wire_2_write(
				&w, gfx->surface, codec, PROGRESSIVE_CONTEXT, GFX_FORMAT_XRGB, (uint32_t)len);
	else
		gfx_wire_1_write(&w, gfx->surface, codec, GFX_FORMAT_XRGB, all, (uint32_t)len);
	writer_copy(&w, data, len);
	return settle(gfx, &w, gfx->pending_bytes + len > COMBINE_BYTES);
}

unsigned gfx_frames_in_flight(const struct gfx *gfx)
{
	return gfx->acks_suspended ? 0 : gfx->last_frame - gfx->acked_frame;
}

bool gfx_acknowledges(const struct gfx *gfx)
{
	return !gfx->acks_suspended;
}
