#include "worker.h"
#include "sandbox.h"
#include "virgl.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
	COMMANDS_AT_ONCE = 32, /* before fences and the broker get a look */
	HELD_LOOK_MS = 2,      /* at the page, when there is no socket to the broker */
};

static void on_busy(void *user, uint64_t since_us, uint32_t queue)
{
	struct worker *w = user;

	atomic_store(&w->page->busy_since_us, since_us);
	atomic_store(&w->page->queue, queue);
}

static void note_span(struct broker_page *page, uint64_t begin_us)
{
	uint32_t number = atomic_load(&page->span_count);
	struct broker_span *span = &page->spans[number % BROKER_SPANS];

	atomic_store(&span->begin_us, begin_us);
	atomic_store(&span->end_us, loop_now_us());
	atomic_store(&page->span_count, number + 1);
}

static void on_fence_reached(void *user, uint32_t serial, const struct render_fence *fence, uint64_t since_us)
{
	struct worker *w = user;
	struct render_message msg = { .type = RENDER_FENCED, .serial = serial, .fence = *fence };

	note_span(w->page, since_us);
	/* A front that is gone shows when the socket is read next. */
	if (worker_send(w, &msg) < 0)
		log_debug("cannot tell of a fence");
}

static const struct fences_ops fences_ops = { on_fence_reached, on_busy };

int worker_init(struct worker *w, int render_fd, int control_fd, struct broker_page *page)
{
	memset(w, 0, sizeof *w);
	w->render_fd = render_fd;
	w->control_fd = control_fd;
	w->page = page;
	return fences_init(&w->fences, &fences_ops, w);
}

int worker_send(struct worker *w, const struct render_message *msg)
{
	uint8_t packet[RENDER_PACKET_MAX];
	struct pollfd room = { .fd = w->render_fd, .events = POLLOUT };
	int len = render_write(msg, packet, sizeof packet), err;

	if (len < 0)
		return len;
	for (;;) {
		err = packet_send(w->render_fd, packet, (size_t)len, -1);
		if (err != ERR_AGAIN)
			return err;
		if (poll(&room, 1, -1) < 0 && errno != EINTR)
			return ERR_IO;
	}
}

/* Nothing the broker says has fields. */
static void hear_broker(struct worker *w)
{
	uint8_t packet[BROKER_PACKET_MAX];
	int len;

	do
		len = packet_receive(w->control_fd, packet, sizeof packet, NULL);
	while (len > 0);
	if (len != ERR_AGAIN) {
		log_info("the broker is gone; going on without it");
		close(w->control_fd);
		w->control_fd = -1;
	}
}

/* Without a broker nobody holds anything; the next one has no socket to us. */
static bool is_held(const struct worker *w)
{
	return atomic_load(&w->page->held) == 1 &&
			(w->control_fd >= 0 ||
					loop_now_us() - atomic_load(&w->page->held_us) < BROKER_HELD_US);
}

/* The command at hand, unless it is a batch and batches are held. */
static int execute_or_wait(struct worker *w, int fd)
{
	bool waited = w->waits;

	w->waits = w->command.type == RENDER_SUBMIT && fd < 0 && is_held(w);
	if (!w->waits)
		return worker_execute(w, fd);
	if (!waited)
		fences_command(&w->fences, 0, true);
	return 0;
}

/* The first command comes from the guest's front, and the broker has said before what
 * that guest may use. */
static int take_guest(struct worker *w)
{
	if (w->resources.quota_bytes)
		return 0;
	w->resources.quota_bytes = atomic_load(&w->page->video_memory_bytes);
	if (!w->resources.quota_bytes)
		return ERR_FORMAT;
	sandbox_limit_memory(w->resources.quota_bytes);
	return 0;
}

static int take_command(struct worker *w)
{
	int fd, err, len = packet_receive(w->render_fd, w->packet, sizeof w->packet, &fd);

	if (len < 0)
		return len;
	err = take_guest(w);
	if (err == 0)
		err = render_parse(&w->command, w->packet, (size_t)len);
	if (err == 0)
		err = execute_or_wait(w, fd);
	if (fd >= 0)
		close(fd);
	return err;
}

static int take_commands(struct worker *w)
{
	int err = 0;

	for (int i = 0; err == 0 && !w->waits && i < COMMANDS_AT_ONCE; i++)
		err = take_command(w);
	return err == ERR_AGAIN ? 0 : err;
}

int worker_run(struct worker *w)
{
	struct pollfd fds[] = { { .fd = w->render_fd }, { .events = POLLIN }, { .events = POLLIN } };
	int err = 0;

	fds[2].fd = virgl_renderer_get_poll_fd();
	while (err == 0) {
		/* A batch that waits stops everything behind it, but not the front's end. */
		fds[0].events = w->waits ? 0 : POLLIN;
		fds[1].fd = w->control_fd;
		if (poll(fds, 3, w->waits && w->control_fd < 0 ? HELD_LOOK_MS : -1) < 0 && errno != EINTR)
			return ERR_IO;
		if (w->control_fd >= 0 && fds[1].revents)
			hear_broker(w);
		if (fds[2].revents)
			virgl_renderer_poll(); /* queries */
		if (w->waits)
			err = fds[0].revents ? ERR_CLOSED : execute_or_wait(w, -1);
		else if (fds[0].revents)
			err = take_commands(w);
	}
	return err == ERR_CLOSED ? 0 : err;
}
