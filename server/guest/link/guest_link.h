/* What the files of the link share. */
#ifndef SERVER_GUEST_LINK_GUEST_LINK_H
#define SERVER_GUEST_LINK_GUEST_LINK_H

#include "attachment.h"
#include <base/acceptor.h>

struct guest_link {
	const struct guest_ops *ops;
	void *user;
	sd_event *event;
	char *path;
	struct acceptor *acceptor; /* NULL: ended */
	sd_event_source *settle_source;

	struct link_layout layout;
	uint32_t width_px, height_px; /* of its bounding box */
	uint32_t layout_requests;     /* serial of the last one passed to the guest */
	struct link_cursor cursor;
	int cursor_fd; /* sealed, also against writing, so that all sessions may have it; -1: hidden */
	struct link_cursor_moved moved;

	bool attended;
	size_t count;
	struct attachment *attachments[GUEST_ATTACHMENTS_MAX];
};

/* Has attachment_settle called for everyone at the end of this turn of the loop. */
void guest_link_settle_later(struct guest_link *link);

/* A HELLO came. */
void guest_link_greet(struct guest_link *link, struct attachment *a, bool take_over);

/* One packet of a greeted session or a HELLO; fd is owned by the caller, -1: none.
 * Returns NULL, or what is wrong with it. */
const char *input_handle(struct attachment *a, const struct link_message *msg, int fd);

#endif
