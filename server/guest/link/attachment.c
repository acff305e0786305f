#include "attachment.h"
#include "guest_link.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* A flood from one session must not keep the others waiting. */
	PACKETS_PER_TURN = 64,
	/* Small, so that a session that does not read holds few descriptors in flight
	 * (the kernel counts them per user). The kernel doubles it. */
	SEND_BUFFER_BYTES = 32 * 1024,
};

static void attachment_drop(struct attachment *a)
{
	if (a->dead)
		return;
	a->dead = true;
	sd_event_source_set_enabled(a->io, SD_EVENT_OFF);
	guest_link_settle_later(a->link);
}

static const char *attachment_name(const struct attachment *a)
{
	return a->from[0] ? a->from : "(no name)";
}

/* Returns 0, or negative when it did not go out. */
static int attachment_send(struct attachment *a, const struct link_message *msg, int pass_fd)
{
	uint8_t packet[LINK_PACKET_MAX];
	int len = link_write(msg, packet, sizeof packet);
	int rc = len < 0 ? len : packet_send(a->fd, packet, (size_t)len, pass_fd);

	if (rc == ERR_AGAIN) {
		a->blocked = true;
		sd_event_source_set_io_events(a->io, EPOLLIN | EPOLLOUT);
	} else if (rc < 0) {
		if (rc != ERR_CLOSED)
			log_warn("session %s: cannot write to it (%s), closed", attachment_name(a),
					err_text(rc));
		attachment_drop(a);
	}
	return rc;
}

void attachment_end(struct attachment *a, enum link_bye_reason reason, const char *text)
{
	struct link_message msg = { .type = LINK_BYE, .bye = { .reason = reason } };

	if (a->dead)
		return;
	snprintf(msg.bye.text, sizeof msg.bye.text, "%s", text ? text : "");
	(void)!attachment_send(a, &msg, -1);
	attachment_drop(a);
}

static void attachment_refuse(struct attachment *a, const char *what)
{
	if (a->dead)
		return;
	log_warn("session %s: malformed (%s), closed", attachment_name(a), what);
	attachment_end(a, LINK_BYE_PROTOCOL, what);
}

static void on_packet(struct attachment *a, const uint8_t *packet, size_t len, int fd)
{
	struct link_message msg;
	char text[LINK_TEXT_CAP];
	const char *wrong = text;
	int rc = link_parse(&msg, packet, len);

	if (rc == ERR_ARGUMENT)
		return; /* a type of a later version */
	if (rc < 0)
		snprintf(text, sizeof text, "a packet of %zu bytes, type %d", len, len > 1 ? packet[0] : -1);
	else
		wrong = input_handle(a, &msg, fd);
	if (wrong)
		attachment_refuse(a, wrong);
}

static void read_packets(struct attachment *a)
{
	uint8_t packet[LINK_PACKET_MAX];
	int fd, n;

	for (int i = 0; i < PACKETS_PER_TURN && !a->dead; i++) {
		n = packet_receive(a->fd, packet, sizeof packet, &fd);
		if (n == ERR_AGAIN)
			return;
		if (n == ERR_FORMAT)
			attachment_refuse(a, "packet too long or with several descriptors");
		else if (n < 0)
			attachment_drop(a);
		else
			on_packet(a, packet, (size_t)n, fd);
		if (fd >= 0)
			close(fd);
	}
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct attachment *a = user;

	if (events & EPOLLOUT) {
		a->blocked = false;
		sd_event_source_set_io_events(source, EPOLLIN);
		guest_link_settle_later(a->link);
	}
	if (events & ~(uint32_t)EPOLLOUT)
		read_packets(a);
	return 0;
}

struct attachment *attachment_create(struct guest_link *link, int fd)
{
	struct attachment *a = calloc(1, sizeof *a);
	int bytes = SEND_BUFFER_BYTES;

	if (!a)
		goto fail;
	a->link = link;
	a->fd = fd;
	/* Without it there is only more room. */
	(void)!setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	if (sd_event_add_io(link->event, &a->io, fd, EPOLLIN, on_io, a) < 0)
		goto fail;
	return a;
fail:
	free(a);
	close(fd);
	return NULL;
}

void attachment_buffer_detach(struct attachment *a)
{
	if (a->buffer_handle)
		a->link->ops->buffer_detach(a->link->user, a->buffer_handle);
	a->buffer_handle = NULL;
	a->buffer_stale = false;
	a->capturing = false;
}

/* A unix socket that is closed with unread packets gives the other end an error
 * in place of what was sent to it (the BYE). So: let nothing more in, read the rest. */
static void close_gently(int fd)
{
	uint8_t packet[LINK_PACKET_MAX];
	int n;

	shutdown(fd, SHUT_RDWR);
	do
		n = packet_receive(fd, packet, sizeof packet, NULL);
	while (n > 0 || n == ERR_FORMAT);
	close(fd);
}

void attachment_destroy(struct attachment *a, bool quiet)
{
	if (!quiet)
		held_release(&a->held, a->link->ops, a->link->user);
	attachment_buffer_detach(a);
	sd_event_source_disable_unref(a->io);
	close_gently(a->fd);
	if (a->greeted)
		log_info("session %s left", attachment_name(a));
	free(a);
}

