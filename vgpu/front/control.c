#include "control.h"
#include "edid.h"
#include "front.h"
#include "record.h"
#include <base/log.h>
#include <base/loop.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
	TURN_MAX = 64,              /* commands at once, before others get their turn */
	UNDER_WAY_MAX = 512,        /* commands that wait for the worker */
	UNDER_WAY_BYTES = 64 << 20, /* of their batches, which are kept until they are drawn */
};

/* One command, while it is carried out. */
struct call {
	struct front *front;
	const struct queue_chain *chain;
	struct virtio_gpu_command cmd;
	uint64_t data_at;      /* where in the chain a list or batch begins */
	uint64_t data_bytes;   /* all that is there */
	struct writer data;    /* the answer of a command that tells something, whole */
	struct answer pending; /* the answer of one that waits for the worker */
	bool later;            /* nothing was done: no room, or too early */
};

/* Answers to what is asked too often are logged once in a while only by debug. */
static enum virtio_gpu_type refuse(const struct call *call, enum virtio_gpu_type type, const char *why)
{
	log_debug("command %#x refused: %s", call->cmd.header.type, why);
	return type;
}

/* Sends what the answer will wait for, unless a fence behind it does anyway. */
static enum virtio_gpu_type send_command(struct call *call, struct render_message *msg)
{
	bool fenced = call->cmd.header.flags & VIRTIO_GPU_FLAG_FENCE;
	int err;

	msg->flags = fenced ? 0 : RENDER_WANT_DONE;
	err = renderer_send(call->front->renderer, msg, -1);
	if (err == ERR_ARGUMENT)
		return refuse(call, VIRTIO_GPU_ERR_PARAMETER, "out of bounds");
	if (err == ERR_MEMORY)
		return VIRTIO_GPU_ERR_OUT_OF_MEMORY;
	call->pending.command = msg->serial;
	return VIRTIO_GPU_OK;
}

static struct resource *resource_of(const struct call *call, uint32_t id)
{
	return table_get(&call->front->resources, id);
}

static enum virtio_gpu_type on_display_info(struct call *call)
{
	const struct screen_heads *heads = &call->front->picture.heads;

	virtio_gpu_answer_write(&call->data, &call->cmd.header, VIRTIO_GPU_OK_DISPLAY_INFO);
	for (uint32_t i = 0; i < VIRTIO_GPU_SCANOUTS_MAX; i++) {
		struct virtio_gpu_rect rect = { 0 };

		if (i < heads->count)
			rect = (struct virtio_gpu_rect){ heads->heads[i].x, heads->heads[i].y,
				heads->heads[i].width, heads->heads[i].height };
		virtio_gpu_head_write(&call->data, &rect, i < heads->count);
	}
	return VIRTIO_GPU_OK_DISPLAY_INFO;
}

static enum virtio_gpu_type on_edid(struct call *call)
{
	const struct screen_heads *heads = &call->front->picture.heads;
	uint32_t head = call->cmd.head, shown = head < heads->count ? head : 0;
	uint8_t edid[EDID_BYTES];

	if (head >= SCREEN_HEADS_MAX)
		return refuse(call, VIRTIO_GPU_ERR_PARAMETER, "no such head");
	edid_write(edid, head, heads->heads[shown].width, heads->heads[shown].height);
	virtio_gpu_answer_write(&call->data, &call->cmd.header, VIRTIO_GPU_OK_EDID);
	writer_u32(&call->data, EDID_BYTES);
	writer_u32(&call->data, 0);
	writer_copy(&call->data, edid, sizeof edid);
	writer_zero(&call->data, VIRTIO_GPU_EDID_MAX - EDID_BYTES);
	return VIRTIO_GPU_OK_EDID;
}

/* The sets that there are, in order. */
static enum virtio_gpu_type on_capset_info(struct call *call)
{
	uint32_t left = call->cmd.capset_index;

