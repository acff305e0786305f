#include "carrier.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void keep(struct carrier *c, uint32_t channel, const uint8_t *data, size_t len)
{
	struct carrier_message *m = &c->messages[c->count++];

	assert_true(c->count <= CARRIER_MESSAGES_MAX);
	*m = (struct carrier_message){ channel, malloc(len ? len : 1), len };
	memcpy(m->data, data, len);
}

static void take_data(struct carrier *c, const struct dvc_pdu *pdu)
{
	/* Messages of one server come one after the other. */
	if (pdu->command == DVC_DATA && !c->partial) {
		keep(c, pdu->channel_id, pdu->data, pdu->data_len);
		return;
	}
	if (pdu->command == DVC_DATA_FIRST) {
		assert_null(c->partial);
		c->partial = malloc(pdu->total_bytes);
		c->partial_channel = pdu->channel_id;
		c->partial_total = pdu->total_bytes;
		c->partial_len = 0;
	}
	assert_int_equal(pdu->channel_id, c->partial_channel);
	assert_true(pdu->data_len <= c->partial_total - c->partial_len);
	memcpy(c->partial + c->partial_len, pdu->data, pdu->data_len);
	c->partial_len += pdu->data_len;
	if (c->partial_len < c->partial_total)
		return;
	keep(c, c->partial_channel, c->partial, c->partial_total);
	free(c->partial);
	c->partial = NULL;
}

static int on_send(void *user, const uint8_t *data, size_t len)
{
	struct carrier *c = user;
	struct dvc_pdu pdu;

	assert_in_range(len, 1, DVC_PDU_MAX);
	if (c->broken)
		return ERR_CLOSED;
	c->pdus++;
	if (c->allowed > 0 && --c->allowed == 0)
		c->blocked = true;
	if (data[0] >> 4 == DVC_CREATE) { /* a request has no status */
		c->created++;
		return 0;
	}
	assert_int_equal(dvc_parse(&pdu, data, len), 0);
	switch (pdu.command) {
	case DVC_CAPABILITIES: c->capabilities = true; break;
	case DVC_CLOSE: c->closed++; break;
	default: take_data(c, &pdu); break;
	}
	return 0;
}

static bool on_blocked(void *user)
{
	return ((struct carrier *)user)->blocked;
}

void carrier_init(struct carrier *c)
{
	*c = (struct carrier){ .allowed = -1 };
	c->ops = (struct dvc_carrier){ on_send, on_blocked, c };
}

void carrier_finish(struct carrier *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->messages[i].data);
	free(c->partial);
}

/* In a block of exactly its size. */
static int receive(struct dvc *dvc, const struct writer *w)
{
	size_t len = (size_t)writer_len(w);
	uint8_t *copy = malloc(len);
	int err;

	memcpy(copy, w->start, len);
	err = dvc_receive(dvc, copy, len, true, true);
	free(copy);
	return err;
}

int carrier_capabilities(struct dvc *dvc)
{
	uint8_t pdu[4];
	struct writer w = writer_init(pdu, sizeof pdu);

	writer_u8(&w, DVC_CAPABILITIES << 4);
	writer_u8(&w, 0);
	writer_u16(&w, 1);
	return receive(dvc, &w);
}

int carrier_create(struct dvc *dvc, int channel, int32_t status)
{
	uint8_t pdu[6];
	struct writer w = writer_init(pdu, sizeof pdu);

	writer_u8(&w, DVC_CREATE << 4);
	writer_u8(&w, (uint8_t)channel);
	writer_u32(&w, (uint32_t)status);
	return receive(dvc, &w);
}

int carrier_close(struct dvc *dvc, int channel)
{
	uint8_t pdu[2];
	struct writer w = writer_init(pdu, sizeof pdu);

	writer_u8(&w, DVC_CLOSE << 4);
	writer_u8(&w, (uint8_t)channel);
	return receive(dvc, &w);
}

int carrier_data(struct dvc *dvc, int channel, const void *data, size_t len)
{
	uint8_t *pdu = malloc(len + 2);
	struct writer w = writer_init(pdu, len + 2);
	int err;

	writer_u8(&w, DVC_DATA << 4);
	writer_u8(&w, (uint8_t)channel);
	writer_copy(&w, data, len);
	err = receive(dvc, &w);
	free(pdu);
	return err;
}

int carrier_data_first(struct dvc *dvc, int channel, uint32_t total, const void *data, size_t len)
{
	uint8_t *pdu = malloc(len + 6);
	struct writer w = writer_init(pdu, len + 6);
	int err;

	writer_u8(&w, DVC_DATA_FIRST << 4 | 2 << 2);
	writer_u8(&w, (uint8_t)channel);
	writer_u32(&w, total);
	writer_copy(&w, data, len);
	err = receive(dvc, &w);
	free(pdu);
	return err;
}