void attachment_post(struct attachment *a, unsigned unsent)
{
	if (a->dead || !a->greeted)
		return;
	if (a->blocked && a->unsent & unsent && ++a->missed > GUEST_MISSED_MAX) {
		log_warn("session %s: does not read, closed", attachment_name(a));
		attachment_drop(a);
	}
	a->unsent |= unsent;
	guest_link_settle_later(a->link);
}

void attachment_damage(struct attachment *a, const struct link_rect *rect, uint64_t now_us)
{
	if (a->dead || !a->buffer_handle || a->buffer_stale)
		return;
	if (!a->damage.count)
		a->damage_us = now_us;
	region_add(&a->damage, rect);
	a->capture_refused = false;
	if (a->pulled)
		guest_link_settle_later(a->link);
}

void attachment_buffer_stale(struct attachment *a)
{
	if (!a->buffer_handle)
		return;
	a->buffer_stale = true;
	a->pulled = false;
	region_clear(&a->damage);
	guest_link_settle_later(a->link);
}

static void unsent_message(struct attachment *a, unsigned unsent, struct link_message *msg)
{
	struct guest_link *link = a->link;

	switch (unsent) {
	case UNSENT_WELCOME:
		msg->type = LINK_WELCOME;
		msg->welcome = (struct link_welcome){ .version = LINK_VERSION };
		snprintf(msg->welcome.kind, sizeof msg->welcome.kind, "%s", link->ops->kind);
		break;
	case UNSENT_LAYOUT:
		msg->type = LINK_LAYOUT;
		msg->layout = link->layout;
		msg->layout.serial = a->layout_answer;
		break;
	case UNSENT_CURSOR:
		msg->type = LINK_CURSOR;
		msg->cursor = link->cursor;
		break;
	case UNSENT_CURSOR_MOVED:
		msg->type = LINK_CURSOR_MOVED;
		msg->cursor_moved = link->moved;
		break;
	}
}

/* The order of the marks is the order that the contract wants. */
static void send_unsent(struct attachment *a)
{
	struct link_message msg;

	for (unsigned bit = UNSENT_WELCOME; bit <= UNSENT_CURSOR_MOVED; bit <<= 1) {
		if (!(a->unsent & bit))
			continue;
		unsent_message(a, bit, &msg);
		if (attachment_send(a, &msg, bit == UNSENT_CURSOR ? a->link->cursor_fd : -1) < 0)
			return;
		a->unsent &= ~bit;
		a->missed = 0;
		if (bit == UNSENT_LAYOUT)
			a->layout_answer = 0;
	}
}

/* Puts back what a frame that did not go out had taken. */
static void restore_damage(struct attachment *a)
{
	for (uint32_t i = 0; i < a->frame.count; i++)
		region_add(&a->damage, &a->frame.rects[i]);
	a->damage_us = a->frame.damage_us; /* older than anything that came since */
}

static void send_frame(struct attachment *a)
{
	struct link_message msg = { .type = LINK_FRAME, .frame = a->frame };

	msg.frame.capture_us = loop_now_us();
	if (attachment_send(a, &msg, -1) < 0)
		restore_damage(a); /* captured anew when the socket has room */
	else
		a->pulled = false;
}

static void capture_end(struct attachment *a, int result)
{
	a->capturing = false;
	if (a->buffer_stale || a->dead)
		return;
	if (result < 0) {
		a->capture_refused = true;
		restore_damage(a);
	} else if (a->pull_serial != a->frame.pull_serial) {
		restore_damage(a); /* another pull came meanwhile, maybe a full one */
		guest_link_settle_later(a->link);
	} else {
		send_frame(a);
	}
}

void attachment_captured(struct attachment *a, int result)
{
	bool changed = a->damage.count;

	if (!a->capturing)
		return;
	capture_end(a, result);
	if (result < 0 && changed) {
		a->capture_refused = false;
		guest_link_settle_later(a->link);
	}
}

/* The guest may tell of new damage or another layout from inside capture, so the
 * damage is taken before and the state looked at again after. */
static void capture_begin(struct attachment *a)
{
	struct guest_link *link = a->link;
	struct link_frame *frame = &a->frame;
	int result;

	frame->pull_serial = a->pull_serial;
	frame->buffer_serial = a->buffer.serial;
	frame->damage_us = a->damage_us;
	frame->count = a->damage.count;
	memcpy(frame->rects, a->damage.rects, frame->count * sizeof *frame->rects);
	region_clear(&a->damage);
	a->capturing = true;
	result = link->ops->capture(link->user, a->buffer_handle, frame->rects, frame->count);
	if (result != GUEST_CAPTURE_LATER)
		capture_end(a, result);
}

static bool capture_due(const struct attachment *a)
{
	return a->pulled && a->damage.count && !a->capturing && !a->capture_refused;
}

/* Whether there is nothing to do for a pull but to wait for damage. */
static bool await_due(const struct attachment *a)
{
	return a->pulled && !a->awaited && !a->damage.count && !a->capturing && !a->capture_refused;
}

void attachment_settle(struct attachment *a)
{
	if (a->buffer_stale)
		attachment_buffer_detach(a);
	if (!a->dead && !a->blocked)
		send_unsent(a);
	if (!a->dead && !a->blocked && capture_due(a))
		capture_begin(a);
	if (!a->dead && !a->blocked && await_due(a) && a->link->ops->await) {
		a->awaited = true;
		a->link->ops->await(a->link->user, a->buffer_handle);
	}
}