	for (uint32_t i = 0; i < FRONT_CAPSETS; i++) {
		const struct front_capset *set = &call->front->capsets[i];

		if (!set->max_version || left--)
			continue;
		virtio_gpu_answer_write(&call->data, &call->cmd.header, VIRTIO_GPU_OK_CAPSET_INFO);
		writer_u32(&call->data, i + 1);
		writer_u32(&call->data, set->max_version);
		writer_u32(&call->data, set->len);
		writer_u32(&call->data, 0);
		return VIRTIO_GPU_OK_CAPSET_INFO;
	}
	return refuse(call, VIRTIO_GPU_ERR_PARAMETER, "no such capability set");
}

static enum virtio_gpu_type on_capset(struct call *call)
{
	uint32_t id = call->cmd.capset;
	const struct front_capset *set =
			id >= 1 && id <= FRONT_CAPSETS ? &call->front->capsets[id - 1] : NULL;

	if (!set || !set->max_version || call->cmd.capset_version > set->max_version)
		return refuse(call, VIRTIO_GPU_ERR_PARAMETER, "no such capability set");
	virtio_gpu_answer_write(&call->data, &call->cmd.header, VIRTIO_GPU_OK_CAPSET);
	writer_copy(&call->data, set->data, set->len);
	return VIRTIO_GPU_OK_CAPSET;
}

static enum virtio_gpu_type on_create(struct call *call)
{
	const struct virtio_gpu_resource *c = &call->cmd.create;
	struct render_message msg = { .type = RENDER_RESOURCE_CREATE,
		.resource = { c->resource, c->target, c->format, c->bind, c->width, c->height, c->depth,
				c->array_size, c->last_level, c->samples, c->flags } };
	struct front *front = call->front;
	struct resource *resource;
	enum virtio_gpu_type type;

	if (c->resource == 0 || resource_of(call, c->resource))
		return refuse(call, VIRTIO_GPU_ERR_RESOURCE, "the resource's id is taken");
	if (front->resources.count >= RESOURCES_MAX)
		return refuse(call, VIRTIO_GPU_ERR_OUT_OF_MEMORY, "too many resources");
	resource = resource_create(&msg.resource);
	if (!resource || table_add(&front->resources, c->resource, resource) < 0) {
		resource_destroy(resource, &front->uploads);
		return VIRTIO_GPU_ERR_OUT_OF_MEMORY;
	}
	type = send_command(call, &msg);
	resource->command = call->pending.command;
	call->pending.creates = true;
	call->pending.resource = c->resource;
	if (type != VIRTIO_GPU_OK)
		front_drop_resource(front, c->resource);
	return type;
}

static enum virtio_gpu_type on_unref(struct call *call)
{
	struct render_message msg = { .type = RENDER_RESOURCE_UNREF, .resource_id = { call->cmd.resource } };

	if (!resource_of(call, call->cmd.resource))
		return refuse(call, VIRTIO_GPU_ERR_RESOURCE, "no such resource");
	front_drop_resource(call->front, call->cmd.resource);
	return send_command(call, &msg);
}

static enum virtio_gpu_type on_scanout(struct call *call)
{
	return picture_set_scanout(call->front, call->cmd.scanout, call->cmd.resource, &call->cmd.rect);
}

static enum virtio_gpu_type on_flush(struct call *call)
{
	const struct resource *resource = resource_of(call, call->cmd.resource);
	const struct virtio_gpu_rect *rect = &call->cmd.rect;

	if (!resource)
		return refuse(call, VIRTIO_GPU_ERR_RESOURCE, "no such resource");
	if (rect->width > resource->create.width || rect->x > resource->create.width - rect->width ||
			rect->height > resource->create.height ||
			rect->y > resource->create.height - rect->height)
		return refuse(call, VIRTIO_GPU_ERR_PARAMETER, "beyond the resource");
	if (picture_may_flush(call->front, call->cmd.resource))
		picture_flush(call->front, call->cmd.resource, rect);
	else
		call->later = true;
	return VIRTIO_GPU_OK;
}

/* Reads a backing list into the form that the arena has, checked against guest memory.
 * NULL: not possible. */
