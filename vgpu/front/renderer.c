#include "renderer.h"
#include "outbox.h"
#include "shader_files.h"
#include <base/log.h>
#include <base/packet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	/* Batches and lists under way. Each is named by one command, most by one of a
	 * chain, and a queue has at most 1024 of those; a restart sends more. */
	PARTS_MAX = 4096,
	ALIGN_BYTES = 8,
	RECEIVE_MAX = 64, /* answers at once, before others get their turn */
};

/* Part of the arena in use. They follow each other, around the edge too. */
struct part {
	uint32_t serial; /* of the command that names it; 0: not sent yet */
	uint32_t offset;
};

struct renderer {
	sd_event *event;
	const struct renderer_ops *ops;
	void *user;
	int fd;
	sd_event_source *source;
	uint32_t serial;
	struct outbox outbox;
	int arena_fd;
	uint8_t *arena;
	uint32_t arena_at; /* where the next part begins */
	struct part parts[PARTS_MAX];
	unsigned part_first, part_count;
	struct shader_files shaders;
};

/* The worker can only read it: a map made from now on is never writable, so that a
 * worker cannot change a batch while the front reads it for its journal. */
static int arena_create(struct renderer *renderer)
{
	int fd = memfd_create("oriel-arena", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *map;

	if (fd < 0 || ftruncate(fd, RENDER_ARENA_BYTES) < 0)
		goto fail;
	map = mmap(NULL, RENDER_ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		goto fail;
	renderer->arena_fd = fd;
	renderer->arena = map;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) < 0)
		return ERR_IO;
	return 0;

fail:
	if (fd >= 0)
		close(fd);
	return ERR_IO;
}

struct renderer *renderer_create(sd_event *event, const struct renderer_ops *ops, void *user)
{
	struct renderer *renderer = calloc(1, sizeof *renderer);

	if (!renderer)
		return NULL;
	renderer->event = event;
	renderer->ops = ops;
	renderer->user = user;
	renderer->fd = renderer->arena_fd = -1;
	renderer->shaders = (struct shader_files){ { -1, -1 }, 0 };
	outbox_init(&renderer->outbox, -1, NULL);
	if (arena_create(renderer) == 0 && shader_files_init(&renderer->shaders) == 0)
		return renderer;
	renderer_destroy(renderer);
	return NULL;
}

void renderer_destroy(struct renderer *renderer)
{
	if (!renderer)
		return;
	renderer_disconnect(renderer);
	if (renderer->arena)
		munmap(renderer->arena, RENDER_ARENA_BYTES);
	if (renderer->arena_fd >= 0)
		close(renderer->arena_fd);
	shader_files_finish(&renderer->shaders);
	free(renderer);
}

void renderer_disconnect(struct renderer *renderer)
{
	renderer->source = sd_event_source_disable_unref(renderer->source);
	if (renderer->fd >= 0)
		close(renderer->fd);
	renderer->fd = -1;
	outbox_finish(&renderer->outbox);
	renderer->part_count = 0;
	renderer->arena_at = 0;
}

bool renderer_connected(const struct renderer *renderer)
{
	return renderer->fd >= 0;
}

bool renderer_full(const struct renderer *renderer)
{
	return !outbox_empty(&renderer->outbox);
}

static void lose(struct renderer *renderer)
{
	renderer_disconnect(renderer);
	renderer->ops->lost(renderer->user);
}

/* The parts taken since the last command are this one's. */
static void arena_name(struct renderer *renderer, uint32_t serial)
{
	for (unsigned i = renderer->part_count; i > 0; i--) {
		struct part *part = &renderer->parts[(renderer->part_first + i - 1) % PARTS_MAX];

		if (part->serial)
			break;
		part->serial = serial;
	}
}

int renderer_send(struct renderer *renderer, struct render_message *msg, int pass_fd)
{
	uint8_t bytes[RENDER_PACKET_MAX];
	uint32_t serial = renderer->serial + 1 ? renderer->serial + 1 : 1;
	int len, err;

	if (renderer->fd < 0)
		return ERR_CLOSED;
	msg->serial = serial;
	if (msg->type == RENDER_FENCE)
		msg->fence.fence = serial;
	len = render_write(msg, bytes, sizeof bytes);
	if (len < 0)
		return len;
	err = outbox_send(&renderer->outbox, bytes, (size_t)len, pass_fd);
	if (err < 0)
		return err;
	renderer->serial = serial;
	arena_name(renderer, serial);
	return 0;
}

/* Taken is from the oldest part to arena_at, which never catch up with each other. A
 * part is not split at the edge: the rest before it is left out. */
