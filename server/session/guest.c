#include "guest.h"
#include <base/log.h>
#include <base/packet.h>
#include <base/shm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	STRIDE_ALIGN_BYTES = 64,
	UNSENT_MAX = 1024, /* messages; a guest that is that far behind is stuck */
	MESSAGES_PER_TURN = 64,
};

struct unsent {
	struct unsent *next;
	int fd; /* owned, or -1 */
	int len;
	uint8_t packet[];
};

struct guest {
	int fd;
	sd_event_source *source;
	struct guest_handlers handlers;
	struct guest_picture picture;
	uint8_t *map;
	size_t map_len;
	uint32_t buffer_serial, pull_serial;
	bool pulling, gone;
	struct unsent *unsent, *last_unsent;
	unsigned unsent_count;
	uint8_t *cursor; /* scratch of the largest cursor, made when the first comes */
};

static void go(struct guest *guest, uint32_t reason, const char *text)
{
	if (guest->gone)
		return;
	guest->gone = true;
	sd_event_source_set_enabled(guest->source, SD_EVENT_OFF);
	guest->handlers.on_gone(guest->handlers.user, reason, text);
}

/* --- sending --- */

static bool is_pointer(const uint8_t *packet)
{
	return packet[0] == LINK_POINTER && packet[1] == 0;
}

static void keep(struct guest *guest, const uint8_t *packet, int len, int pass_fd)
{
	struct unsent *last = guest->last_unsent, *u;

	/* A guest that is slow for a second need not see where the pointer was meanwhile. */
	if (guest->unsent && is_pointer(packet) && is_pointer(last->packet) && last->len == len) {
		memcpy(last->packet, packet, (size_t)len);
		return;
	}
	u = malloc(sizeof *u + (size_t)len);
	if (!u || guest->unsent_count == UNSENT_MAX) {
		free(u);
		go(guest, 0, "the desktop does not read its input");
		return;
	}
	*u = (struct unsent){ .fd = pass_fd >= 0 ? dup(pass_fd) : -1, .len = len };
	memcpy(u->packet, packet, (size_t)len);
	if (guest->unsent)
		last->next = u;
	else
		guest->unsent = u;
	guest->last_unsent = u;
	guest->unsent_count++;
	sd_event_source_set_io_events(guest->source, EPOLLIN | EPOLLOUT);
}

static void send_message(struct guest *guest, const struct link_message *message, int pass_fd)
{
	uint8_t packet[LINK_PACKET_MAX];
	int len = link_write(message, packet, sizeof packet);
	int err = ERR_AGAIN;

	if (guest->gone || len < 0)
		return;
	if (!guest->unsent)
		err = packet_send(guest->fd, packet, (size_t)len, pass_fd);
	/* After ERR_CLOSED a last LINK_BYE may wait to be read; reading finds the end. */
	if (err == ERR_AGAIN)
		keep(guest, packet, len, pass_fd);
	else if (err < 0 && err != ERR_CLOSED)
		go(guest, 0, "the desktop is gone");
}

static void drop_first(struct guest *guest)
{
	struct unsent *u = guest->unsent;

	guest->unsent = u->next;
	guest->unsent_count--;
	if (u->fd >= 0)
		close(u->fd);
	free(u);
}

static void send_unsent(struct guest *guest)
{
	while (guest->unsent) {
		struct unsent *u = guest->unsent;
		int err = packet_send(guest->fd, u->packet, (size_t)u->len, u->fd);

		if (err == ERR_AGAIN)
			return;
		drop_first(guest); /* also when the guest is gone: reading finds that */
	}
	sd_event_source_set_io_events(guest->source, EPOLLIN);
}

/* --- receiving --- */

static bool rects_inside(const struct guest *guest, const struct link_frame *frame)
{
	for (uint32_t i = 0; i < frame->count; i++) {
		const struct link_rect *r = &frame->rects[i];

		if (r->x + r->width > guest->picture.width_px || r->y + r->height > guest->picture.height_px)
			return false;
	}
	return true;
}

static void on_frame(struct guest *guest, const struct link_frame *frame)
{
	if (!guest->pulling || frame->pull_serial != guest->pull_serial)
		return;
	guest->pulling = false;
	if (frame->buffer_serial != guest->buffer_serial) {
		guest_pull(guest, true); /* into the buffer of the old size: crossed a change of layout */
		return;
	}
	if (!rects_inside(guest, frame)) {
		go(guest, 0, "the desktop sent a damaged rectangle outside its picture");
		return;
	}
	guest->handlers.on_frame(guest->handlers.user, frame);
}

static void on_cursor(struct guest *guest, const struct link_cursor *cursor, int fd)
{
	size_t len = (size_t)cursor->width_px * cursor->height_px * 4;

	if (cursor->hidden) {
		guest->handlers.on_cursor(guest->handlers.user, cursor, NULL);
		return;
	}
	if (!guest->cursor)
		guest->cursor = malloc((size_t)LINK_CURSOR_MAX_PX * LINK_CURSOR_MAX_PX * 4);
	/* pread, not a mapping: what the guest does with its memfd cannot fault us. */
	if (!guest->cursor || fd < 0 || shm_check(fd, len) < 0 ||
			pread(fd, guest->cursor, len, 0) != (ssize_t)len) {
		log_warn("the desktop sent a cursor without its image");
		return;
	}
	guest->handlers.on_cursor(guest->handlers.user, cursor, guest->cursor);
}