static uint8_t *load_entries(const struct call *call, uint64_t *bytes)
{
	const struct memory *memory = vhost_memory(call->front->vhost);
	size_t len = (size_t)call->cmd.entries * VIRTIO_GPU_ENTRY_BYTES;
	uint8_t *entries = malloc(len);
	struct reader r = reader_init(entries, len);
	struct writer w = writer_init(entries, len);

	if (!entries || queue_chain_copy(call->chain, memory, call->data_at, entries, len) < 0)
		goto fail;
	*bytes = 0;
	for (uint32_t i = 0; i < call->cmd.entries; i++) {
		struct virtio_gpu_entry entry = virtio_gpu_entry_parse(&r);

		if (!entry.len_bytes || !memory_at(memory, entry.guest_addr, entry.len_bytes))
			goto fail;
		*bytes += entry.len_bytes;
		/* As long as what was read from here. */
		writer_u64(&w, entry.guest_addr);
		writer_u64(&w, entry.len_bytes);
	}
	return entries;

fail:
	free(entries);
	return NULL;
}

static enum virtio_gpu_type on_attach_backing(struct call *call)
{
	bool fenced = call->cmd.header.flags & VIRTIO_GPU_FLAG_FENCE;
	struct resource *resource = resource_of(call, call->cmd.resource);
	struct front *front = call->front;
	uint32_t count = call->cmd.entries;
	uint64_t bytes;
	uint8_t *entries;

	if (!resource)
		return refuse(call, VIRTIO_GPU_ERR_RESOURCE, "no such resource");
	if (resource->entries)
		return refuse(call, VIRTIO_GPU_ERR_UNSPECIFIED, "has a backing already");
	if (count < 1 || count > RENDER_ENTRIES_MAX || call->data_bytes / VIRTIO_GPU_ENTRY_BYTES < count)
		return refuse(call, VIRTIO_GPU_ERR_PARAMETER, "a list of another length");
	if (front->entries + count > FRONT_ENTRIES_MAX)
		return refuse(call, VIRTIO_GPU_ERR_OUT_OF_MEMORY, "backing lists too long in all");
	entries = load_entries(call, &bytes);
	if (!entries)
		return refuse(call, VIRTIO_GPU_ERR_PARAMETER, "not in the guest's memory");
	resource_attach(resource, entries, count, bytes);
	front->entries += count;
	if (front_send_backing(front, resource, !fenced, &call->pending.command) == ERR_AGAIN) {
		front_detach(front, resource);
		call->later = true;
	}
	return VIRTIO_GPU_OK;
}

static enum virtio_gpu_type on_detach_backing(struct call *call)
{
	struct render_message msg = { .type = RENDER_BACKING_DETACH, .resource_id = { call->cmd.resource } };
	struct resource *resource = resource_of(call, call->cmd.resource);

	if (!resource || !resource->entries)
		return refuse(call, VIRTIO_GPU_ERR_RESOURCE, "no such backing");
	front_detach(call->front, resource);
	return send_command(call, &msg);
}

static enum virtio_gpu_type on_uuid(struct call *call)
{
	static const uint8_t none[VIRTIO_GPU_UUID_BYTES];
	struct resource *resource = resource_of(call, call->cmd.resource);

	if (!resource)
		return refuse(call, VIRTIO_GPU_ERR_RESOURCE, "no such resource");
	if (memcmp(resource->uuid, none, sizeof none) == 0 &&
			getrandom(resource->uuid, sizeof resource->uuid, 0) < 0)
		return VIRTIO_GPU_ERR_UNSPECIFIED;
	virtio_gpu_answer_write(&call->data, &call->cmd.header, VIRTIO_GPU_OK_UUID);
	writer_copy(&call->data, resource->uuid, sizeof resource->uuid);
	return VIRTIO_GPU_OK_UUID;
}

