/* One session at the link. Nothing is queued: what the session has yet to hear is
 * kept as "unsent" marks and goes out with its newest contents, so memory is
 * bounded whatever the session does. Calls here only change state; the turn's end
 * (attachment_settle, attachment_destroy) does the work, with one exception: what
 * a packet asks of the guest is done when the packet is read. */
#ifndef SERVER_GUEST_LINK_ATTACHMENT_H
#define SERVER_GUEST_LINK_ATTACHMENT_H

#include "held.h"
#include "region.h"

struct guest_link;

enum {
	UNSENT_WELCOME = 1,
	UNSENT_LAYOUT = 2,
	UNSENT_CURSOR = 4,
	UNSENT_CURSOR_MOVED = 8,
};

struct attachment {
	struct guest_link *link;
	int fd; /* owned */
	sd_event_source *io;
	bool greeted; /* HELLO came */
	bool dead;    /* freed at the turn's end */
	bool blocked; /* the socket is full */
	char from[LINK_TEXT_CAP];
	unsigned unsent, missed;
	struct held held;

	/* The session's last layout request: its serial, ours, and what to answer. */
	uint32_t layout_serial, layout_request, layout_answer;

	struct link_buffer buffer;
	void *buffer_handle; /* NULL: none */
	bool buffer_stale;   /* of another size than the picture */

	bool pulled;
	bool awaited;         /* the guest was told that this pull waits */
	bool capture_refused; /* ask the guest again after the next change */
	bool capturing;
	struct link_frame frame; /* while capturing: what it will answer */
	uint32_t pull_serial;
	struct region damage;
	uint64_t damage_us; /* oldest of it */
};

/* Takes fd, also on failure. NULL: no memory. */
struct attachment *attachment_create(struct guest_link *link, int fd);

/* Lets held keys go, gives the buffer back, closes. quiet: call no op but
 * buffer_detach. */
void attachment_destroy(struct attachment *a, bool quiet);

/* Marks a message as due; counts it as missed when the session did not even take
 * the one before. */
void attachment_post(struct attachment *a, unsigned unsent);

/* rect is inside the picture. */
void attachment_damage(struct attachment *a, const struct link_rect *rect, uint64_t now_us);

/* Gives the lent buffer back, if there is one. */
void attachment_buffer_detach(struct attachment *a);

/* The guest ended the capture that it had put off. */
void attachment_captured(struct attachment *a, int result);

/* The picture's size changed. */
void attachment_buffer_stale(struct attachment *a);

/* Says BYE and hears no more from the session. */
void attachment_end(struct attachment *a, enum link_bye_reason reason, const char *text);

/* Sends what is due, as far as the socket takes it. */
void attachment_settle(struct attachment *a);

#endif
