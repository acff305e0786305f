#include "gpu.h"
#include <base/log.h>
#include <base/packet.h>
#include <base/shm.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PACKETS_PER_TURN = 64,
};

/* What the front has read, or is reading, before it was asked to. */
struct ahead {
	uint32_t serial; /* 0: nothing */
	struct link_rect rect;
	bool there;
};

struct gpu_target {
	struct gpu_target *next;
	uint32_t handle;
	uint32_t reading; /* serial of the read under way; 0: none */
	struct ahead ahead;
	bool dropped;  /* freed with SCREEN_DROPPED */
	bool drop_due; /* SCREEN_DROP did not fit into the socket yet */
};

struct gpu {
	const struct gpu_ops *ops;
	void *user;
	int fd; /* -1: lost */
	sd_event_source *io;
	struct gpu_target *targets;
	int target_count; /* those that wait for SCREEN_DROPPED too */
	uint32_t last_handle, last_serial;
	uint32_t await_serial, await_handle; /* of the last SCREEN_AWAIT; serial 0: it is over */
	bool refused;                        /* a read, because the socket was full */
	bool heads_due;
	struct screen_heads heads;
};

/* why: NULL when it is only closed, which others say more about. */
static void lose(struct gpu *gpu, const char *why)
{
	if (gpu->fd < 0)
		return;
	if (why)
		log_error("the virtual GPU's screen socket: %s", why);
	gpu->io = sd_event_source_disable_unref(gpu->io);
	close(gpu->fd);
	gpu->fd = -1;
	gpu->ops->lost(gpu->user);
}

/* 0; ERR_AGAIN: the socket is full; ERR_CLOSED: it will show when reading. */
static int send_message(struct gpu *gpu, const struct screen_message *msg, int pass_fd)
{
	uint8_t packet[SCREEN_PACKET_MAX];
	int len = screen_write(msg, packet, sizeof packet), result;

	if (len < 0 || gpu->fd < 0)
		return len < 0 ? len : ERR_CLOSED;
	result = packet_send(gpu->fd, packet, (size_t)len, pass_fd);
	if (result == ERR_AGAIN)
		sd_event_source_set_io_events(gpu->io, EPOLLIN | EPOLLOUT);
	return result;
}

/* The picture has changed: what was read ahead is old, or this is about it. */
static void look_ahead(struct gpu *gpu, const struct screen_damage *damage)
{
	for (struct gpu_target *target = gpu->targets; target; target = target->next) {
		target->ahead.serial = 0;
		if (damage && damage->read_serial && damage->read_serial == gpu->await_serial &&
				target->handle == gpu->await_handle && !target->dropped)
			target->ahead = (struct ahead){ damage->read_serial, damage->read_rect, false };
	}
	if (damage && damage->read_serial)
		gpu->await_serial = 0;
}

void gpu_heads(struct gpu *gpu, const struct screen_heads *heads)
{
	struct screen_message msg = { .type = SCREEN_HEADS, .heads = *heads };

	look_ahead(gpu, NULL);
	gpu->heads = *heads;
	gpu->heads_due = send_message(gpu, &msg, -1) == ERR_AGAIN;
}

struct gpu_target *gpu_target_add(struct gpu *gpu, int memfd, const struct link_buffer *buffer)
{
	struct screen_message msg = { .type = SCREEN_TARGET };
	struct gpu_target *target;

	if (gpu->target_count == SCREEN_TARGETS_MAX)
		return NULL;
	target = calloc(1, sizeof *target);
	if (!target)
		return NULL;
	target->handle = ++gpu->last_handle;
	msg.target = (struct screen_target){ target->handle, *buffer };
	if (send_message(gpu, &msg, memfd) < 0) {
		free(target);
		return NULL;
	}
	target->next = gpu->targets;
	gpu->targets = target;
	gpu->target_count++;
	return target;
}

static void target_free(struct gpu *gpu, struct gpu_target *target)
{
	struct gpu_target **at = &gpu->targets;

	while (*at != target)
		at = &(*at)->next;
	*at = target->next;
	gpu->target_count--;
	free(target);
}

