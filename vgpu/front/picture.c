#include "front.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/shm.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WIDTH_PX = 1280, /* of the one head before the supervisor says more */
	HEIGHT_PX = 800,
	LATE_US = 40 * 1000, /* of a flush that does not come */
};

/* A SCREEN_READ that the worker works on: one or more RENDER_READs. */
struct picture_read {
	struct picture_read *next;
	uint32_t serial;      /* the supervisor's */
	uint32_t first, last; /* of the commands */
	bool failed;
};

static void target_destroy(struct picture_target *target)
{
	close(target->fd);
	free(target);
}

void picture_finish(struct picture *picture)
{
	struct picture_target *target;
	struct picture_read *read;
	size_t at = 0;

	sd_event_source_disable_unref(picture->late);
	while ((target = table_next(&picture->targets, &at, NULL)))
		target_destroy(target);
	table_finish(&picture->targets);
	while ((read = picture->first_read)) {
		picture->first_read = read->next;
		free(read);
	}
}

static struct link_rect head_rect(const struct picture *picture, uint32_t head)
{
	const struct scanout *scanout = &picture->scanouts[head];
	struct link_rect rect = picture->heads.heads[head];

	if (scanout->resource) {
		rect.width = scanout->rect.width;
		rect.height = scanout->rect.height;
	}
	return rect;
}

static void origin(const struct picture *picture, uint32_t *x, uint32_t *y)
{
	*x = *y = UINT32_MAX;
	for (uint32_t i = 0; i < picture->heads.count; i++) {
		const struct link_rect *head = &picture->heads.heads[i];

		*x = head->x < *x ? head->x : *x;
		*y = head->y < *y ? head->y : *y;
	}
}

/* False: they have nothing in common. */
static bool intersect(const struct link_rect *a, const struct link_rect *b, struct link_rect *both)
{
	uint32_t right = a->x + a->width < b->x + b->width ? a->x + a->width : b->x + b->width;
	uint32_t bottom = a->y + a->height < b->y + b->height ? a->y + a->height : b->y + b->height;

	both->x = a->x > b->x ? a->x : b->x;
	both->y = a->y > b->y ? a->y : b->y;
	if (both->x >= right || both->y >= bottom)
		return false;
	both->width = right - both->x;
	both->height = bottom - both->y;
	return true;
}

static bool same_rect(const struct link_rect *a, const struct link_rect *b)
{
	return a->x == b->x && a->y == b->y && a->width == b->width && a->height == b->height;
}

/* The parts of the rectangles that lie on a head, as the worker shall read them. */
static void read_head(const struct picture *picture, uint32_t head, const struct screen_read *asked,
		struct render_read *read)
{
	const struct scanout *scanout = &picture->scanouts[head];
	struct link_rect place = head_rect(picture, head);
	uint32_t left, top;

	origin(picture, &left, &top);
	place.x -= left;
	place.y -= top;
	read->resource = scanout->resource;
	read->count = 0;
	for (uint32_t i = 0; scanout->resource && i < asked->count; i++) {
		struct link_rect part;

		if (!intersect(&asked->rects[i], &place, &part))
			continue;
		read->rects[read->count++] = (struct render_rect){ scanout->rect.x + part.x - place.x,
			scanout->rect.y + part.y - place.y, part.x, part.y, part.width, part.height };
	}
}

/* Whether each rectangle lies on one head, so that there is nothing else to paint. */
static bool all_on_heads(const struct picture *picture, const struct screen_read *asked)
{
	uint32_t left, top;

	origin(picture, &left, &top);
	for (uint32_t i = 0; i < asked->count; i++) {
		bool on_one = false;

		for (uint32_t head = 0; head < picture->heads.count; head++) {
			struct link_rect place = head_rect(picture, head), part;

			place.x -= left;
			place.y -= top;
			on_one |= picture->scanouts[head].resource &&
					intersect(&asked->rects[i], &place, &part) &&
					same_rect(&asked->rects[i], &part);
		}
		if (!on_one)
			return false;
	}
	return true;
}

static void read_black(const struct screen_read *asked, struct render_read *read)
{
	read->resource = 0;
	read->count = asked->count;
	for (uint32_t i = 0; i < asked->count; i++) {
		const struct link_rect *r = &asked->rects[i];

		read->rects[i] = (struct render_rect){ 0, 0, r->x, r->y, r->width, r->height };
	}
}

static void answer_read(struct front *front, uint32_t serial, enum screen_result result)
{
	struct screen_message msg = { .type = SCREEN_READ_DONE,
		.read_done = { serial, result, loop_now_us() } };

	screen_send(front->screen, &msg, -1);
}

static bool inside_target(const struct picture_target *target, const struct screen_read *asked)
{
	for (uint32_t i = 0; i < asked->count; i++) {
		const struct link_rect *r = &asked->rects[i];

		if (r->x + r->width > target->buffer.width_px || r->y + r->height > target->buffer.height_px)
			return false;
	}
	return true;
}