static enum virtio_gpu_type on_context_create(struct call *call)
{
	uint32_t id = call->cmd.header.context;
	struct table *contexts = &call->front->contexts;
	struct render_message msg = { .type = RENDER_CONTEXT_CREATE, .context = { .context = id } };
	enum virtio_gpu_type type;
	struct context *context;

	if (id == 0 || table_get(contexts, id))
		return refuse(call, VIRTIO_GPU_ERR_CONTEXT, "the context's id is taken");
	if (contexts->count >= CONTEXTS_MAX)
		return refuse(call, VIRTIO_GPU_ERR_OUT_OF_MEMORY, "too many contexts");
	context = context_create(id, call->cmd.name, &call->front->journals);
	if (!context || table_add(contexts, id, context) < 0) {
		context_destroy(context);
		return VIRTIO_GPU_ERR_OUT_OF_MEMORY;
	}
	memcpy(msg.context.name, context->name, sizeof msg.context.name);
	type = send_command(call, &msg);
	context->command = call->pending.command;
	call->pending.creates = true;
	return type;
}

static enum virtio_gpu_type on_context_destroy(struct call *call)
{
	uint32_t id = call->cmd.header.context;
	struct render_message msg = { .type = RENDER_CONTEXT_DESTROY, .context = { .context = id } };
	struct context *context = table_get(&call->front->contexts, id);

	if (!context)
		return refuse(call, VIRTIO_GPU_ERR_CONTEXT, "no such context");
	front_drop_context(call->front, context);
	return send_command(call, &msg);
}

static enum virtio_gpu_type on_context_attach(struct call *call)
{
	bool attach = call->cmd.header.type == VIRTIO_GPU_CONTEXT_ATTACH;
	uint32_t id = call->cmd.header.context, resource = call->cmd.resource;
	struct render_message msg = { .type = attach ? RENDER_CONTEXT_ATTACH : RENDER_CONTEXT_DETACH,
		.context = { .context = id, .resource = resource } };
	struct context *context = table_get(&call->front->contexts, id);

	if (!context)
		return refuse(call, VIRTIO_GPU_ERR_CONTEXT, "no such context");
	if (!resource_of(call, resource))
		return refuse(call, VIRTIO_GPU_ERR_RESOURCE, "no such resource");
	if (!attach)
		front_unattach(call->front, context, resource);
	else if (front_attach(call->front, context, resource) < 0)
		return refuse(call, VIRTIO_GPU_ERR_OUT_OF_MEMORY, "attached too often");
	if (!attach) {
		/* Batches before it may still use the resource, in the next worker too. */
		call->pending.again = RENDER_CONTEXT_DETACH;
		call->pending.resource = resource;
		call->pending.context_command = context->command;
	}
	return send_command(call, &msg);
}

static bool box_inside(const struct virtio_gpu_transfer *t, const struct render_resource *r)
{
	const struct virtio_gpu_box *b = &t->box;
	uint32_t width = resource_level_px(r->width, t->level),
		 height = resource_level_px(r->height, t->level);
	/* Layers of a one-dimensional array may be in y. */
	uint32_t rows = r->array_size > height ? r->array_size : height;

	return t->level <= r->last_level && b->width <= width && b->x <= width - b->width &&
			b->height <= rows && b->y <= rows - b->height;
}

static enum virtio_gpu_type on_transfer(struct call *call)
{
	const struct virtio_gpu_transfer *t = &call->cmd.transfer;
	bool from = call->cmd.header.type == VIRTIO_GPU_TRANSFER_FROM_3D;
	bool flat = call->cmd.header.type == VIRTIO_GPU_TRANSFER_TO_2D;
	uint32_t context = flat ? 0 : call->cmd.header.context;
	struct render_message msg = { .type = from ? RENDER_TRANSFER_FROM : RENDER_TRANSFER_TO };
	struct resource *resource = resource_of(call, t->resource);

