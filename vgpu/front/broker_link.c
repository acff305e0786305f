#include "broker_link.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <base/text.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	RETRY_US = 500 * 1000,
	/* Of a worker that the broker did not take on: what is in its way stays for long. */
	OFFER_US = 30 * 1000 * 1000,
};

struct broker_link {
	sd_event *event;
	struct broker_link_settings settings;
	const struct broker_link_ops *ops;
	void *user;
	int fd; /* -1: not connected */
	sd_event_source *source, *connector, *retry;
	bool wants, asked;   /* a worker; and the broker knows */
	uint32_t worker_pid; /* 0: none */
	int page_fd;         /* of that worker */
	bool unwatched;      /* the broker did not take it on; that was said */
	/* Given to us, but for its page: without that the next broker could not be told of it. */
	struct broker_worker given;
	int given_fd; /* -1: none */
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void disconnect(struct broker_link *link)
{
	link->source = sd_event_source_disable_unref(link->source);
	close_fd(&link->fd);
	close_fd(&link->given_fd);
	link->asked = false;
	loop_timer_arm(link->retry, RETRY_US);
}

static void join(struct broker_link *link)
{
	struct broker_message msg = { .type = BROKER_JOIN };
	uint8_t bytes[BROKER_PACKET_MAX];
	int len;

	text_copy(msg.join.name, sizeof msg.join.name, link->settings.name);
	text_copy(msg.join.profile, sizeof msg.join.profile, link->settings.profile);
	msg.join.wanted_gpu = UINT32_MAX;
	if (!link->wants) {
		msg.join.flags = BROKER_JOIN_HAS_WORKER;
		msg.join.worker_pid = link->worker_pid;
	}
	len = broker_write(&msg, bytes, sizeof bytes);
	link->asked = link->wants;
	if (len < 0 || packet_send(link->fd, bytes, (size_t)len, link->wants ? -1 : link->page_fd) < 0)
		disconnect(link);
}

/* The worker that is there. A broker that has no place for it, or does not know its
 * profile, may have one later. */
static void take_answer(struct broker_link *link, const struct broker_worker *worker)
{
	bool refused = worker->status != BROKER_OK;

	if (refused && !link->unwatched)
		log_warn("the broker does not take the worker on, which goes on without a share and a "
			 "watchdog: %s",
				worker->text);
	link->unwatched = refused;
	if (refused)
		loop_timer_arm(link->retry, OFFER_US);
}

static void take_worker(struct broker_link *link, const struct broker_worker *worker, int fd)
{
	if (link->wants && worker->status == BROKER_OK && fd >= 0) {
		close_fd(&link->given_fd);
		link->given = *worker;
		link->given_fd = fd;
		return;
	}
	close_fd(&fd);
	if (!link->wants) {
		take_answer(link, worker);
		return;
	}
	link->asked = false;
	loop_timer_arm(link->retry, RETRY_US);
	link->ops->refused(link->user, worker);
}

/* Takes fd. */
static void take_page(struct broker_link *link, int fd)
{
	int given_fd = link->given_fd;

	close_fd(&link->page_fd);
	link->page_fd = fd;
	if (given_fd < 0)
		return;
	link->given_fd = -1;
	link->wants = link->asked = link->unwatched = false;
	link->worker_pid = link->given.worker_pid;
	link->ops->worker(link->user, given_fd, &link->given);
}

static int receive(struct broker_link *link)
{
	uint8_t bytes[BROKER_PACKET_MAX];
	struct broker_message msg;
	int fd, len = packet_receive(link->fd, bytes, sizeof bytes, &fd), err;

	if (len < 0)
		return len;
	err = broker_parse(&msg, bytes, (size_t)len);
	if (err == 0 && msg.type == BROKER_WORKER) {
		take_worker(link, &msg.worker, fd);
		return 0;
	}
	if (err == 0 && msg.type == BROKER_PAGE && fd >= 0) {
		take_page(link, fd);
		return 0;
	}
	if (fd >= 0)
		close(fd);
	return ERR_FORMAT;
}

static int on_broker(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct broker_link *link = user;
	int err = receive(link);

	if (err < 0 && err != ERR_AGAIN && link->fd >= 0) {
		log_info("the broker is gone (%s); its next one will be joined", err_text(err));
		disconnect(link);
	}
	return 0;
}

/* Takes fd. */
static void connected(struct broker_link *link, int fd)
{
	link->fd = fd;
	if (sd_event_add_io(link->event, &link->source, fd, EPOLLIN, on_broker, link) < 0)
		disconnect(link);
	else if (link->wants || link->worker_pid)
		join(link);
}

static int on_connector(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct broker_link *link = user;
	int connected_fd, n;
	char byte;

	n = packet_receive(fd, &byte, 1, &connected_fd);
	if (n == ERR_AGAIN)
		return 0;
	if (n < 0) {
		log_error("the helper that connects to the broker ended");
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
		return 0;
	}
	if (connected_fd >= 0 && link->fd < 0)
		connected(link, connected_fd);
	else if (connected_fd >= 0)
		close(connected_fd);
	else
		loop_timer_arm(link->retry, RETRY_US);
	return 0;
}

static int on_retry(sd_event_source *source, uint64_t now_us, void *user)
{
	struct broker_link *link = user;

	if (link->fd < 0)
		(void)!packet_send(link->settings.connector_fd, "c", 1, -1);
	else if (link->wants ? !link->asked : link->unwatched)
		join(link);
	return 0;
}

struct broker_link *broker_link_create(sd_event *event, const struct broker_link_settings *settings,
		const struct broker_link_ops *ops, void *user)
{
	struct broker_link *link = calloc(1, sizeof *link);

	if (!link)
		return NULL;
	link->event = event;
	link->settings = *settings;
	link->ops = ops;
	link->user = user;
	link->fd = link->page_fd = link->given_fd = -1;
	if (loop_timer_add(event, &link->retry, on_retry, link) < 0 ||
			sd_event_add_io(event, &link->connector, settings->connector_fd, EPOLLIN,
					on_connector, link) < 0) {
		broker_link_destroy(link);
		return NULL;
	}
	if (settings->connected_fd >= 0)
		connected(link, settings->connected_fd);
	else
		loop_timer_arm(link->retry, 0);
	return link;
}

void broker_link_destroy(struct broker_link *link)
{
	if (!link)
		return;
	sd_event_source_disable_unref(link->source);
	sd_event_source_disable_unref(link->connector);
	sd_event_source_disable_unref(link->retry);
	close_fd(&link->fd);
	close_fd(&link->page_fd);
	close_fd(&link->given_fd);
	close(link->settings.connector_fd);
	free(link);
}

void broker_link_want(struct broker_link *link)
{
	link->wants = true;
	link->worker_pid = 0;
	if (link->fd >= 0)
		join(link);
}
