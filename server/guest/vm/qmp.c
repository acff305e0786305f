#include "qmp.h"
#include <base/log.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	READS_PER_TURN = 16,
	COMMAND_CAP = 320,
};

static void close_connection(struct qmp *qmp)
{
	qmp->io = sd_event_source_disable_unref(qmp->io);
	if (qmp->fd >= 0)
		close(qmp->fd);
	qmp->fd = -1;
}

static void flush(struct qmp *qmp)
{
	ssize_t n;

	if (qmp->fd < 0 || !qmp->unsent_len)
		return;
	n = send(qmp->fd, qmp->unsent, qmp->unsent_len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0) {
		qmp->unsent_len -= (size_t)n;
		memmove(qmp->unsent, qmp->unsent + n, qmp->unsent_len);
	}
	/* An error shows when reading. */
	sd_event_source_set_io_events(qmp->io, qmp->unsent_len ? EPOLLIN | EPOLLOUT : EPOLLIN);
	if (!qmp->unsent_len)
		qmp->full = false;
}

static void __attribute__((format(printf, 2, 3))) command(struct qmp *qmp, const char *format, ...)
{
	char text[COMMAND_CAP];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (len < 0 || len >= (int)sizeof text || qmp->fd < 0)
		return;
	if ((size_t)len > sizeof qmp->unsent - qmp->unsent_len) {
		if (!qmp->full)
			log_warn("QEMU does not take commands; the next ones are lost");
		qmp->full = true;
		return;
	}
	memcpy(qmp->unsent + qmp->unsent_len, text, (size_t)len);
	qmp->unsent_len += (size_t)len;
	flush(qmp);
}

void qmp_execute(struct qmp *qmp, const char *name)
{
	command(qmp, "{\"execute\":\"%s\"}\n", name);
}

#define INPUT(event) "{\"execute\":\"input-send-event\",\"arguments\":{\"events\":[" event "]}}\n"

void qmp_key(struct qmp *qmp, uint32_t number, bool down)
{
	if (qmp->ready)
		command(qmp,
				INPUT("{\"type\":\"key\",\"data\":{\"down\":%s,\"key\":"
				      "{\"type\":\"number\",\"data\":%u}}}"),
				down ? "true" : "false", number);
}

void qmp_button(struct qmp *qmp, const char *button, bool down)
{
	if (qmp->ready)
		command(qmp, INPUT("{\"type\":\"btn\",\"data\":{\"down\":%s,\"button\":\"%s\"}}"),
				down ? "true" : "false", button);
}

void qmp_pointer(struct qmp *qmp, uint32_t x, uint32_t y)
{
	if (qmp->ready)
		command(qmp,
				INPUT("{\"type\":\"abs\",\"data\":{\"axis\":\"x\",\"value\":%u}},"
				      "{\"type\":\"abs\",\"data\":{\"axis\":\"y\",\"value\":%u}}"),
				x, y);
}

static void on_event(struct qmp *qmp, const char *name, const json_t *data)
{
	if (strcmp(name, "SHUTDOWN") == 0)
		qmp->ops->shutdown(qmp->user, json_is_true(json_object_get(data, "guest")));
	else if (strcmp(name, "RESET") == 0 && json_is_true(json_object_get(data, "guest")))
		qmp->ops->restarted(qmp->user);
	else if (strcmp(name, "VSERPORT_CHANGE") == 0)
		qmp->ops->port(qmp->user, json_is_true(json_object_get(data, "open")));
	else if (strcmp(name, "BLOCK_IO_ERROR") == 0 && json_is_true(json_object_get(data, "nospace")))
		qmp->ops->no_room(qmp->user);
}

/* The greeting, an answer, an error or an event. */
static void on_object(struct qmp *qmp, const json_t *object)
{
	const char *event = json_string_value(json_object_get(object, "event"));
	const json_t *error = json_object_get(object, "error");

	if (event) {
		on_event(qmp, event, json_object_get(object, "data"));
	} else if (error) {
		log_warn("QEMU refuses a command: %.200s",
				json_string_value(json_object_get(error, "desc"))
						? json_string_value(json_object_get(error, "desc"))
						: "?");
	} else if (json_is_object(json_object_get(object, "QMP"))) {
		qmp_execute(qmp, "qmp_capabilities");
	} else if (!qmp->ready && json_object_get(object, "return")) {
		/* The greeting comes while the devices are still being made. */
		qmp->ready = true;
		qmp->ops->ready(qmp->user);
	}
}

static int on_line(struct qmp *qmp)
{
	json_t *object = json_loadb(qmp->line, qmp->line_len, JSON_REJECT_DUPLICATES, NULL);

	qmp->line_len = 0;
	if (!json_is_object(object)) {
		json_decref(object);
		return ERR_FORMAT;
	}
	on_object(qmp, object);
	json_decref(object);
	return 0;
}

int qmp_take(struct qmp *qmp, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n' && on_line(qmp) < 0)
			return ERR_FORMAT;
		if (bytes[i] == '\n' || bytes[i] == '\r')
			continue;
		if (qmp->line_len == QMP_LINE_MAX)
			return ERR_FORMAT;
		qmp->line[qmp->line_len++] = bytes[i];
	}
	return 0;
}

static int read_some(struct qmp *qmp)
{
	char bytes[4096];

	for (int i = 0; i < READS_PER_TURN && qmp->fd >= 0; i++) {
		ssize_t n = recv(qmp->fd, bytes, sizeof bytes, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n <= 0)
			return ERR_CLOSED;
		if (qmp_take(qmp, bytes, (size_t)n) < 0)
			return ERR_FORMAT;
	}
	return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct qmp *qmp = user;
	int result;

	if (events & EPOLLOUT)
		flush(qmp);
	result = read_some(qmp);
	if (result == 0)
		return 0;
	if (result == ERR_FORMAT)
		log_error("QEMU's monitor says something that is no QMP; it is closed");
	close_connection(qmp);
	qmp->ops->closed(qmp->user);
	return 0;
}

int qmp_init(struct qmp *qmp, sd_event *event, int fd, const struct qmp_ops *ops, void *user)
{
	*qmp = (struct qmp){ .ops = ops, .user = user, .fd = fd, .line = malloc(QMP_LINE_MAX) };
	if (!qmp->line)
		return ERR_MEMORY;
	return sd_event_add_io(event, &qmp->io, fd, EPOLLIN, on_io, qmp) < 0 ? ERR_IO : 0;
}

void qmp_finish(struct qmp *qmp)
{
	close_connection(qmp);
	free(qmp->line);
	qmp->line = NULL;
}
