/* A fake of what carries the static channel, and the client's end of the dynamic
 * channels on it: keeps what the server sends, puts its messages together. */
#ifndef TESTS_CHANNELS_CARRIER_H
#define TESTS_CHANNELS_CARRIER_H

#include <channels/dvc.h>
#include <proto/dvc.h>

enum {
	CARRIER_MESSAGES_MAX = 512,
};

struct carrier {
	struct dvc_carrier ops; /* for dvc_create */
	bool blocked, broken;
	int allowed; /* PDUs until it blocks by itself; -1: any number */
	int pdus, created, closed;
	bool capabilities;
	struct carrier_message {
		uint32_t channel;
		uint8_t *data;
		size_t len;
	} messages[CARRIER_MESSAGES_MAX];
	size_t count;
	/* of the message that is not whole yet */
	uint8_t *partial;
	uint32_t partial_channel;
	size_t partial_len, partial_total;
};

void carrier_init(struct carrier *carrier);
void carrier_finish(struct carrier *carrier);

/* What a client sends, as one chunk of the static channel. */
int carrier_capabilities(struct dvc *dvc);
int carrier_create(struct dvc *dvc, int channel, int32_t status);
int carrier_close(struct dvc *dvc, int channel);
int carrier_data(struct dvc *dvc, int channel, const void *data, size_t len);
int carrier_data_first(struct dvc *dvc, int channel, uint32_t total, const void *data, size_t len);

#endif
