#include "screen.h"
#include "outbox.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Damage that waits until the socket has room. */
struct pending {
	bool any, moved;
	uint64_t since_us;
	struct link_rect rect;
	uint32_t x, y; /* of the cursor */
};

/* Likewise, of what only the latest counts. */
enum kept_kind {
	KEPT_RESET,
	KEPT_SCANOUT, /* and those of the other heads */
	KEPT_CURSOR = KEPT_SCANOUT + SCREEN_HEADS_MAX,
	KEPT_KINDS = KEPT_CURSOR + SCREEN_HEADS_MAX,
};

struct kept {
	bool any;
	struct screen_message msg;
	int fd; /* owned, -1: none */
};

struct screen {
	const struct screen_ops *ops;
	void *user;
	int fd;
	sd_event_source *source;
	struct outbox outbox;
	struct kept kept[KEPT_KINDS];
	struct pending pending[SCREEN_HEADS_MAX];
};

static void drop_kept(struct kept *kept)
{
	if (kept->any && kept->fd >= 0)
		close(kept->fd);
	kept->any = false;
}

static void drop_all_kept(struct screen *screen)
{
	for (int i = 0; i < KEPT_KINDS; i++)
		drop_kept(&screen->kept[i]);
}

/* Where it is kept, NULL: it is not of that sort. */
static struct kept *kept_of(struct screen *screen, const struct screen_message *msg)
{
	switch (msg->type) {
	case SCREEN_RESET: return &screen->kept[KEPT_RESET];
	case SCREEN_SCANOUT: return &screen->kept[KEPT_SCANOUT + msg->scanout.head];
	case SCREEN_CURSOR: return &screen->kept[KEPT_CURSOR + msg->cursor.head];
	default: return NULL;
	}
}

static void keep(struct screen *screen, const struct screen_message *msg, int pass_fd)
{
	struct kept *kept = kept_of(screen, msg);
	int fd = pass_fd < 0 ? -1 : fcntl(pass_fd, F_DUPFD_CLOEXEC, 3);

	if (pass_fd >= 0 && fd < 0) {
		log_warn("screen message %d: %m", (int)msg->type);
		return;
	}
	/* There is one cursor: with an image it is on that head and no other. */
	for (int i = KEPT_CURSOR; msg->type == SCREEN_CURSOR && !msg->cursor.cursor.hidden && i < KEPT_KINDS;
			i++)
		drop_kept(&screen->kept[i]);
	drop_kept(kept);
	*kept = (struct kept){ true, *msg, fd };
}

static void send_now(struct screen *screen, const struct screen_message *msg, int pass_fd)
{
	uint8_t bytes[SCREEN_PACKET_MAX];
	int len = screen_write(msg, bytes, sizeof bytes);

	if (len < 0 || outbox_send(&screen->outbox, bytes, (size_t)len, pass_fd) < 0)
		log_warn("screen message %d: %s", (int)msg->type, err_text(len < 0 ? len : ERR_MEMORY));
}

static void send_kept(struct screen *screen)
{
	for (int i = 0; i < KEPT_KINDS && outbox_empty(&screen->outbox); i++) {
		if (screen->kept[i].any)
			send_now(screen, &screen->kept[i].msg, screen->kept[i].fd);
		drop_kept(&screen->kept[i]);
	}
}

static void send_pending(struct screen *screen)
{
	struct screen_message msg;

	send_kept(screen);
	for (uint32_t head = 0; head < SCREEN_HEADS_MAX; head++) {
		struct pending *p = &screen->pending[head];

		if (p->any && outbox_empty(&screen->outbox)) {
			p->any = false;
			msg = (struct screen_message){ .type = SCREEN_DAMAGE,
				.damage = { .head = head, .damage_us = p->since_us, .rect = p->rect } };
			send_now(screen, &msg, -1);
		}
		if (p->moved && outbox_empty(&screen->outbox)) {
			p->moved = false;
			msg = (struct screen_message){ .type = SCREEN_CURSOR_MOVED,
				.cursor_moved = { head, p->x, p->y } };
			send_now(screen, &msg, -1);
		}
	}
}

