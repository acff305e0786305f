#include "front.h"
#include "control.h"
#include "record.h"
#include <base/log.h>
#include <stdlib.h>
#include <unistd.h>

bool front_running(const struct front *front)
{
	return front->serving && !front->restore.running && renderer_connected(front->renderer);
}

void front_look(struct front *front)
{
	sd_event_source_set_enabled(front->work, SD_EVENT_ONESHOT);
}

uint32_t front_new_target(struct front *front)
{
	front->last_target = front->last_target + 1 < SNAPSHOTS_TARGET ? front->last_target + 1 : 1;
	return front->last_target;
}

void front_send(struct front *front, struct render_message *msg, int pass_fd)
{
	int err = renderer_send(front->renderer, msg, pass_fd);

	if (err < 0 && err != ERR_CLOSED)
		log_warn("render message %d: %s", (int)msg->type, err_text(err));
}

void front_send_regions(struct front *front)
{
	const struct memory *memory = vhost_memory(front->vhost);

	for (uint32_t i = 0; i < memory->count; i++) {
		const struct memory_region *r = &memory->regions[i];
		struct render_message msg = { .type = RENDER_REGION,
			.region = { i, r->place.guest_addr, r->place.size_bytes, r->place.fd_offset } };

		front_send(front, &msg, r->fd);
	}
}

int front_send_backing(struct front *front, const struct resource *resource, bool want_done, uint32_t *serial)
{
	size_t len = (size_t)resource->entry_count * VIRTIO_GPU_ENTRY_BYTES;
	struct render_message msg = { .type = RENDER_BACKING,
		.flags = want_done ? RENDER_WANT_DONE : 0,
		.backing = { resource->create.resource, resource->entry_count, 0 } };
	uint8_t *list = renderer_arena_take(front->renderer, len, &msg.backing.arena_offset);

	if (!list)
		return ERR_AGAIN;
	memcpy(list, resource->entries, len);
	front_send(front, &msg, -1);
	*serial = msg.serial;
	return 0;
}

void front_detach(struct front *front, struct resource *resource)
{
	front->entries -= resource->entry_count;
	resource_detach(resource);
}

int front_attach(struct front *front, struct context *context, uint32_t resource)
{
	if (table_get(&context->attached, resource))
		return 0;
	if (front->attached >= FRONT_ATTACHED_MAX)
		return ERR_SPACE;
	if (table_add(&context->attached, resource, context) < 0)
		return ERR_MEMORY;
	front->attached++;
	return 0;
}

void front_unattach(struct front *front, struct context *context, uint32_t resource)
{
	front->attached -= table_remove(&context->attached, resource) != NULL;
}

struct context *front_context_of(const struct front *front, const struct answer *answer)
{
	struct context *context = table_get(&front->contexts, answer->to.context);

	return context && context->command == answer->context_command ? context : NULL;
}

void front_drop_context(struct front *front, struct context *context)
{
	table_remove(&front->contexts, context->id);
	front->attached -= (uint32_t)context->attached.count;
	context_destroy(context);
}

void front_drop_resource(struct front *front, uint32_t id)
{
	struct resource *resource = table_remove(&front->resources, id);
	struct context *context;
	size_t at = 0;

	if (!resource)
		return;
	picture_forget(front, id);
	while ((context = table_next(&front->contexts, &at, NULL)))
		front_unattach(front, context, id);
	front_detach(front, resource);
	resource_destroy(resource, &front->uploads);
}

/* Tells the worker too, when there is one. */
void front_forget_guest(struct front *front)
{
	struct render_message msg;
	uint32_t id;
	void *value;

	cursor_forget(front);
	for (size_t at = 0; (value = table_next(&front->contexts, &at, &id));) {
		msg = (struct render_message){ .type = RENDER_CONTEXT_DESTROY, .context = { .context = id } };
		front_send(front, &msg, -1);
		context_destroy(value);
	}
	table_finish(&front->contexts);
	front->attached = 0;
	for (size_t at = 0; (value = table_next(&front->resources, &at, &id));) {
		msg = (struct render_message){ .type = RENDER_RESOURCE_UNREF, .resource_id = { id } };
		front_send(front, &msg, -1);
		picture_forget(front, id);
		front_detach(front, value);
		resource_destroy(value, &front->uploads);
	}
	table_finish(&front->resources);
}