/* At most one message for each head and one for what lies beside them. Returns how many. */
static int plan_read(const struct picture *picture, const struct screen_read *asked,
		struct render_message *messages)
{
	int count = 0;

	if (!all_on_heads(picture, asked))
		read_black(asked, &messages[count++].read);
	for (uint32_t head = 0; head < picture->heads.count; head++) {
		read_head(picture, head, asked, &messages[count].read);
		count += messages[count].read.count != 0;
	}
	return count;
}

/* False: not now. */
static bool begin_read(struct front *front, const struct screen_read *asked)
{
	/* Too large for a stack; the loop thread only. */
	static struct render_message messages[SCREEN_HEADS_MAX + 2];
	struct picture *picture = &front->picture;
	struct picture_target *target = table_get(&picture->targets, asked->handle);
	struct picture_read *read = front_running(front) ? calloc(1, sizeof *read) : NULL;
	int count;

	if (!read || !target || target->dropping || !inside_target(target, asked)) {
		free(read);
		return false;
	}
	count = plan_read(picture, asked, messages);
	read->serial = asked->serial;
	for (int i = 0; i < count; i++) {
		messages[i].type = RENDER_READ;
		messages[i].flags = i == count - 1 ? RENDER_WANT_DONE : 0;
		messages[i].read.handle = target->handle;
		front_send(front, &messages[i], -1);
	}
	read->first = messages[0].serial;
	read->last = messages[count - 1].serial;
	*picture->last_read = read;
	picture->last_read = &read->next;
	return true;
}

static void end_await(struct picture *picture, uint32_t handle)
{
	if (picture->await.handle == handle)
		picture->await.serial = 0;
}

static void on_read(struct front *front, const struct screen_read *asked)
{
	end_await(&front->picture, asked->handle);
	if (!begin_read(front, asked))
		answer_read(front, asked->serial, SCREEN_READ_LATER);
}

/* Damage of a head for which somebody waits. False: it cannot be read at once. */
static bool read_awaited(struct front *front, uint32_t head, const struct link_rect *rect)
{
	static struct screen_read asked; /* too large for a stack; the loop thread only */
	struct screen_message msg = { .type = SCREEN_DAMAGE, .damage = { head, loop_now_us(), *rect } };
	struct picture *picture = &front->picture;
	uint32_t left, top;

	if (!picture->await.serial || !screen_ready(front->screen) || head >= picture->heads.count)
		return false;
	asked.serial = picture->await.serial;
	asked.handle = picture->await.handle;
	asked.count = 1;
	origin(picture, &left, &top);
	asked.rects[0] = (struct link_rect){ picture->heads.heads[head].x - left + rect->x,
		picture->heads.heads[head].y - top + rect->y, rect->width, rect->height };
	if (!all_on_heads(picture, &asked) || !begin_read(front, &asked))
		return false;
	picture->await.serial = 0;
	msg.damage.read_serial = asked.serial;
	msg.damage.read_rect = asked.rects[0];
	screen_send(front->screen, &msg, -1);
	return true;
}

static void tell_damage(struct front *front, uint32_t head, const struct link_rect *rect)
{
	if (!read_awaited(front, head, rect))
		screen_damage(front->screen, head, rect);
}

static void send_target(struct front *front, struct picture_target *target)
{
	struct render_message msg = { .type = RENDER_TARGET,
		.target = { target->handle, target->buffer.width_px, target->buffer.height_px,
				target->buffer.stride_bytes } };

	front_send(front, &msg, target->fd);
	target->known = true;
}

static void on_target(struct front *front, const struct screen_target *asked, int fd)
{
	struct picture *picture = &front->picture;
	struct picture_target *target;
	size_t len = (size_t)asked->buffer.stride_bytes * asked->buffer.height_px;

	if (fd < 0 || asked->handle == 0 || picture->targets.count >= SCREEN_TARGETS_MAX ||
			table_get(&picture->targets, asked->handle) || shm_check(fd, len) < 0) {
		log_warn("a target of the screen socket is not usable");
		goto fail;
	}
	target = calloc(1, sizeof *target);
	if (!target)
		goto fail;
	*target = (struct picture_target){ front_new_target(front), fd, asked->buffer, false, 0 };
	if (table_add(&picture->targets, asked->handle, target) < 0) {
		free(target);
		goto fail;
	}
	if (front_running(front))
		send_target(front, target);
	return;

fail:
	if (fd >= 0)
		close(fd);
}

static void dropped(struct front *front, uint32_t handle)
{
	struct screen_message msg = { .type = SCREEN_DROPPED, .drop = { handle } };

	target_destroy(table_remove(&front->picture.targets, handle));
	screen_send(front->screen, &msg, -1);
}

