#include "outbox.h"
#include <base/packet.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct outbox_packet {
	struct outbox_packet *next;
	int fd; /* owned, -1: none */
	size_t len;
	uint8_t data[];
};

void outbox_init(struct outbox *outbox, int fd, sd_event_source *source)
{
	*outbox = (struct outbox){ .fd = fd, .source = source, .last = &outbox->first };
}

static void drop_first(struct outbox *outbox)
{
	struct outbox_packet *packet = outbox->first;

	outbox->first = packet->next;
	if (!outbox->first)
		outbox->last = &outbox->first;
	if (packet->fd >= 0)
		close(packet->fd);
	free(packet);
}

void outbox_finish(struct outbox *outbox)
{
	while (outbox->first)
		drop_first(outbox);
}

bool outbox_empty(const struct outbox *outbox)
{
	return !outbox->first;
}

static int keep(struct outbox *outbox, const void *data, size_t len, int pass_fd)
{
	struct outbox_packet *packet = malloc(sizeof *packet + len);
	int fd = -1;

	if (!packet)
		return ERR_MEMORY;
	if (pass_fd >= 0) {
		fd = fcntl(pass_fd, F_DUPFD_CLOEXEC, 3);
		if (fd < 0) {
			free(packet);
			return ERR_IO;
		}
	}
	*packet = (struct outbox_packet){ .fd = fd, .len = len };
	memcpy(packet->data, data, len);
	if (!outbox->first)
		sd_event_source_set_io_events(outbox->source, EPOLLIN | EPOLLOUT);
	*outbox->last = packet;
	outbox->last = &packet->next;
	return 0;
}

int outbox_send(struct outbox *outbox, const void *data, size_t len, int pass_fd)
{
	int err = outbox->first ? ERR_AGAIN : packet_send(outbox->fd, data, len, pass_fd);

	if (err == ERR_AGAIN)
		return keep(outbox, data, len, pass_fd);
	return 0;
}

void outbox_flush(struct outbox *outbox)
{
	while (outbox->first) {
		struct outbox_packet *packet = outbox->first;

		if (packet_send(outbox->fd, packet->data, packet->len, packet->fd) == ERR_AGAIN)
			return;
		drop_first(outbox);
	}
	sd_event_source_set_io_events(outbox->source, EPOLLIN);
}