/* What is answered can make room for more, and let QEMU go on. */
static void after_answer(struct front *front)
{
	front_look(front);
	vhost_resume(front->vhost);
}

static void on_done(void *user, uint32_t serial, enum render_result result)
{
	struct front *front = user;

	answers_done(&front->answers, serial, result);
	if (result != RENDER_OK)
		log_debug("command %u failed in the worker (%d)", serial, (int)result);
	picture_done(&front->picture, serial);
	reads_done(front, serial, result);
	cursor_done(front, serial, result);
	snapshots_done(&front->snapshots, serial, result);
	after_answer(front);
}

static void on_fenced(void *user, uint32_t serial)
{
	struct front *front = user;

	answers_fenced(&front->answers, serial);
	restore_fenced(front, serial);
	after_answer(front);
}

static void on_batch(void *user, const struct answer *answer)
{
	struct front *front = user;
	struct context *context = front_context_of(front, answer);

	if (context)
		record_batch(front, context, answer);
}

/* The guest may have dropped it by now, and made another by that id. */
static void on_not_created(void *user, const struct answer *answer)
{
	struct front *front = user;
	const struct resource *resource = table_get(&front->resources, answer->resource);
	struct context *context = table_get(&front->contexts, answer->to.context);

	if (answer->to.type != VIRTIO_GPU_CONTEXT_CREATE) {
		if (resource && resource->command == answer->command)
			front_drop_resource(front, answer->resource);
	} else if (context && context->command == answer->command) {
		front_drop_context(front, context);
	}
}

static const struct answers_ops answers_ops = { on_batch, on_not_created };

static void on_room(void *user)
{
	struct front *front = user;

	if (front->restore.running)
		restore_step(front);
	else
		front_look(front);
}

static void ask_capset(struct front *front, uint32_t set, uint32_t version)
{
	struct render_message msg = { .type = RENDER_CAPS, .caps = { set, version } };

	front_send(front, &msg, -1);
}

static void serve(struct front *front)
{
	uint32_t count = 0;

	for (int i = 0; i < FRONT_CAPSETS; i++)
		count += front->capsets[i].max_version != 0;
	front->serving = true;
	reads_restored(front); /* sessions may have attached before there was a worker */
	picture_restored(front);
	if (vhost_start(front->vhost, count) < 0)
		sd_event_exit(front->event, EXIT_FAILURE);
}

/* The sets are asked for one by one when the first worker comes; a guest that knows
 * them keeps them. */
static void on_caps(void *user, const struct render_caps_data *caps)
{
	struct front *front = user;
	struct front_capset *set;

	if (front->serving || caps->set != front->capsets_known + 1)
		return;
	set = &front->capsets[front->capsets_known++];
	set->max_version = caps->max_version;
	set->len = caps->len;
	memcpy(set->data, caps->data, caps->len);
	if (front->capsets_known == FRONT_CAPSETS)
		serve(front);
	else
		ask_capset(front, front->capsets_known + 1, front->capsets_known + 1);
}

static void on_lost(void *user)
{
	struct front *front = user;

	log_warn("the worker is lost; another one is asked for");
	restore_lost(front);
	picture_lost(&front->picture);
	reads_lost(front);
	cursor_lost(front);
	snapshots_lost(&front->snapshots);
	broker_link_want(front->broker);
}

static const struct renderer_ops renderer_ops = { on_done, on_fenced, on_caps, on_room, on_lost };

static void on_worker(void *user, int render_fd, const struct broker_worker *worker)
{
	struct front *front = user;

	front->limits = worker->limits;
	picture_limit_heads(front);
	log_info("worker %u on %s", worker->worker_pid, worker->gpu);
	if (renderer_connect(front->renderer, render_fd) < 0) {
		broker_link_want(front->broker);
		return;
	}
	if (front->serving) {
		restore_start(front, worker->reason);
		return;
	}
	front->capsets_known = 0;
	ask_capset(front, 1, 1);
}

static void on_refused(void *user, const struct broker_worker *worker)
{
	struct front *front = user;

	if (front->serving) {
		log_warn("no worker: %s", worker->text);
		return;
	}
	log_error("no virtual GPU: %s", worker->text);
	sd_event_exit(front->event, EXIT_FAILURE);
}

static const struct broker_link_ops broker_ops = { on_worker, on_refused };