static void end(struct screen *screen)
{
	screen->source = sd_event_source_disable_unref(screen->source);
	outbox_finish(&screen->outbox);
	drop_all_kept(screen);
	close(screen->fd);
	screen->fd = -1;
	screen->ops->closed(screen->user);
}

static int receive(struct screen *screen)
{
	static struct screen_message msg; /* the loop thread only */
	uint8_t bytes[SCREEN_PACKET_MAX];
	int fd, len = packet_receive(screen->fd, bytes, sizeof bytes, &fd), err;

	if (len < 0)
		return len;
	err = screen_parse(&msg, bytes, (size_t)len);
	if (err == 0 && msg.type < SCREEN_SCANOUT) {
		screen->ops->message(screen->user, &msg, fd);
		return 0;
	}
	if (fd >= 0)
		close(fd);
	return err == ERR_ARGUMENT ? 0 : ERR_FORMAT; /* types that are not known are ignored */
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct screen *screen = user;
	int err;

	if (events & EPOLLOUT) {
		outbox_flush(&screen->outbox);
		send_pending(screen);
	}
	/* Answers that nobody takes must not pile up. */
	if (!outbox_empty(&screen->outbox) && !(events & (EPOLLHUP | EPOLLERR)))
		return 0;
	err = receive(screen);
	if (err < 0 && err != ERR_AGAIN && screen->fd >= 0)
		end(screen);
	return 0;
}

struct screen *screen_create(sd_event *event, int fd, const struct screen_ops *ops, void *user)
{
	struct screen *screen = calloc(1, sizeof *screen);

	if (screen) {
		screen->ops = ops;
		screen->user = user;
		screen->fd = fd;
		outbox_init(&screen->outbox, -1, NULL);
	} else if (fd >= 0) {
		close(fd);
	}
	if (!screen || fd < 0)
		return screen;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
			sd_event_add_io(event, &screen->source, fd, EPOLLIN, on_socket, screen) < 0) {
		screen_destroy(screen);
		return NULL;
	}
	outbox_init(&screen->outbox, fd, screen->source);
	return screen;
}

void screen_destroy(struct screen *screen)
{
	if (!screen)
		return;
	sd_event_source_disable_unref(screen->source);
	outbox_finish(&screen->outbox);
	drop_all_kept(screen);
	if (screen->fd >= 0)
		close(screen->fd);
	free(screen);
}

void screen_send(struct screen *screen, const struct screen_message *msg, int pass_fd)
{
	if (screen->fd < 0)
		return;
	if (outbox_empty(&screen->outbox) || !kept_of(screen, msg))
		send_now(screen, msg, pass_fd);
	else
		keep(screen, msg, pass_fd);
}

bool screen_ready(const struct screen *screen)
{
	return screen->fd >= 0 && outbox_empty(&screen->outbox);
}

static struct link_rect join_rects(const struct link_rect *a, const struct link_rect *b)
{
	uint32_t right = a->x + a->width > b->x + b->width ? a->x + a->width : b->x + b->width;
	uint32_t bottom = a->y + a->height > b->y + b->height ? a->y + a->height : b->y + b->height;
	uint32_t x = a->x < b->x ? a->x : b->x, y = a->y < b->y ? a->y : b->y;

	return (struct link_rect){ x, y, right - x, bottom - y };
}

void screen_damage(struct screen *screen, uint32_t head, const struct link_rect *rect)
{
	struct pending *p = &screen->pending[head];

	if (screen->fd < 0)
		return;
	p->rect = p->any ? join_rects(&p->rect, rect) : *rect;
	if (!p->any)
		p->since_us = loop_now_us();
	p->any = true;
	send_pending(screen);
}

void screen_cursor_moved(struct screen *screen, uint32_t head, uint32_t x, uint32_t y)
{
	struct pending *p = &screen->pending[head];

	p->moved = screen->fd >= 0;
	p->x = x;
	p->y = y;
	send_pending(screen);
}
