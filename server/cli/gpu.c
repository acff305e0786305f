#include "gpu.h"
#include <base/packet.h>
#include <errno.h>
#include <proto/broker.h>
#include <stdbool.h>
#include <unistd.h>

enum {
	ANSWER_MS = 10000,
};

static json_t *row_of(const struct broker_item *item)
{
	const struct broker_limits *limits = &item->limits;

	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:b, s:I}", "name",
			item->name, "profile", item->profile, "gpu", item->gpu, "weight",
			(json_int_t)limits->weight, "heads_max", (json_int_t)limits->heads_max, "width_px",
			(json_int_t)limits->width_px, "height_px", (json_int_t)limits->height_px,
			"video_memory_bytes", (json_int_t)limits->video_memory_bytes, "memory_bytes",
			(json_int_t)item->memory_bytes, "gpu_time_us", (json_int_t)item->gpu_time_us, "fps",
			item->frames_per_1000_s / 1000.0, "queue", (json_int_t)item->queue, "held",
			item->held != 0, "resets", (json_int_t)item->resets);
}

/* The broker closes at once on who may not ask. Else it ended, or it has too many
 * connections: that it is not running, or that one may not ask, would not be true. */
static int why_closed(int fd, bool at_once)
{
	uid_t broker;
	pid_t pid;

	if (at_once && geteuid() != 0 && packet_peer(fd, &broker, &pid) == 0 && broker != geteuid())
		return ERR_DENIED;
	errno = ECONNRESET;
	return ERR_IO;
}

/* Adds what comes to rows until the end. */
static int receive(int fd, json_t *rows)
{
	uint8_t packet[BROKER_PACKET_MAX];
	struct broker_message msg;
	int len, err;

	for (int i = 0; i <= BROKER_ITEMS_MAX; i++) {
		err = packet_wait(fd, ANSWER_MS);
		if (err < 0)
			return err;
		len = packet_receive(fd, packet, sizeof packet, NULL);
		if (len < 0)
			return len == ERR_CLOSED ? why_closed(fd, i == 0) : len;
		if (broker_parse(&msg, packet, (size_t)len) < 0)
			return ERR_FORMAT;
		if (msg.type == BROKER_END)
			return 0;
		if (msg.type != BROKER_ITEM)
			return ERR_FORMAT;
		if (json_array_append_new(rows, row_of(&msg.item)) < 0)
			return ERR_MEMORY;
	}
	return ERR_FORMAT;
}

static int ask(int fd)
{
	uint8_t packet[BROKER_PACKET_MAX];
	int len = broker_write(&(struct broker_message){ .type = BROKER_LIST }, packet, sizeof packet);

	return len < 0 ? len : packet_send(fd, packet, (size_t)len, -1);
}

int gpu_list(const char *socket_path, json_t **rows)
{
	int fd = packet_connect(socket_path), err, why;

	if (fd < 0)
		return fd;
	*rows = json_array();
	err = *rows ? ask(fd) : ERR_MEMORY;
	if (err == 0)
		err = receive(fd, *rows);
	why = errno;
	close(fd);
	if (err < 0)
		json_decref(*rows);
	errno = why;
	return err;
}