static void on_work(void *user, unsigned queue)
{
	struct front *front = user;

	if (queue == VHOST_CURSOR)
		cursor_look(front);
	else
		control_look(front);
}

static void on_memory(void *user)
{
	struct front *front = user;
	struct render_message msg = { .type = RENDER_REGIONS_CLEAR };
	struct render_message detach = { .type = RENDER_BACKING_DETACH };
	struct resource *resource;

	/* Nothing is under way now. Which backing lies in which region is not sorted out:
	 * the worker forgets all, and is told all again. */
	if (!renderer_connected(front->renderer))
		return;
	for (size_t at = 0; (resource = table_next(&front->resources, &at, NULL));) {
		detach.resource_id.resource = resource->create.resource;
		if (resource->entries)
			front_send(front, &detach, -1);
	}
	front_send(front, &msg, -1);
	front_send_regions(front);
	restore_backings(front);
}

static void on_reset(void *user)
{
	log_debug("the guest's driver begins anew");
	front_forget_guest(user);
}

static bool on_busy(void *user)
{
	const struct front *front = user;

	return front->answers.count != 0 || front->restore.running;
}

static void on_vhost_closed(void *user, int err)
{
	struct front *front = user;

	if (err < 0)
		log_error("QEMU's vhost-user socket: %s", err_text(err));
	sd_event_exit(front->event, err < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static const struct vhost_ops vhost_ops = { on_work, on_memory, on_reset, on_busy, on_vhost_closed };

static void on_screen_message(void *user, const struct screen_message *msg, int fd)
{
	if (msg->type != SCREEN_HEADS) {
		reads_message(user, msg, fd);
		return;
	}
	if (fd >= 0)
		close(fd);
	picture_set_heads(user, &msg->heads);
}

static void on_screen_closed(void *user)
{
	log_info("nobody looks any more");
}

static const struct screen_ops screen_ops = { on_screen_message, on_screen_closed };

static int on_look(sd_event_source *source, void *user)
{
	struct front *front = user;

	control_look(front);
	cursor_look(front);
	return 0;
}

static bool is_running(void *user)
{
	return front_running(user);
}

static int start_snapshots(struct front *front)
{
	const struct snapshots_source source = { front->renderer, &front->resources, &front->uploads,
		is_running, front };

	return snapshots_init(&front->snapshots, front->event, &source);
}

int front_start(struct front *front, sd_event *event, const struct front_sockets *sockets)
{
	front->event = event;
	front->limits = (struct broker_limits){
		.heads_max = SCREEN_HEADS_MAX, .width_px = LINK_SIZE_MAX_PX, .height_px = LINK_SIZE_MAX_PX
	};
	cursor_init(&front->cursor);
	reads_init(&front->reads);
	front->vhost = vhost_create(event, sockets->vhost_fd, &vhost_ops, front);
	if (front->vhost)
		answers_init(&front->answers, vhost_memory(front->vhost), &answers_ops, front);
	front->screen = screen_create(event, sockets->screen_fd, &screen_ops, front);
	front->broker = broker_link_create(event, &sockets->broker, &broker_ops, front);
	front->renderer = renderer_create(event, &renderer_ops, front);
	if (!front->vhost || !front->screen || !front->broker || !front->renderer ||
			sd_event_add_defer(event, &front->work, on_look, front) < 0 ||
			picture_init(front) < 0 || start_snapshots(front) < 0)
		return ERR_MEMORY;
	sd_event_source_set_enabled(front->work, SD_EVENT_OFF);
	broker_link_want(front->broker);
	return 0;
}

void front_stop(struct front *front)
{
	sd_event_source_disable_unref(front->work);
	broker_link_destroy(front->broker);
	renderer_destroy(front->renderer);
	screen_destroy(front->screen);
	answers_finish(&front->answers);
	vhost_destroy(front->vhost);
	for (size_t at = 0; at < front->resources.slot_count; at++)
		resource_destroy(front->resources.slots[at].value, &front->uploads);
	for (size_t at = 0; at < front->contexts.slot_count; at++)
		context_destroy(front->contexts.slots[at].value);
	table_finish(&front->resources);
	table_finish(&front->contexts);
	picture_finish(&front->picture);
	reads_finish(&front->reads);
	cursor_finish(&front->cursor);
	snapshots_finish(&front->snapshots);
}
