/* Packets for a socket that does not take them all at once: they go in order, when it
 * can. Whoever fills one is to look whether it is empty, and to stop. Loop thread only. */
#ifndef FRONT_OUTBOX_H
#define FRONT_OUTBOX_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

struct outbox_packet;

struct outbox {
	int fd;                  /* borrowed */
	sd_event_source *source; /* of fd, borrowed: asked for EPOLLOUT as long as packets wait */
	struct outbox_packet *first, **last;
};

void outbox_init(struct outbox *outbox, int fd, sd_event_source *source);

/* Forgets what waits. */
void outbox_finish(struct outbox *outbox);

bool outbox_empty(const struct outbox *outbox);

/* Sends, or keeps a copy (of the descriptor too, -1: none). 0; ERR_MEMORY; ERR_IO;
 * a closed socket counts as sent, since its reader sees the end. */
MUST_USE int outbox_send(struct outbox *outbox, const void *data, size_t len, int pass_fd);

/* After EPOLLOUT. */
void outbox_flush(struct outbox *outbox);

#endif