static void send_drop(struct gpu *gpu, struct gpu_target *target)
{
	struct screen_message msg = { .type = SCREEN_DROP, .drop = { target->handle } };

	target->drop_due = send_message(gpu, &msg, -1) == ERR_AGAIN;
}

void gpu_target_drop(struct gpu *gpu, struct gpu_target *target)
{
	target->dropped = true;
	target->reading = 0;
	if (gpu->fd < 0)
		target_free(gpu, target);
	else
		send_drop(gpu, target);
}

static uint32_t new_serial(struct gpu *gpu)
{
	if (++gpu->last_serial == 0)
		gpu->last_serial = 1;
	return gpu->last_serial;
}

void gpu_await(struct gpu *gpu, const struct gpu_target *target)
{
	struct screen_message msg = { .type = SCREEN_AWAIT, .await = { new_serial(gpu), target->handle } };

	/* Without it the damage is read when it is told. */
	gpu->await_serial = send_message(gpu, &msg, -1) == 0 ? msg.await.serial : 0;
	gpu->await_handle = target->handle;
}

/* Takes what was read ahead, which is of use now or never. */
static struct ahead take_ahead(struct gpu_target *target, const struct link_rect *rects, size_t count)
{
	struct ahead ahead = target->ahead;

	target->ahead.serial = 0;
	if (count != 1 || memcmp(rects, &ahead.rect, sizeof *rects) != 0)
		ahead.serial = 0;
	return ahead;
}

int gpu_read(struct gpu *gpu, struct gpu_target *target, const struct link_rect *rects, size_t count)
{
	struct ahead ahead = take_ahead(target, rects, count);
	struct screen_message msg = { .type = SCREEN_READ,
		.read = { .handle = target->handle, .count = (uint32_t)count } };
	int result;

	if (count > LINK_RECTS_MAX)
		return ERR_ARGUMENT;
	if (ahead.serial && ahead.there)
		return GPU_READ_THERE;
	if (ahead.serial) {
		target->reading = ahead.serial;
		return 0;
	}
	msg.read.serial = new_serial(gpu);
	memcpy(msg.read.rects, rects, count * sizeof *rects);
	result = send_message(gpu, &msg, -1);
	gpu->refused |= result == ERR_AGAIN;
	if (result == 0)
		target->reading = msg.read.serial;
	return result;
}

static struct gpu_target *find_target(struct gpu *gpu, uint32_t handle)
{
	struct gpu_target *target = gpu->targets;

	while (target && target->handle != handle)
		target = target->next;
	return target;
}

static void on_dropped(struct gpu *gpu, uint32_t handle)
{
	struct gpu_target *target = find_target(gpu, handle);

	if (target && target->dropped)
		target_free(gpu, target);
	else
		lose(gpu, "a target was dropped that should not be");
}

static void on_read_done(struct gpu *gpu, const struct screen_read_done *done)
{
	struct gpu_target *target = gpu->targets;

	while (target && target->reading != done->serial && target->ahead.serial != done->serial)
		target = target->next;
	if (!target || !done->serial)
		return; /* it was dropped meanwhile */
	if (target->reading != done->serial) {
		target->ahead.there = done->result == SCREEN_READ_OK;
		target->ahead.serial = target->ahead.there ? done->serial : 0;
		return;
	}
	target->reading = 0;
	gpu->ops->captured(gpu->user, target, done->result == SCREEN_READ_OK ? 0 : ERR_AGAIN);
}

static void on_cursor(struct gpu *gpu, const struct screen_cursor *cursor, int fd)
{
	static uint8_t pixels[LINK_CURSOR_MAX_PX * LINK_CURSOR_MAX_PX * 4];
	size_t len = (size_t)cursor->cursor.width_px * cursor->cursor.height_px * 4;

	if (cursor->cursor.hidden)
		gpu->ops->cursor(gpu->user, cursor, NULL);
	else if (fd < 0 || shm_check(fd, len) < 0 || pread(fd, pixels, len, 0) != (ssize_t)len)
		lose(gpu, "a cursor without its image");
	else
		gpu->ops->cursor(gpu->user, cursor, pixels);
}