static void on_message(struct guest *guest, const struct link_message *m, int fd)
{
	const struct guest_handlers *h = &guest->handlers;

	switch (m->type) {
	case LINK_WELCOME:
		if (m->welcome.version != LINK_VERSION)
			go(guest, LINK_BYE_VERSION, "the desktop is of another release");
		break;
	case LINK_LAYOUT: h->on_layout(h->user, &m->layout); break;
	case LINK_FRAME: on_frame(guest, &m->frame); break;
	case LINK_CURSOR: on_cursor(guest, &m->cursor, fd); break;
	case LINK_CURSOR_MOVED: h->on_cursor_moved(h->user, m->cursor_moved.x, m->cursor_moved.y); break;
	case LINK_BYE: go(guest, m->bye.reason, m->bye.text); break;
	default: break; /* for guests */
	}
}

/* false: nothing more to read now. */
static bool receive(struct guest *guest)
{
	uint8_t packet[LINK_PACKET_MAX];
	struct link_message message;
	int fd, err, len = packet_receive(guest->fd, packet, sizeof packet, &fd);

	if (len == ERR_AGAIN)
		return false;
	if (len < 0) {
		go(guest, 0,
				len == ERR_FORMAT ? "the desktop sent a malformed packet"
						  : "the desktop is gone");
		return false;
	}
	err = link_parse(&message, packet, (size_t)len);
	if (err == 0)
		on_message(guest, &message, fd);
	else if (err != ERR_ARGUMENT)
		go(guest, 0, "the desktop sent a malformed message");
	if (fd >= 0)
		close(fd);
	return !guest->gone;
}

static void receive_some(struct guest *guest)
{
	for (int i = 0; i < MESSAGES_PER_TURN && !guest->gone && receive(guest); i++)
		;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct guest *guest = user;

	if (events & EPOLLOUT)
		send_unsent(guest);
	receive_some(guest);
	return 0;
}

bool guest_turn(struct guest *guest, int timeout_ms)
{
	if (guest->gone || packet_wait(guest->fd, timeout_ms) < 0)
		return false;
	receive_some(guest);
	return !guest->gone;
}

/* --- the rest --- */

struct guest *guest_create(sd_event *event, int link_fd, const struct link_hello *hello,
		const struct guest_handlers *handlers)
{
	const struct link_message message = { .type = LINK_HELLO, .hello = *hello };
	struct guest *guest = calloc(1, sizeof *guest);

	if (!guest || sd_event_add_io(event, &guest->source, link_fd, EPOLLIN, on_io, guest) < 0) {
		close(link_fd);
		free(guest);
		return NULL;
	}
	guest->fd = link_fd;
	guest->handlers = *handlers;
	send_message(guest, &message, -1);
	return guest;
}

void guest_destroy(struct guest *guest)
{
	if (!guest)
		return;
	sd_event_source_unref(guest->source);
	close(guest->fd);
	while (guest->unsent)
		drop_first(guest);
	shm_unmap(guest->map, guest->map_len);
	free(guest->cursor);
	free(guest);
}

int guest_lend(struct guest *guest, uint32_t width_px, uint32_t height_px)
{
	uint32_t stride = (width_px * 4 + STRIDE_ALIGN_BYTES - 1) & ~(uint32_t)(STRIDE_ALIGN_BYTES - 1);
	size_t len = (size_t)stride * height_px;
	struct link_message message = { .type = LINK_BUFFER };
	int fd = shm_create("oriel-frame", len);
	uint8_t *map;

	if (fd < 0)
		return fd;
	map = shm_map(fd, len);
	if (!map) {
		close(fd);
		return ERR_MEMORY;
	}
	shm_unmap(guest->map, guest->map_len);
	guest->map = map;
	guest->map_len = len;
	guest->picture = (struct guest_picture){ map, width_px, height_px, stride };
	message.buffer = (struct link_buffer){ ++guest->buffer_serial, width_px, height_px, stride };
	send_message(guest, &message, fd);
	close(fd);
	return 0;
}

struct guest_picture guest_picture(const struct guest *guest)
{
	return guest->picture;
}

void guest_pull(struct guest *guest, bool full)
{
	struct link_message message = { .type = LINK_PULL };

	message.pull = (struct link_pull){ ++guest->pull_serial, full ? LINK_PULL_FULL : 0 };
	guest->pulling = true;
	send_message(guest, &message, -1);
}

bool guest_pulling(const struct guest *guest)
{
	return guest->pulling;
}

void guest_send(struct guest *guest, const struct link_message *message)
{
	send_message(guest, message, -1);
}
