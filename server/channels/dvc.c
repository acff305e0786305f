#include "dvc.h"
#include <base/writer.h>
#include <proto/dvc.h>
#include <stdlib.h>

enum {
	STATIC_MESSAGE_MAX = 16384, /* a client's DVC PDU: 1600 bytes, more only from careless ones */
	/* Pictures wait until the queue is empty, so this is only reached by a client that
	 * asks for answers without end and reads none of them. A batch of tiles has 1 MiB. */
	QUEUE_MAX_BYTES = 16 * 1024 * 1024,
	QUEUE_MAX_MESSAGES = 4096,
};

struct message {
	struct message *next;
	int channel_id;
	size_t len, done;
	uint8_t data[];
};

enum channel_state {
	CHANNEL_WAITING, /* for the client's capabilities */
	CHANNEL_ASKED,
	CHANNEL_OPEN,
	CHANNEL_CLOSED,
};

struct channel {
	const struct dvc_handler *handler;
	enum channel_state state;
	uint8_t *partial; /* a message of which parts are missing */
	size_t partial_len, partial_total;
};

struct dvc {
	struct dvc_carrier carrier;
	bool ready;
	int channels;
	struct channel channel[DVC_CHANNELS_MAX]; /* the id is the index + 1 */
	struct message *queue, **queue_tail;
	size_t queued_bytes, queued_messages;
	uint8_t *chunks; /* the static channel's message so far */
	size_t chunks_len;
	const char *error;
};

static int fail(struct dvc *dvc, int err, const char *why)
{
	dvc->error = why;
	return err;
}

static int send_pdu(struct dvc *dvc, const struct writer *w)
{
	int len = writer_len(w);

	return len < 0 ? len : dvc->carrier.send(dvc->carrier.user, w->start, (size_t)len);
}

static int ask_open(struct dvc *dvc, int index)
{
	uint8_t pdu[DVC_PDU_MAX];
	struct writer w = writer_init(pdu, sizeof pdu);

	dvc_write_create(&w, (uint32_t)index + 1, dvc->channel[index].handler->name);
	dvc->channel[index].state = CHANNEL_ASKED;
	return send_pdu(dvc, &w);
}

struct dvc *dvc_create(const struct dvc_carrier *carrier)
{
	struct dvc *dvc = calloc(1, sizeof *dvc);
	uint8_t pdu[16];
	struct writer w = writer_init(pdu, sizeof pdu);

	if (!dvc)
		return NULL;
	dvc->carrier = *carrier;
	dvc->queue_tail = &dvc->queue;
	dvc->error = "";
	dvc_write_capabilities(&w);
	if (send_pdu(dvc, &w) < 0) {
		dvc_destroy(dvc);
		return NULL;
	}
	return dvc;
}

void dvc_destroy(struct dvc *dvc)
{
	if (!dvc)
		return;
	for (struct message *m = dvc->queue, *next; m; m = next) {
		next = m->next;
		free(m);
	}
	for (int i = 0; i < dvc->channels; i++)
		free(dvc->channel[i].partial);
	free(dvc->chunks);
	free(dvc);
}

int dvc_open(struct dvc *dvc, const struct dvc_handler *handler)
{
	int index = dvc->channels;

	if (index == DVC_CHANNELS_MAX)
		return ERR_SPACE;
	dvc->channel[dvc->channels++] = (struct channel){ .handler = handler };
	if (dvc->ready && ask_open(dvc, index) < 0)
		return ERR_CLOSED;
	return index + 1;
}

static int on_capabilities(struct dvc *dvc)
{
	if (dvc->ready)
		return 0;
	dvc->ready = true;
	for (int i = 0; i < dvc->channels; i++) {
		if (dvc->channel[i].state == CHANNEL_WAITING && ask_open(dvc, i) < 0)
			return ERR_CLOSED;
	}
	return 0;
}

static void on_create(struct channel *channel, int32_t status)
{
	if (channel->state != CHANNEL_ASKED)
		return;
	channel->state = status < 0 ? CHANNEL_CLOSED : CHANNEL_OPEN;
	channel->handler->on_open(channel->handler->user, status >= 0);
}

static void on_close(struct channel *channel)
{
	if (channel->state == CHANNEL_OPEN && channel->handler->on_close)
		channel->handler->on_close(channel->handler->user);
	channel->state = CHANNEL_CLOSED;
}

static int deliver(struct dvc *dvc, struct channel *channel, const uint8_t *data, size_t len)
{
	int err = channel->handler->on_message(channel->handler->user, data, len);

	return err < 0 ? fail(dvc, err, channel->handler->name) : 0;
}

static int on_data_first(struct dvc *dvc, struct channel *channel, const struct dvc_pdu *pdu)
{
	if (channel->partial)
		return fail(dvc, ERR_FORMAT, "dynamic channel message inside another");
	if (pdu->total_bytes > channel->handler->message_max_bytes || pdu->data_len > pdu->total_bytes)
		return fail(dvc, ERR_FORMAT, "dynamic channel message too long");
	if (pdu->data_len == pdu->total_bytes)
		return deliver(dvc, channel, pdu->data, pdu->data_len);
	channel->partial = malloc(pdu->total_bytes);
	if (!channel->partial)
		return fail(dvc, ERR_MEMORY, "no memory for a dynamic channel message");
	memcpy(channel->partial, pdu->data, pdu->data_len);
	channel->partial_len = pdu->data_len;
	channel->partial_total = pdu->total_bytes;
	return 0;
}