static void on_damage(struct gpu *gpu, const struct screen_damage *damage)
{
	look_ahead(gpu, damage);
	gpu->ops->damage(gpu->user, damage);
}

static void on_scanout(struct gpu *gpu, const struct screen_scanout *scanout)
{
	look_ahead(gpu, NULL);
	gpu->ops->scanout(gpu->user, scanout);
}

static void on_reset(struct gpu *gpu, const struct screen_reset *reset)
{
	look_ahead(gpu, NULL);
	gpu->ops->reset(gpu->user, reset);
}

static void on_message(struct gpu *gpu, const struct screen_message *msg, int fd)
{
	switch (msg->type) {
	case SCREEN_SCANOUT: on_scanout(gpu, &msg->scanout); break;
	case SCREEN_DAMAGE: on_damage(gpu, &msg->damage); break;
	case SCREEN_READ_DONE: on_read_done(gpu, &msg->read_done); break;
	case SCREEN_DROPPED: on_dropped(gpu, msg->drop.handle); break;
	case SCREEN_CURSOR: on_cursor(gpu, &msg->cursor, fd); break;
	case SCREEN_CURSOR_MOVED: gpu->ops->cursor_moved(gpu->user, &msg->cursor_moved); break;
	case SCREEN_RESET: on_reset(gpu, &msg->reset); break;
	default: lose(gpu, "a message of the supervisor's"); break;
	}
}

static void read_packets(struct gpu *gpu)
{
	static struct screen_message msg; /* 4 KiB; the loop thread only */
	uint8_t packet[SCREEN_PACKET_MAX];

	for (int i = 0; i < PACKETS_PER_TURN && gpu->fd >= 0; i++) {
		int fd, n = packet_receive(gpu->fd, packet, sizeof packet, &fd), result;

		if (n == ERR_AGAIN)
			return;
		result = n < 0 ? n : screen_parse(&msg, packet, (size_t)n);
		if (result == 0)
			on_message(gpu, &msg, fd);
		else if (result != ERR_ARGUMENT) /* types that are not known are ignored */
			lose(gpu, result == ERR_CLOSED ? NULL : err_text(result));
		if (fd >= 0)
			close(fd);
	}
}

/* What did not fit goes out; then reads may be tried again. */
static void write_due(struct gpu *gpu)
{
	bool refused = gpu->refused;

	sd_event_source_set_io_events(gpu->io, EPOLLIN);
	gpu->refused = false;
	if (gpu->heads_due)
		gpu_heads(gpu, &gpu->heads);
	for (struct gpu_target *target = gpu->targets; target; target = target->next) {
		if (target->drop_due)
			send_drop(gpu, target);
	}
	if (refused)
		gpu->ops->writable(gpu->user);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct gpu *gpu = user;

	if (events & EPOLLOUT)
		write_due(gpu);
	read_packets(gpu);
	return 0;
}

struct gpu *gpu_create(sd_event *event, int fd, const struct gpu_ops *ops, void *user)
{
	struct gpu *gpu = calloc(1, sizeof *gpu);

	if (gpu) {
		gpu->ops = ops;
		gpu->user = user;
		gpu->fd = fd;
	}
	if (!gpu || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
			sd_event_add_io(event, &gpu->io, fd, EPOLLIN, on_io, gpu) < 0) {
		close(fd);
		free(gpu);
		return NULL;
	}
	return gpu;
}

void gpu_destroy(struct gpu *gpu)
{
	if (!gpu)
		return;
	sd_event_source_disable_unref(gpu->io);
	if (gpu->fd >= 0)
		close(gpu->fd);
	while (gpu->targets)
		target_free(gpu, gpu->targets);
	free(gpu);
}
