#include "front.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/shm.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	COMMANDS_MAX = SCREEN_HEADS_MAX + 1, /* of a read: one for each head, one for what is beside them */
};

struct target {
	uint32_t handle; /* RENDER_TARGET's; the supervisor's is the table's key */
	int fd;          /* owned */
	struct link_buffer buffer;
	bool known;        /* to this worker */
	uint32_t dropping; /* serial of its RENDER_TARGET_DROP; 0: in use */
};

/* A read that the worker works on. */
struct read {
	struct read *next;
	uint32_t serial;      /* the supervisor's */
	uint32_t first, last; /* of the commands */
	bool failed;
};

void reads_init(struct reads *reads)
{
	*reads = (struct reads){ 0 };
	reads->last = &reads->first;
}

static void target_destroy(struct target *target)
{
	close(target->fd);
	free(target);
}

void reads_finish(struct reads *reads)
{
	struct target *target;
	struct read *read;

	for (size_t at = 0; (target = table_next(&reads->targets, &at, NULL));)
		target_destroy(target);
	table_finish(&reads->targets);
	while ((read = reads->first)) {
		reads->first = read->next;
		free(read);
	}
}

bool reads_busy(const struct reads *reads)
{
	return reads->targets.count && !reads->await.serial;
}

/* The parts that a head shows. */
static void plan_head(const struct picture *picture, uint32_t head, const struct screen_read *asked,
		struct render_read *command)
{
	command->resource = picture->scanouts[head].resource;
	command->count = 0;
	for (uint32_t i = 0; i < asked->count; i++) {
		if (picture_part(picture, head, &asked->rects[i], &command->rects[command->count]))
			command->count++;
	}
}

static void plan_black(const struct screen_read *asked, struct render_read *command)
{
	command->resource = 0;
	command->count = asked->count;
	for (uint32_t i = 0; i < asked->count; i++) {
		const struct link_rect *r = &asked->rects[i];

		command->rects[i] = (struct render_rect){ 0, 0, r->x, r->y, r->width, r->height };
	}
}

static bool on_one_head(const struct picture *picture, const struct link_rect *rect)
{
	struct render_rect part;

	for (uint32_t head = 0; head < picture->heads.count; head++) {
		if (picture_part(picture, head, rect, &part) && part.width == rect->width &&
				part.height == rect->height)
			return true;
	}
	return false;
}

/* Black comes first, if there is more to paint than what the heads show. Returns how many
 * commands it takes, at least one. */
static int plan_read(const struct picture *picture, const struct screen_read *asked,
		struct render_message commands[COMMANDS_MAX])
{
	bool covered = true;
	int count = 0;

	for (uint32_t i = 0; i < asked->count; i++)
		covered &= on_one_head(picture, &asked->rects[i]);
	if (!covered)
		plan_black(asked, &commands[count++].read);
	for (uint32_t head = 0; head < picture->heads.count; head++) {
		plan_head(picture, head, asked, &commands[count].read);
		if (commands[count].read.count)
			count++;
	}
	return count;
}

static bool inside(const struct target *target, const struct screen_read *asked)
{
	for (uint32_t i = 0; i < asked->count; i++) {
		const struct link_rect *r = &asked->rects[i];

		if (r->x + r->width > target->buffer.width_px || r->y + r->height > target->buffer.height_px)
			return false;
	}
	return true;
}

/* False: not now. */
static bool begin_read(struct front *front, const struct screen_read *asked)
{
	/* Too large for a stack; the loop thread only. */
	static struct render_message commands[COMMANDS_MAX];
	struct reads *reads = &front->reads;
	const struct target *target = table_get(&reads->targets, asked->handle);
	struct read *read;
	int count;

	if (!front_running(front) || !target || target->dropping || !inside(target, asked))
		return false;
	read = calloc(1, sizeof *read);
	if (!read)
		return false;
	count = plan_read(&front->picture, asked, commands);
	for (int i = 0; i < count; i++) {
		commands[i].type = RENDER_READ;
		commands[i].flags = i == count - 1 ? RENDER_WANT_DONE : 0;
		commands[i].read.handle = target->handle;
		front_send(front, &commands[i], -1);
	}
	read->serial = asked->serial;
	read->first = commands[0].serial;
	read->last = commands[count - 1].serial;
	*reads->last = read;
	reads->last = &read->next;
	return true;
}

static void answer_read(struct front *front, uint32_t serial, enum screen_result result)
{
	struct screen_message msg = { .type = SCREEN_READ_DONE,
		.read_done = { serial, result, loop_now_us() } };

	screen_send(front->screen, &msg, -1);
}

static void end_first_read(struct front *front)
{
	struct reads *reads = &front->reads;
	struct read *read = reads->first;

	reads->first = read->next;
	if (!reads->first)
		reads->last = &reads->first;
	answer_read(front, read->serial, read->failed ? SCREEN_READ_LATER : SCREEN_READ_OK);
	free(read);
}

