#include "agent_link.h"
#include <base/log.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	READS_PER_TURN = 4,
};

static void close_link(struct agent_link *link)
{
	link->io = sd_event_source_disable_unref(link->io);
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

/* True: all of it went out. */
static bool flush(struct agent_link *link)
{
	ssize_t n;

	if (!link->unsent_len)
		return true;
	n = send(link->fd, link->unsent, link->unsent_len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0) {
		link->unsent_len -= (size_t)n;
		memmove(link->unsent, link->unsent + n, link->unsent_len);
	}
	return link->unsent_len == 0;
}

/* The next line that is due. False: none is. */
static bool next_message(struct agent_link *link, struct agent_message *msg)
{
	if (link->layout_due) {
		*msg = (struct agent_message){ .type = AGENT_LAYOUT, .layout = link->layout };
		link->layout_due = false;
	} else if (link->keymap_due) {
		*msg = (struct agent_message){ .type = AGENT_KEYMAP, .klid = link->klid };
		link->keymap_due = false;
	} else if (link->locks_due) {
		*msg = (struct agent_message){ .type = AGENT_LOCKS, .locks = link->locks };
		link->locks_due = false;
	} else if (link->wheel_120) {
		*msg = (struct agent_message){ .type = AGENT_WHEEL, .horizontal_120 = link->wheel_120 };
		link->wheel_120 = 0;
	} else if (link->text_count) {
		*msg = (struct agent_message){ .type = AGENT_TEXT, .code_point = link->text[0] };
		memmove(link->text, link->text + 1, --link->text_count * sizeof *link->text);
	} else {
		return false;
	}
	return true;
}

static void send_due(struct agent_link *link)
{
	struct agent_message msg;
	bool room = true;

	if (link->fd < 0 || !link->there)
		return;
	while ((room = flush(link)) && next_message(link, &msg)) {
		int len = agent_write(&msg, link->unsent, sizeof link->unsent);

		link->unsent_len = len > 0 ? (size_t)len : 0;
	}
	sd_event_source_set_io_events(link->io, room ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

static void forget_text(struct agent_link *link)
{
	bool typing = agent_link_typing(link);

	link->text_count = 0;
	link->texts = link->typed = 0;
	if (typing)
		link->ops->typed(link->user);
}

static void on_hello(struct agent_link *link, uint32_t version)
{
	if (!link->there)
		log_info("the machine's agent is there (version %u)", version);
	link->early = link->there;
	link->there = true;
	forget_text(link);
	link->layout_due = link->layout.count != 0;
	link->keymap_due = link->keymap_known;
	send_due(link);
}

static void on_typed(struct agent_link *link, uint32_t count)
{
	bool typing = agent_link_typing(link);

	link->typed = count;
	if (typing && !agent_link_typing(link))
		link->ops->typed(link->user);
}

static void on_line(struct agent_link *link, size_t len)
{
	struct agent_message msg;

	if (agent_parse(&msg, link->lines.line, len) < 0)
		return;
	if (msg.type == AGENT_HELLO)
		on_hello(link, msg.version);
	else if (msg.type == AGENT_LAYOUT_DONE)
		link->ops->layout_done(link->user, &msg.layout_done);
	else if (msg.type == AGENT_TYPED)
		on_typed(link, msg.typed);
}

/* False: the other end is gone. */
static bool read_some(struct agent_link *link)
{
	char bytes[1024];
	size_t len;

	for (int i = 0; i < READS_PER_TURN; i++) {
		ssize_t n = recv(link->fd, bytes, sizeof bytes, MSG_DONTWAIT);

		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EINTR);
		for (ssize_t k = 0; k < n; k++) {
			if (agent_lines_take(&link->lines, bytes[k], &len))
				on_line(link, len);
		}
	}
	return true;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct agent_link *link = user;

	if (!read_some(link))
		close_link(link); /* QEMU is at its end, which others will notice */
	else if (events & EPOLLOUT)
		send_due(link);
	return 0;
}

int agent_link_init(struct agent_link *link, sd_event *event, int fd, const struct agent_ops *ops, void *user)
{
	*link = (struct agent_link){ .ops = ops, .user = user, .fd = fd };
	return sd_event_add_io(event, &link->io, fd, EPOLLIN, on_io, link) < 0 ? ERR_MEMORY : 0;
}

void agent_link_finish(struct agent_link *link)
{
	close_link(link);
}

static void gone(struct agent_link *link)
{
	if (link->there)
		log_info("the machine's agent is gone");
	link->there = false;
	link->wheel_120 = 0;
	forget_text(link);
}

void agent_link_port(struct agent_link *link, bool open)
{
	if (!open) {
		gone(link);
		return;
	}
	link->there |= link->early;
	link->early = false;
	send_due(link);
}

void agent_link_layout(struct agent_link *link, const struct agent_layout *layout)
{
	link->layout = *layout;
	link->layout_due = true;
	send_due(link);
}

void agent_link_keymap(struct agent_link *link, uint32_t klid)
{
	link->klid = klid;
	link->keymap_known = link->keymap_due = true;
	send_due(link);
}

void agent_link_locks(struct agent_link *link, uint32_t flags)
{
	link->locks = flags;
	link->locks_due = link->there;
	send_due(link);
}

void agent_link_text(struct agent_link *link, uint32_t code_point)
{
	if (!link->there || code_point == 0 || link->text_count == AGENT_TEXT_MAX)
		return;
	link->text[link->text_count++] = code_point;
	link->texts++;
	send_due(link);
}

void agent_link_wheel(struct agent_link *link, int32_t horizontal_120)
{
	int32_t sum_120 = link->wheel_120 + horizontal_120;

	if (!link->there)
		return;
	if (sum_120 > LINK_WHEEL_MAX_120)
		sum_120 = LINK_WHEEL_MAX_120;
	if (sum_120 < -LINK_WHEEL_MAX_120)
		sum_120 = -LINK_WHEEL_MAX_120;
	link->wheel_120 = sum_120;
	send_due(link);
}

bool agent_link_typing(const struct agent_link *link)
{
	return link->texts != link->typed;
}
