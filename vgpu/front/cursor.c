#include "front.h"
#include <base/log.h>
#include <base/shm.h>
#include <unistd.h>

void cursor_init(struct cursor *cursor)
{
	*cursor = (struct cursor){ .fd = -1 };
}

static void close_image(struct cursor *cursor)
{
	if (cursor->fd >= 0)
		close(cursor->fd);
	cursor->fd = -1;
	cursor->reading = 0;
}

void cursor_finish(struct cursor *cursor)
{
	close_image(cursor);
}

static void hide(struct front *front)
{
	struct screen_message msg = { .type = SCREEN_CURSOR,
		.cursor = { front->cursor.shown.scanout, { .hidden = 1 } } };

	screen_send(front->screen, &msg, -1);
}

/* A memfd, its target, one read, and the target's end: all in order. */
static int send_read(struct front *front, const struct resource *resource)
{
	struct cursor *cursor = &front->cursor;
	uint32_t width = resource->create.width, height = resource->create.height;
	struct render_message msg = { .type = RENDER_TARGET };
	uint32_t handle;

	cursor->fd = shm_create("oriel-cursor", (size_t)width * height * 4);
	if (cursor->fd < 0)
		return cursor->fd;
	handle = front_new_target(front);
	msg.target = (struct render_target){ handle, width, height, width * 4 };
	front_send(front, &msg, cursor->fd);
	msg = (struct render_message){ .type = RENDER_READ, .flags = RENDER_WANT_DONE };
	msg.read = (struct render_read){ handle, resource->create.resource, 1,
		{ { 0, 0, 0, 0, width, height } } };
	front_send(front, &msg, -1);
	cursor->reading = msg.serial;
	msg = (struct render_message){ .type = RENDER_TARGET_DROP, .target_drop = { handle } };
	front_send(front, &msg, -1);
	cursor->read = cursor->shown;
	cursor->width_px = width;
	cursor->height_px = height;
	return 0;
}

/* Brings the supervisor up to date, as far as that goes now. */
static void update(struct front *front)
{
	struct cursor *cursor = &front->cursor;
	const struct resource *resource;

	if (!cursor->stale || cursor->reading || !front_running(front))
		return;
	cursor->stale = false;
	resource = table_get(&front->resources, cursor->shown.resource);
	if (!resource || resource->create.width > LINK_CURSOR_MAX_PX ||
			resource->create.height > LINK_CURSOR_MAX_PX ||
			cursor->shown.hot_x >= resource->create.width ||
			cursor->shown.hot_y >= resource->create.height) {
		hide(front);
		return;
	}
	if (send_read(front, resource) < 0)
		log_warn("no memory for a cursor");
}

void cursor_done(struct front *front, uint32_t serial, enum render_result result)
{
	struct cursor *cursor = &front->cursor;
	struct screen_message msg = { .type = SCREEN_CURSOR };

	if (!cursor->reading || cursor->reading != serial)
		return;
	msg.cursor = (struct screen_cursor){ cursor->read.scanout,
		{ 0, cursor->width_px, cursor->height_px, cursor->read.hot_x, cursor->read.hot_y } };
	if (result == RENDER_OK)
		screen_send(front->screen, &msg, cursor->fd);
	close_image(cursor);
	update(front);
}

void cursor_lost(struct front *front)
{
	close_image(&front->cursor);
	front->cursor.stale = front->cursor.known;
}

void cursor_restored(struct front *front)
{
	update(front);
}

void cursor_forget(struct front *front)
{
	if (front->cursor.known && front->cursor.shown.resource)
		hide(front);
	close_image(&front->cursor);
	cursor_init(&front->cursor);
}

static void run(struct front *front, const struct virtio_gpu_command *cmd)
{
	struct cursor *cursor = &front->cursor;
	const struct virtio_gpu_cursor *to = &cmd->cursor;

	if (to->scanout >= SCREEN_HEADS_MAX)
		return;
	if (cmd->header.type == VIRTIO_GPU_UPDATE_CURSOR) {
		cursor->shown = *to;
		cursor->known = cursor->stale = true;
		update(front);
	} else if (cmd->header.type == VIRTIO_GPU_MOVE_CURSOR) {
		cursor->shown.scanout = to->scanout;
	} else {
		return;
	}
	/* Beyond what a head can be it is not seen. */
	if (to->x < LINK_SIZE_MAX_PX && to->y < LINK_SIZE_MAX_PX)
		screen_cursor_moved(front->screen, to->scanout, to->x, to->y);
}

void cursor_look(struct front *front)
{
	static struct queue_chain chain; /* too large for a stack; the loop thread only */
	const struct memory *memory = vhost_memory(front->vhost);
	struct queue *queue = vhost_queue(front->vhost, VHOST_CURSOR);

	for (int i = 0; i < QUEUE_SIZE_MAX && vhost_pop(front->vhost, VHOST_CURSOR, &chain) > 0; i++) {
		uint8_t bytes[VIRTIO_GPU_COMMAND_MAX];
		uint64_t len = queue_chain_out_bytes(&chain);
		struct virtio_gpu_command cmd;
		struct reader r;

		len = len < sizeof bytes ? len : sizeof bytes;
		r = reader_init(bytes, len);
		if (queue_chain_copy(&chain, memory, 0, bytes, len) == 0 && virtio_gpu_parse(&cmd, &r) == 0)
			run(front, &cmd);
		/* The cursor queue has no answers: VIRTIO 1.2, 5.7.6.10. */
		queue_push(queue, chain.head, 0);
	}
}