static int on_data(struct dvc *dvc, struct channel *channel, const struct dvc_pdu *pdu)
{
	int err;

	if (!channel->partial) {
		if (pdu->data_len > channel->handler->message_max_bytes)
			return fail(dvc, ERR_FORMAT, "dynamic channel message too long");
		return deliver(dvc, channel, pdu->data, pdu->data_len);
	}
	if (pdu->data_len > channel->partial_total - channel->partial_len)
		return fail(dvc, ERR_FORMAT, "dynamic channel fragments longer than announced");
	memcpy(channel->partial + channel->partial_len, pdu->data, pdu->data_len);
	channel->partial_len += pdu->data_len;
	if (channel->partial_len < channel->partial_total)
		return 0;
	err = deliver(dvc, channel, channel->partial, channel->partial_total);
	free(channel->partial);
	channel->partial = NULL;
	return err;
}

static int on_pdu(struct dvc *dvc, const uint8_t *data, size_t len)
{
	struct channel *channel;
	struct dvc_pdu pdu;
	int err = dvc_parse(&pdu, data, len);

	if (err == ERR_ARGUMENT)
		return 0; /* of a later version: a client may ask, we need not answer */
	if (err < 0)
		return fail(dvc, err, "malformed dynamic channel PDU");
	if (pdu.command == DVC_CAPABILITIES)
		return on_capabilities(dvc);
	if (pdu.channel_id < 1 || pdu.channel_id > (uint32_t)dvc->channels)
		return 0; /* of a channel that was never asked for */
	channel = &dvc->channel[pdu.channel_id - 1];
	switch (pdu.command) {
	case DVC_CREATE: on_create(channel, pdu.status); return 0;
	case DVC_CLOSE: on_close(channel); return 0;
	default: break;
	}
	if (channel->state != CHANNEL_OPEN)
		return 0; /* crossed our close on the wire */
	return pdu.command == DVC_DATA ? on_data(dvc, channel, &pdu) : on_data_first(dvc, channel, &pdu);
}

int dvc_receive(struct dvc *dvc, const uint8_t *data, size_t len, bool first, bool last)
{
	int err;

	if (first && last)
		return on_pdu(dvc, data, len);
	if (first)
		dvc->chunks_len = 0;
	if (!dvc->chunks && !(dvc->chunks = malloc(STATIC_MESSAGE_MAX)))
		return fail(dvc, ERR_MEMORY, "no memory for a channel message");
	if (len > STATIC_MESSAGE_MAX - dvc->chunks_len)
		return fail(dvc, ERR_FORMAT, "dynamic channel PDU too long");
	memcpy(dvc->chunks + dvc->chunks_len, data, len);
	dvc->chunks_len += len;
	if (!last)
		return 0;
	err = on_pdu(dvc, dvc->chunks, dvc->chunks_len);
	dvc->chunks_len = 0;
	return err;
}

int dvc_queue(struct dvc *dvc, int channel_id, const void *data, size_t len)
{
	struct message *m;

	if (dvc->channel[channel_id - 1].state != CHANNEL_OPEN)
		return ERR_UNEXPECTED;
	if (dvc->queued_messages == QUEUE_MAX_MESSAGES || len > QUEUE_MAX_BYTES - dvc->queued_bytes)
		return ERR_SPACE;
	m = malloc(sizeof *m + len);
	if (!m)
		return ERR_MEMORY;
	*m = (struct message){ .channel_id = channel_id, .len = len };
	memcpy(m->data, data, len);
	*dvc->queue_tail = m;
	dvc->queue_tail = &m->next;
	dvc->queued_bytes += len;
	dvc->queued_messages++;
	return 0;
}

/* One PDU of the first message. */
static int send_next(struct dvc *dvc)
{
	struct message *m = dvc->queue;
	uint8_t pdu[DVC_PDU_MAX];
	struct writer w = writer_init(pdu, sizeof pdu);
	size_t part = dvc_write_data(&w, (uint32_t)m->channel_id, m->data, m->len, m->done);
	int err = send_pdu(dvc, &w);

	m->done += part;
	dvc->queued_bytes -= part;
	if (m->done < m->len)
		return err;
	dvc->queue = m->next;
	dvc->queued_messages--;
	if (!dvc->queue)
		dvc->queue_tail = &dvc->queue;
	free(m);
	return err;
}

int dvc_flush(struct dvc *dvc)
{
	while (dvc->queue && !dvc->carrier.blocked(dvc->carrier.user)) {
		if (send_next(dvc) < 0)
			return fail(dvc, ERR_CLOSED, "connection lost");
	}
	return 0;
}

size_t dvc_queued_bytes(const struct dvc *dvc)
{
	return dvc->queued_bytes;
}

const char *dvc_error(const struct dvc *dvc)
{
	return dvc->error;
}