static void on_drop(struct front *front, uint32_t handle)
{
	struct picture_target *target = table_get(&front->picture.targets, handle);
	struct render_message msg = { .type = RENDER_TARGET_DROP, .flags = RENDER_WANT_DONE };

	if (!target || target->dropping)
		return;
	end_await(&front->picture, handle);
	if (!target->known) {
		dropped(front, handle);
		return;
	}
	msg.target_drop.handle = target->handle;
	front_send(front, &msg, -1);
	target->dropping = msg.serial;
}

void picture_limit_heads(struct front *front)
{
	struct screen_heads *mine = &front->picture.heads;

	if (mine->count > front->limits.heads_max)
		mine->count = front->limits.heads_max;
	for (uint32_t i = 0; i < mine->count; i++) {
		if (mine->heads[i].width > front->limits.width_px)
			mine->heads[i].width = front->limits.width_px;
		if (mine->heads[i].height > front->limits.height_px)
			mine->heads[i].height = front->limits.height_px;
	}
}

static void on_heads(struct front *front, const struct screen_heads *heads)
{
	front->picture.heads = *heads;
	picture_limit_heads(front);
}

void picture_message(struct front *front, const struct screen_message *msg, int fd)
{
	if (msg->type == SCREEN_TARGET) {
		on_target(front, &msg->target, fd);
		return;
	}
	if (fd >= 0)
		close(fd);
	switch (msg->type) {
	case SCREEN_HEADS: on_heads(front, &msg->heads); break;
	case SCREEN_DROP: on_drop(front, msg->drop.handle); break;
	case SCREEN_READ: on_read(front, &msg->read); break;
	case SCREEN_AWAIT:
		front->picture.await = msg->await;
		front_look(front);
		break;
	default: break;
	}
}

static void show(struct front *front, uint32_t head, uint32_t resource, const struct virtio_gpu_rect *rect)
{
	struct scanout *scanout = &front->picture.scanouts[head];
	struct screen_message msg = { .type = SCREEN_SCANOUT,
		.scanout = { head, rect->width, rect->height } };
	bool same = !scanout->resource == !resource && scanout->rect.width == rect->width &&
			scanout->rect.height == rect->height;

	scanout->resource = resource;
	scanout->rect = *rect;
	if (!same)
		screen_send(front->screen, &msg, -1);
}

static uint32_t at_most(uint32_t side_px, uint32_t limit_px)
{
	if (limit_px > LINK_SIZE_MAX_PX)
		limit_px = LINK_SIZE_MAX_PX;
	return side_px < limit_px ? side_px : limit_px;
}

enum virtio_gpu_type picture_set_scanout(
		struct front *front, uint32_t head, uint32_t id, const struct virtio_gpu_rect *rect)
{
	static const struct virtio_gpu_rect nothing;
	const struct resource *resource = table_get(&front->resources, id);
	uint32_t right, bottom;

	if (head >= SCREEN_HEADS_MAX || head >= front->limits.heads_max)
		return VIRTIO_GPU_ERR_SCANOUT;
	if (id == 0) {
		show(front, head, 0, &nothing);
		return VIRTIO_GPU_OK;
	}
	if (!resource)
		return VIRTIO_GPU_ERR_RESOURCE;
	if (rect->width < 1 || rect->height < 1 || __builtin_add_overflow(rect->x, rect->width, &right) ||
			__builtin_add_overflow(rect->y, rect->height, &bottom) ||
			right > resource->create.width || bottom > resource->create.height ||
			right > RENDER_SIZE_MAX_PX) /* buffers may be wider, and cannot be read */
		return VIRTIO_GPU_ERR_PARAMETER;
	/* Who drives a larger mode than it was told of sees a part, not nothing. */
	show(front, head, id,
			&(struct virtio_gpu_rect){ rect->x, rect->y,
					at_most(rect->width, front->limits.width_px),
					at_most(rect->height, front->limits.height_px) });
	return VIRTIO_GPU_OK;
}

static void damage_all(struct front *front, uint32_t head)
{
	const struct virtio_gpu_rect *rect = &front->picture.scanouts[head].rect;

	tell_damage(front, head, &(struct link_rect){ 0, 0, rect->width, rect->height });
}

/* Has a picture that is shown counted. Returns the serial. */
static uint32_t send_frame(struct front *front, uint32_t flags)
{
	struct render_message msg = { .type = RENDER_FRAME, .flags = flags };

	front_send(front, &msg, -1);
	return msg.serial;
}