	if (!resource)
		return refuse(call, VIRTIO_GPU_ERR_RESOURCE, "no such resource");
	if (context && !table_get(&call->front->contexts, context))
		return refuse(call, VIRTIO_GPU_ERR_CONTEXT, "no such context");
	if (!box_inside(t, &resource->create) || t->offset >= resource->backing_bytes)
		return refuse(call, VIRTIO_GPU_ERR_PARAMETER, "beyond the resource or its backing");
	msg.transfer = (struct render_transfer){ context, t->resource, t->level, t->stride, t->layer_stride,
		{ t->box.x, t->box.y, t->box.z, t->box.width, t->box.height, t->box.depth }, t->offset };
	if (from) {
		call->pending.again = RENDER_TRANSFER_FROM;
		call->pending.transfer = msg.transfer;
	} else {
		record_transfer(call->front, &msg.transfer);
	}
	return send_command(call, &msg);
}

/* A copy of the batch, for the context's journal and another worker, until it is done. */
static void keep_batch(struct call *call, const uint8_t *batch, uint32_t len)
{
	uint32_t *copy = malloc(len);

	if (!copy)
		return;
	memcpy(copy, batch, len);
	call->pending.again = RENDER_SUBMIT;
	call->pending.batch = copy;
	call->pending.batch_words = len / sizeof *copy;
	call->pending.sent_us = loop_now_us();
}

static enum virtio_gpu_type on_submit(struct call *call)
{
	uint32_t id = call->cmd.header.context, len = call->cmd.batch_bytes;
	struct render_message msg = { .type = RENDER_SUBMIT, .submit = { id, 0, len } };
	struct front *front = call->front;
	const struct context *context = table_get(&front->contexts, id);
	uint8_t *batch;

	if (!context)
		return refuse(call, VIRTIO_GPU_ERR_CONTEXT, "no such context");
	if (context->banned)
		return refuse(call, VIRTIO_GPU_ERR_UNSPECIFIED, "the context lost a worker");
	if (len % 4 || len > RENDER_BATCH_MAX_BYTES || len > call->data_bytes)
		return refuse(call, VIRTIO_GPU_ERR_PARAMETER, "a batch of another length");
	/* A part of the arena that no command names would stay taken. */
	if (!queue_chain_in_memory(call->chain, vhost_memory(front->vhost)))
		return refuse(call, VIRTIO_GPU_ERR_PARAMETER, "not in the guest's memory");
	batch = renderer_arena_take(front->renderer, len, &msg.submit.arena_offset);
	if (!batch) {
		call->later = true;
		return VIRTIO_GPU_OK;
	}
	if (queue_chain_copy(call->chain, vhost_memory(front->vhost), call->data_at, batch, len) < 0)
		return refuse(call, VIRTIO_GPU_ERR_PARAMETER, "not in the guest's memory");
	call->pending.context_command = context->command;
	if (len)
		keep_batch(call, batch, len);
	return send_command(call, &msg);
}

static enum virtio_gpu_type run(struct call *call)
{
	switch (call->cmd.header.type) {
	case VIRTIO_GPU_GET_DISPLAY_INFO: return on_display_info(call);
	case VIRTIO_GPU_RESOURCE_CREATE_2D:
	case VIRTIO_GPU_RESOURCE_CREATE_3D: return on_create(call);
	case VIRTIO_GPU_RESOURCE_UNREF: return on_unref(call);
	case VIRTIO_GPU_SET_SCANOUT: return on_scanout(call);
	case VIRTIO_GPU_RESOURCE_FLUSH: return on_flush(call);
	case VIRTIO_GPU_TRANSFER_TO_2D:
	case VIRTIO_GPU_TRANSFER_TO_3D:
	case VIRTIO_GPU_TRANSFER_FROM_3D: return on_transfer(call);
	case VIRTIO_GPU_ATTACH_BACKING: return on_attach_backing(call);
	case VIRTIO_GPU_DETACH_BACKING: return on_detach_backing(call);
	case VIRTIO_GPU_GET_CAPSET_INFO: return on_capset_info(call);
	case VIRTIO_GPU_GET_CAPSET: return on_capset(call);
	case VIRTIO_GPU_GET_EDID: return on_edid(call);
	case VIRTIO_GPU_ASSIGN_UUID: return on_uuid(call);
	case VIRTIO_GPU_CONTEXT_CREATE: return on_context_create(call);
	case VIRTIO_GPU_CONTEXT_DESTROY: return on_context_destroy(call);
	case VIRTIO_GPU_CONTEXT_ATTACH:
	case VIRTIO_GPU_CONTEXT_DETACH: return on_context_attach(call);
	case VIRTIO_GPU_SUBMIT_3D: return on_submit(call);
	default: return refuse(call, VIRTIO_GPU_ERR_UNSPECIFIED, "not known");
	}
}

