#include "disp.h"
#include <stdlib.h>

enum {
	MESSAGE_MAX_BYTES = 1024, /* 16 monitors of 40 bytes and two headers */
};

struct disp {
	struct dvc *dvc;
	struct dvc_handler handler;
	int channel;
	void (*on_layout)(void *user, const struct link_layout *layout);
	void *user;
};

static void on_open(void *user, bool opened)
{
	struct disp *disp = user;
	uint8_t message[DISP_CAPS_BYTES];
	struct writer w = writer_init(message, sizeof message);

	if (!opened)
		return;
	disp_caps_write(&w);
	if (dvc_queue(disp->dvc, disp->channel, message, sizeof message) < 0)
		return; /* no memory: the client cannot resize, all else works */
}

static int on_message(void *user, const uint8_t *data, size_t len)
{
	struct disp *disp = user;
	struct disp_layout asked;
	struct link_layout layout;
	int err = disp_layout_parse(&asked, data, len);

	if (err < 0)
		return err;
	if (disp_layout_to_link(&layout, &asked) == 0)
		disp->on_layout(disp->user, &layout);
	return 0;
}

struct disp *disp_create(
		struct dvc *dvc, void (*on_layout)(void *user, const struct link_layout *layout), void *user)
{
	struct disp *disp = calloc(1, sizeof *disp);

	if (!disp)
		return NULL;
	disp->dvc = dvc;
	disp->on_layout = on_layout;
	disp->user = user;
	disp->handler = (struct dvc_handler){ .name = DISP_CHANNEL_NAME,
		.message_max_bytes = MESSAGE_MAX_BYTES,
		.on_open = on_open,
		.on_message = on_message,
		.user = disp };
	disp->channel = dvc_open(dvc, &disp->handler);
	if (disp->channel > 0)
		return disp;
	disp_destroy(disp);
	return NULL;
}

void disp_destroy(struct disp *disp)
{
	free(disp);
}