bool picture_may_flush(struct front *front, uint32_t resource)
{
	struct picture *picture = &front->picture;
	bool shown = false;

	for (uint32_t head = 0; head < SCREEN_HEADS_MAX; head++)
		shown |= picture->scanouts[head].resource == resource;
	if (!shown || !picture->targets.count || picture->await.serial)
		return true;
	if (!picture->frame) {
		picture->frame = send_frame(front, RENDER_WANT_DONE);
		picture->frame_done = !picture->frame; /* it could not be sent */
	}
	return picture->frame_done;
}

void picture_flush(struct front *front, uint32_t resource, const struct virtio_gpu_rect *rect)
{
	bool seen = false;

	for (uint32_t head = 0; head < SCREEN_HEADS_MAX; head++) {
		struct scanout *scanout = &front->picture.scanouts[head];
		struct link_rect shown = { scanout->rect.x, scanout->rect.y, scanout->rect.width,
			scanout->rect.height };
		struct link_rect flushed = { rect->x, rect->y, rect->width, rect->height }, part;

		if (scanout->resource == resource) {
			scanout->flushed_us = loop_now_us();
			scanout->unflushed_us = 0;
		}
		if (scanout->resource != resource || !intersect(&shown, &flushed, &part))
			continue;
		part.x -= shown.x;
		part.y -= shown.y;
		tell_damage(front, head, &part);
		seen = true;
	}
	if (seen && !front->picture.frame) /* or it was counted while it was held */
		send_frame(front, 0);
	front->picture.frame = 0;
}

void picture_drawn(struct front *front, uint32_t resource, uint64_t sent_us)
{
	for (uint32_t head = 0; head < SCREEN_HEADS_MAX; head++) {
		struct scanout *scanout = &front->picture.scanouts[head];

		if (scanout->resource != resource || scanout->flushed_us >= sent_us || scanout->unflushed_us)
			continue;
		scanout->unflushed_us = sent_us;
		loop_timer_arm(front->picture.late, LATE_US);
	}
}

static int on_late(sd_event_source *source, uint64_t now_us, void *user)
{
	struct front *front = user;
	bool seen = false;

	for (uint32_t head = 0; head < SCREEN_HEADS_MAX; head++) {
		struct scanout *scanout = &front->picture.scanouts[head];

		if (scanout->resource && scanout->unflushed_us) {
			damage_all(front, head);
			seen = true;
		}
		scanout->unflushed_us = 0;
	}
	if (seen)
		send_frame(front, 0);
	return 0;
}

int picture_init(struct front *front)
{
	struct picture *picture = &front->picture;

	*picture = (struct picture){ .heads = { 1, { { 0, 0, WIDTH_PX, HEIGHT_PX } } } };
	picture->last_read = &picture->first_read;
	return loop_timer_add(front->event, &picture->late, on_late, front);
}

void picture_forget(struct front *front, uint32_t resource)
{
	static const struct virtio_gpu_rect nothing;

	for (uint32_t head = 0; head < SCREEN_HEADS_MAX; head++) {
		if (front->picture.scanouts[head].resource == resource)
			show(front, head, 0, &nothing);
	}
}

static void read_done(struct front *front, uint32_t serial, enum render_result result)
{
	struct picture *picture = &front->picture;
	struct picture_read *read = picture->first_read;

	if (!read || (int32_t)(serial - read->first) < 0 || (int32_t)(serial - read->last) > 0)
		return;
	read->failed |= result != RENDER_OK;
	if (serial != read->last)
		return;
	picture->first_read = read->next;
	if (!picture->first_read)
		picture->last_read = &picture->first_read;
	answer_read(front, read->serial, read->failed ? SCREEN_READ_LATER : SCREEN_READ_OK);
	free(read);
}

void picture_done(struct front *front, uint32_t serial, enum render_result result)
{
	struct picture_target *target;
	uint32_t handle;
	size_t at = 0;

	front->picture.frame_done |= serial == front->picture.frame;
	read_done(front, serial, result);
	while ((target = table_next(&front->picture.targets, &at, &handle))) {
		if (target->dropping == serial) {
			dropped(front, handle);
			break;
		}
	}
}

void picture_lost(struct front *front)
{
	struct picture *picture = &front->picture;
	struct picture_target *target;
	uint32_t handle;

	picture->frame = 0;
	while (picture->first_read) {
		picture->first_read->first = picture->first_read->last;
		read_done(front, picture->first_read->last, RENDER_FAILED);
	}
	for (size_t at = 0; (target = table_next(&picture->targets, &at, &handle));) {
		target->known = false;
		if (target->dropping) {
			dropped(front, handle);
			at = 0; /* the table moved */
		}
	}
}

void picture_restored(struct front *front)
{
	struct picture_target *target;

	for (size_t at = 0; (target = table_next(&front->picture.targets, &at, NULL));) {
		if (!target->known)
			send_target(front, target);
	}
	for (uint32_t head = 0; head < SCREEN_HEADS_MAX; head++) {
		if (front->picture.scanouts[head].resource)
			damage_all(front, head);
	}
}