/* A driver goes on without the answers of these, which are most of a picture's commands:
 * it gets them in the interrupt of the picture's fence. */
static bool nobody_waits(const struct call *call)
{
	uint32_t type = call->cmd.header.type;

	return type == VIRTIO_GPU_RESOURCE_FLUSH || type == VIRTIO_GPU_SET_SCANOUT;
}

/* Hands the chain back, or has it wait for the worker. */
static void conclude(struct call *call, enum virtio_gpu_type type)
{
	struct render_message fence = { .type = RENDER_FENCE };
	struct answer *pending = &call->pending;
	struct front *front = call->front;
	bool told = call->data.at != call->data.start;

	pending->type = type;
	if ((call->cmd.header.flags & VIRTIO_GPU_FLAG_FENCE || pending->batch) && !told) {
		front_send(front, &fence, -1);
		pending->fence = fence.serial;
	}
	if ((pending->command || pending->fence) && answers_add(&front->answers, pending) == 0)
		return;
	if (!told)
		virtio_gpu_answer_write(&call->data, &call->cmd.header, type);
	pending->quiet = nobody_waits(call);
	if (pending->quiet)
		vhost_tell_soon(front->vhost);
	answer_give(pending, vhost_memory(front->vhost), call->data.start,
			(size_t)(call->data.at - call->data.start));
	free(pending->batch);
}

/* False: no room for it now. */
static bool carry_out(struct front *front, const struct queue_chain *chain)
{
	uint8_t bytes[VIRTIO_GPU_COMMAND_MAX], answer[VIRTIO_GPU_ANSWER_MAX];
	uint64_t len = queue_chain_out_bytes(chain);
	size_t head_len = len < sizeof bytes ? (size_t)len : sizeof bytes;
	struct reader r = reader_init(bytes, head_len);
	struct call call = { .front = front, .chain = chain };
	enum virtio_gpu_type type;
	int err = queue_chain_copy(chain, vhost_memory(front->vhost), 0, bytes, head_len);

	call.data = writer_init(answer, sizeof answer);
	if (err == 0)
		err = virtio_gpu_parse(&call.cmd, &r);
	call.data_at = (uint64_t)(r.at - bytes);
	call.data_bytes = len - call.data_at;
	call.pending = (struct answer){ .queue = vhost_queue(front->vhost, VHOST_CONTROL),
		.head = chain->head,
		.in_count = chain->in_count,
		.to = call.cmd.header };
	memcpy(call.pending.in, chain->in, sizeof call.pending.in);
	type = err < 0 ? VIRTIO_GPU_ERR_UNSPECIFIED : run(&call);
	if (call.later)
		return false;
	conclude(&call, type);
	return true;
}

void control_look(struct front *front)
{
	static struct queue_chain chain; /* too large for a stack; the loop thread only */

	for (int i = 0; front_running(front) && !renderer_full(front->renderer); i++) {
		if (front->answers.count >= UNDER_WAY_MAX || front->answers.batch_bytes >= UNDER_WAY_BYTES)
			return; /* looked at again when one is answered */
		if (i == TURN_MAX) {
			front_look(front);
			return;
		}
		if (vhost_pop(front->vhost, VHOST_CONTROL, &chain) <= 0)
			return;
		if (!carry_out(front, &chain)) {
			queue_unpop(vhost_queue(front->vhost, VHOST_CONTROL));
			return;
		}
	}
}
