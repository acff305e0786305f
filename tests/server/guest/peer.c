#include "peer.h"
#include <base/packet.h>
#include <base/shm.h>
#include <stdio.h>
#include <unistd.h>

int peer_attach(struct peer *peer, sd_event *event, const char *path, const char *from, uint32_t flags)
{
	struct link_message msg = { .type = LINK_HELLO };

	*peer = (struct peer){ .event = event, .timeout_ms = 30000, .cursor_fd = -1, .memfd = -1 };
	peer->fd = packet_connect(path);
	if (peer->fd < 0)
		return peer->fd;
	msg.hello.version = LINK_VERSION;
	msg.hello.flags = flags;
	snprintf(msg.hello.from, sizeof msg.hello.from, "%s", from);
	return peer_send(peer, &msg, -1);
}

static void take_back(struct peer *peer)
{
	shm_unmap(peer->map, peer->map_len);
	peer->map = NULL;
	if (peer->memfd >= 0)
		close(peer->memfd);
	peer->memfd = -1;
}

void peer_finish(struct peer *peer)
{
	take_back(peer);
	if (peer->cursor_fd >= 0)
		close(peer->cursor_fd);
	if (peer->fd >= 0)
		close(peer->fd);
	peer->cursor_fd = peer->fd = -1;
}

int peer_send(struct peer *peer, const struct link_message *msg, int memfd)
{
	uint8_t packet[LINK_PACKET_MAX];
	int len = link_write(msg, packet, sizeof packet);

	return len < 0 ? len : packet_send(peer->fd, packet, (size_t)len, memfd);
}

static void note(struct peer *peer, const struct link_message *msg, int fd)
{
	if (msg->type == LINK_LAYOUT) {
		peer->layout = msg->layout;
		peer->layouts++;
	} else if (msg->type == LINK_FRAME) {
		peer->pulling = false;
	}
	if (msg->type != LINK_CURSOR) {
		if (fd >= 0)
			close(fd);
		return;
	}
	if (peer->cursor_fd >= 0)
		close(peer->cursor_fd);
	peer->cursor = msg->cursor;
	peer->cursor_fd = fd;
	peer->cursors++;
}

int peer_receive(struct peer *peer, struct link_message *msg)
{
	uint8_t packet[LINK_PACKET_MAX];
	int fd, rc = 0;

	if (peer->event) {
		while (sd_event_run(peer->event, 0) > 0)
			;
	} else {
		rc = packet_wait(peer->fd, peer->timeout_ms);
	}
	if (rc == 0)
		rc = packet_receive(peer->fd, packet, sizeof packet, &fd);
	if (rc < 0)
		return rc;
	rc = link_parse(msg, packet, (size_t)rc);
	if (rc == 0)
		note(peer, msg, fd);
	else if (fd >= 0)
		close(fd);
	return rc;
}

int peer_expect(struct peer *peer, enum link_type type, struct link_message *msg)
{
	int rc;

	do
		rc = peer_receive(peer, msg);
	while (rc == 0 && msg->type != type);
	return rc;
}

int peer_lend(struct peer *peer)
{
	struct link_message msg = { .type = LINK_BUFFER };
	struct link_buffer *buffer = &msg.buffer;

	take_back(peer);
	link_layout_bounds(&peer->layout, &buffer->width_px, &buffer->height_px, NULL, NULL);
	buffer->stride_bytes = (buffer->width_px * 4 + 63) / 64 * 64;
	buffer->serial = peer->buffer.serial + 1;
	peer->buffer = *buffer;
	peer->map_len = (size_t)buffer->stride_bytes * buffer->height_px;
	peer->memfd = shm_create("peer", peer->map_len);
	if (peer->memfd < 0)
		return peer->memfd;
	peer->map = shm_map(peer->memfd, peer->map_len);
	peer->pulling = false;
	return peer->map ? peer_send(peer, &msg, peer->memfd) : ERR_MEMORY;
}

int peer_pull(struct peer *peer, uint32_t flags)
{
	struct link_message msg = { .type = LINK_PULL, .pull = { .serial = ++peer->pulls, .flags = flags } };

	peer->pulling = true;
	return peer_send(peer, &msg, -1);
}

static bool buffer_fits(const struct peer *peer)
{
	uint32_t width_px, height_px;

	link_layout_bounds(&peer->layout, &width_px, &height_px, NULL, NULL);
	return peer->memfd >= 0 && peer->buffer.width_px == width_px && peer->buffer.height_px == height_px;
}

int peer_frame(struct peer *peer, uint32_t flags, struct link_frame *frame)
{
	struct link_message msg;
	int rc = 0;

	while (rc == 0) {
		if (!peer->layouts) {
			rc = peer_expect(peer, LINK_LAYOUT, &msg);
		} else if (!buffer_fits(peer)) {
			rc = peer_lend(peer);
		} else if (!peer->pulling) {
			rc = peer_pull(peer, flags);
		} else {
			rc = peer_receive(peer, &msg);
			if (rc == 0 && msg.type == LINK_FRAME) {
				*frame = msg.frame;
				return 0;
			}
		}
	}
	return rc;
}
