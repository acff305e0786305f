/* The session's end of the guest link, for tests: one attachment, blocking (or,
 * with a loop in the same thread, running that loop until it is idle). */
#ifndef TESTS_SERVER_GUEST_PEER_H
#define TESTS_SERVER_GUEST_PEER_H

#include <proto/link.h>
#include <systemd/sd-event.h>

struct peer {
	int fd;
	sd_event *event; /* borrowed; NULL: the guest is another process */
	int timeout_ms;  /* of each wait for a packet, without a loop */

	struct link_layout layout; /* the guest's last */
	struct link_cursor cursor;
	int cursor_fd;             /* owned; -1: none or hidden */
	uint32_t cursors, layouts; /* how many came */

	int memfd; /* owned; -1: none lent yet */
	uint8_t *map;
	size_t map_len;
	struct link_buffer buffer;
	uint32_t pulls;
	bool pulling; /* a pull is unanswered */
};

/* Connects and says HELLO. 0 or negative; finish in either case. */
MUST_USE int peer_attach(
		struct peer *peer, sd_event *event, const char *path, const char *from, uint32_t flags);
void peer_finish(struct peer *peer);

/* One message; memfd is borrowed, -1: none. */
MUST_USE int peer_send(struct peer *peer, const struct link_message *msg, int memfd);

/* The next message, also noted in peer (layout, cursor). Returns 0; ERR_AGAIN or
 * ERR_TIMEOUT: none; ERR_CLOSED; ERR_FORMAT. */
MUST_USE int peer_receive(struct peer *peer, struct link_message *msg);

/* Reads on until one of that type. Errors as peer_receive. */
MUST_USE int peer_expect(struct peer *peer, enum link_type type, struct link_message *msg);

/* Lends a buffer of the layout's size. */
MUST_USE int peer_lend(struct peer *peer);

/* LINK_PULL with these flags. */
MUST_USE int peer_pull(struct peer *peer, uint32_t flags);

/* Pulls, if none is under way, and waits for the frame; lends another buffer when
 * the layout changes. */
MUST_USE int peer_frame(struct peer *peer, uint32_t flags, struct link_frame *frame);

#endif