static bool arena_find(const struct renderer *renderer, uint32_t len, uint32_t *offset)
{
	uint32_t at = renderer->arena_at, oldest = renderer->parts[renderer->part_first].offset;

	*offset = renderer->part_count ? at : 0;
	if (!renderer->part_count)
		return len < RENDER_ARENA_BYTES;
	if (renderer->part_count == PARTS_MAX)
		return false;
	if (at < oldest)
		return len < oldest - at;
	if (len < RENDER_ARENA_BYTES - at)
		return true;
	*offset = 0;
	return len < oldest;
}

uint8_t *renderer_arena_take(struct renderer *renderer, size_t len, uint32_t *offset)
{
	uint32_t rounded = (uint32_t)(len + ALIGN_BYTES - 1) & ~(uint32_t)(ALIGN_BYTES - 1);

	if (len > RENDER_BATCH_MAX_BYTES || !arena_find(renderer, rounded, offset))
		return NULL;
	renderer->parts[(renderer->part_first + renderer->part_count++) % PARTS_MAX] =
			(struct part){ 0, *offset };
	renderer->arena_at = *offset + rounded;
	return renderer->arena + *offset;
}

/* Commands are carried out in order: one that was answered is past all before it. */
static void arena_release(struct renderer *renderer, uint32_t serial)
{
	while (renderer->part_count) {
		struct part *part = &renderer->parts[renderer->part_first];

		if (!part->serial || (int32_t)(serial - part->serial) < 0)
			break;
		renderer->part_first = (renderer->part_first + 1) % PARTS_MAX;
		renderer->part_count--;
	}
}

/* Whether it is of a command that was sent: a worker may say anything. */
static bool serial_ok(const struct renderer *renderer, uint32_t serial)
{
	return serial && (int32_t)(renderer->serial - serial) >= 0;
}

static int take_answer(struct renderer *renderer, const struct render_message *msg)
{
	switch (msg->type) {
	case RENDER_DONE:
		if (!serial_ok(renderer, msg->serial))
			return ERR_FORMAT;
		arena_release(renderer, msg->serial);
		renderer->ops->done(renderer->user, msg->serial, (enum render_result)msg->done.result);
		return 0;
	case RENDER_FENCED:
		if (msg->fence.fence > UINT32_MAX || !serial_ok(renderer, (uint32_t)msg->fence.fence))
			return ERR_FORMAT;
		arena_release(renderer, (uint32_t)msg->fence.fence);
		renderer->ops->fenced(renderer->user, (uint32_t)msg->fence.fence);
		return 0;
	case RENDER_CAPS_DATA: renderer->ops->caps(renderer->user, &msg->caps_data); return 0;
	default: return ERR_FORMAT; /* a command */
	}
}

static int receive_one(struct renderer *renderer)
{
	static struct render_message msg; /* too large for a stack; the loop thread only */
	uint8_t bytes[RENDER_PACKET_MAX];
	int len = packet_receive(renderer->fd, bytes, sizeof bytes, NULL), err;

	if (len < 0)
		return len;
	err = render_parse(&msg, bytes, (size_t)len);
	return err < 0 ? err : take_answer(renderer, &msg);
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct renderer *renderer = user;
	int err = 0;

	if (events & EPOLLOUT)
		outbox_flush(&renderer->outbox);
	for (int i = 0; err == 0 && i < RECEIVE_MAX; i++) {
		err = receive_one(renderer);
		if (renderer->fd < 0)
			return 0; /* an op disconnected it */
	}
	if (err < 0 && err != ERR_AGAIN) {
		log_debug("render socket: %s", err_text(err));
		lose(renderer);
		return 0;
	}
	if (outbox_empty(&renderer->outbox))
		renderer->ops->room(renderer->user);
	return 0;
}

/* Without them it compiles. */
static int lend_shader_files(struct renderer *renderer)
{
	int err = 0;

	if (shader_files_ready(&renderer->shaders) < 0) {
		log_warn("cannot empty the files of compiled shaders: %m");
		return 0;
	}
	for (uint32_t part = 0; err == 0 && part < RENDER_SHADERS_PARTS; part++) {
		struct render_message msg = { .type = RENDER_SHADERS, .shaders = { part } };

		err = renderer_send(renderer, &msg, renderer->shaders.fds[part]);
	}
	return err;
}

int renderer_connect(struct renderer *renderer, int fd)
{
	struct render_message msg = { .type = RENDER_ARENA };
	int err;

	renderer->fd = fd;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
			sd_event_add_io(renderer->event, &renderer->source, fd, EPOLLIN, on_socket,
					renderer) < 0) {
		renderer_disconnect(renderer);
		return ERR_IO;
	}
	outbox_init(&renderer->outbox, fd, renderer->source);
	err = renderer_send(renderer, &msg, renderer->arena_fd);
	if (err == 0)
		err = lend_shader_files(renderer);
	if (err < 0)
		renderer_disconnect(renderer);
	return err;
}