/* A command that is not the last of its read is answered only if it failed. */
static void command_done(struct front *front, uint32_t serial, enum render_result result)
{
	struct read *read = front->reads.first;

	if (!read || (int32_t)(serial - read->first) < 0 || (int32_t)(serial - read->last) > 0)
		return;
	read->failed |= result != RENDER_OK;
	if (serial == read->last)
		end_first_read(front);
}

bool reads_damage(struct front *front, uint32_t head, const struct link_rect *rect,
		const struct link_rect *in_picture)
{
	static struct screen_read asked; /* too large for a stack; the loop thread only */
	struct screen_await *await = &front->reads.await;
	struct screen_message msg = { .type = SCREEN_DAMAGE,
		.damage = { head, loop_now_us(), *rect, await->serial, *in_picture } };

	if (!await->serial || !screen_ready(front->screen) || !on_one_head(&front->picture, in_picture))
		return false;
	asked.serial = await->serial;
	asked.handle = await->handle;
	asked.count = 1;
	asked.rects[0] = *in_picture;
	if (!begin_read(front, &asked))
		return false;
	await->serial = 0;
	screen_send(front->screen, &msg, -1);
	return true;
}

static void end_await(struct reads *reads, uint32_t handle)
{
	if (reads->await.handle == handle)
		reads->await.serial = 0;
}

static void on_read(struct front *front, const struct screen_read *asked)
{
	end_await(&front->reads, asked->handle);
	if (!begin_read(front, asked))
		answer_read(front, asked->serial, SCREEN_READ_LATER);
}

static void on_await(struct front *front, const struct screen_await *await)
{
	front->reads.await = *await;
	front_look(front); /* at a flush that was held */
}

static void send_target(struct front *front, struct target *target)
{
	struct render_message msg = { .type = RENDER_TARGET,
		.target = { target->handle, target->buffer.width_px, target->buffer.height_px,
				target->buffer.stride_bytes } };

	front_send(front, &msg, target->fd);
	target->known = true;
}

static void on_target(struct front *front, const struct screen_target *asked, int fd)
{
	struct table *targets = &front->reads.targets;
	struct target *target;
	size_t len = (size_t)asked->buffer.stride_bytes * asked->buffer.height_px;

	if (fd < 0 || asked->handle == 0 || targets->count >= SCREEN_TARGETS_MAX ||
			table_get(targets, asked->handle) || shm_check(fd, len) < 0) {
		log_warn("a target of the screen socket is not usable");
		goto fail;
	}
	target = calloc(1, sizeof *target);
	if (!target)
		goto fail;
	*target = (struct target){ front_new_target(front), fd, asked->buffer, false, 0 };
	if (table_add(targets, asked->handle, target) < 0) {
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

/* handle: the supervisor's. */
static void dropped(struct front *front, uint32_t handle)
{
	struct screen_message msg = { .type = SCREEN_DROPPED, .drop = { handle } };

	target_destroy(table_remove(&front->reads.targets, handle));
	screen_send(front->screen, &msg, -1);
}

static void on_drop(struct front *front, uint32_t handle)
{
	struct target *target = table_get(&front->reads.targets, handle);
	struct render_message msg = { .type = RENDER_TARGET_DROP, .flags = RENDER_WANT_DONE };

	if (!target || target->dropping)
		return;
	end_await(&front->reads, handle);
	if (!target->known) {
		dropped(front, handle);
		return;
	}
	msg.target_drop.handle = target->handle;
	front_send(front, &msg, -1);
	target->dropping = msg.serial;
}

void reads_message(struct front *front, const struct screen_message *msg, int fd)
{
	if (msg->type == SCREEN_TARGET) {
		on_target(front, &msg->target, fd);
		return;
	}
	if (fd >= 0)
		close(fd);
	switch (msg->type) {
	case SCREEN_DROP: on_drop(front, msg->drop.handle); break;
	case SCREEN_READ: on_read(front, &msg->read); break;
	case SCREEN_AWAIT: on_await(front, &msg->await); break;
	default: break;
	}
}

void reads_done(struct front *front, uint32_t serial, enum render_result result)
{
	struct target *target;
	uint32_t handle;

	command_done(front, serial, result);
	for (size_t at = 0; (target = table_next(&front->reads.targets, &at, &handle));) {
		if (target->dropping == serial) {
			dropped(front, handle);
			break;
		}
	}
}

void reads_lost(struct front *front)
{
	struct reads *reads = &front->reads;
	struct target *target;
	uint32_t handle;

	while (reads->first) {
		reads->first->failed = true;
		end_first_read(front);
	}
	for (size_t at = 0; (target = table_next(&reads->targets, &at, &handle));) {
		target->known = false;
		if (target->dropping) {
			dropped(front, handle);
			at = 0; /* the table moved */
		}
	}
}

void reads_restored(struct front *front)
{
	struct target *target;

	for (size_t at = 0; (target = table_next(&front->reads.targets, &at, NULL));) {
		if (!target->known)
			send_target(front, target);
	}
}
