/* What programs ask for. */
#include "handles.h"
#include "vtest.h"
#include <base/log.h>
#include <base/shm.h>
#include <base/text.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SMALL_BYTES = 4096,
};

/* --- resources --- */

struct vtest_resource *client_resource(const struct vtest_client *client, uint32_t name)
{
	return name ? table_get(&client->resources, name) : NULL;
}

struct vtest_resource *client_owns(const struct vtest_client *client, uint32_t id)
{
	struct vtest_resource *resource = table_get(&client->server->resources, id);

	return resource && resource->client == client ? resource : NULL;
}

void resource_destroy_here(struct vtest_resource *resource)
{
	struct vtest *server = resource->client->server;

	if (resource->name)
		table_remove(&resource->client->resources, resource->name);
	table_remove(&server->resources, resource->made.create.resource);
	uploads_finish(&resource->made.uploads, &server->budget);
	if (resource->fd >= 0)
		close(resource->fd);
	free(resource);
}

static uint32_t send_unref(struct vtest *server, uint32_t id)
{
	struct render_message msg = { .type = RENDER_RESOURCE_UNREF, .resource_id = { id } };

	/* Without a worker there is nothing to let go of. */
	(void)!renderer_send(server->renderer, &msg, -1);
	return msg.serial;
}

void resource_forget(struct vtest_resource *resource)
{
	send_unref(resource->client->server, resource->made.create.resource);
	resource_destroy_here(resource);
}

/* Work before it may use the resource, in the next worker too. */
static int run_unref(struct vtest_client *client, uint32_t name)
{
	struct vtest_resource *resource = client_resource(client, name);
	struct vtest_pending unref = { .type = RENDER_RESOURCE_UNREF };

	if (!resource)
		return 0;
	if (!client->pending) {
		resource_forget(resource);
		return 0;
	}
	unref.resource = resource->made.create.resource;
	unref.held_bytes = resource->data_bytes;
	unref.serial = send_unref(client->server, unref.resource);
	table_remove(&client->resources, name);
	resource->name = 0;
	return pending_add(client, &unref, NULL);
}

static uint32_t free_id(const struct table *table, uint32_t *last)
{
	do
		*last = *last + 1 < HANDLES_NOBODY ? *last + 1 : 1;
	while (table_get(table, *last));
	return *last;
}

/* Both tables know it then. */
static struct vtest_resource *add_resource(
		struct vtest_client *client, const struct vtest_resource_create *from)
{
	struct vtest *server = client->server;
	struct vtest_resource *resource = calloc(1, sizeof *resource);

	if (!resource)
		return NULL;
	resource->client = client;
	resource->made.create = from->shape;
	resource->name = from->shape.resource;
	resource->made.create.resource = free_id(&server->resources, &server->last_resource);
	resource->data_bytes = from->data_bytes;
	resource->fd = -1;
	if (table_add(&client->resources, resource->name, resource) < 0) {
		free(resource);
		return NULL;
	}
	if (table_add(&server->resources, resource->made.create.resource, resource) == 0)
		return resource;
	table_remove(&client->resources, resource->name);
	free(resource);
	return NULL;
}

/* The client goes on when that command is answered. */
static int wait_for(struct vtest_client *client, enum vtest_wait wait, uint32_t serial)
{
	client->wait = wait;
	client->last_serial = serial;
	return table_add(&client->server->waits, serial, client);
}

/* The driver makes one of a few bytes for each of its fences, and breaks when it does not
 * get it: that need not wait. */
static bool is_worth_waiting(const struct vtest_resource *resource)
{
	return resource->data_bytes > SMALL_BYTES;
}

static int send_resource(struct vtest_client *client, struct vtest_resource *resource)
{
	uint16_t flags = is_worth_waiting(resource) ? RENDER_WANT_DONE : 0;
	struct render_message create = {
		.type = RENDER_RESOURCE_CREATE, .flags = flags, .resource = resource->made.create
	};
	struct render_message attach = { .type = RENDER_CONTEXT_ATTACH,
		.context = { client->context, resource->made.create.resource, "" } };
	struct render_message backing = { .type = RENDER_BACKING_FD,
		.flags = flags,
		.backing_fd = { resource->made.create.resource, resource->data_bytes } };
	struct renderer *renderer = client->server->renderer;
	int err = renderer_send(renderer, &create, -1);

	resource->made.command = create.serial;
	if (err < 0 || (err = renderer_send(renderer, &attach, -1)) < 0)
		return err;
	if (resource->fd >= 0)
		err = renderer_send(renderer, &backing, resource->fd);
	if (err < 0 || !is_worth_waiting(resource))
		return err;
	client->made = resource;
	client->failed = false;
	err = table_add(&client->server->waits, create.serial, client);
	return err < 0 ? err : wait_for(client, VTEST_WAITS_RESOURCE, backing.serial);
}

/* A byte with the memory, or without: then the driver has no memory for its program. */
static int answer_create(struct vtest_client *client, const struct vtest_resource *resource, bool wanted)
{
	static const uint8_t byte = 0;

	return wanted ? client_send(client, &byte, 1, resource ? resource->fd : -1) : 0;
}

static int run_create(struct vtest_client *client, const struct vtest_resource_create *create)
{
	struct vtest_resource *resource;
	int err = ERR_MEMORY;

	if (!create->shape.resource || client_resource(client, create->shape.resource))
		return ERR_FORMAT;
	resource = client->server->resources.count < VTEST_RESOURCES_MAX ? add_resource(client, create)
									 : NULL;
	if (!resource)
		return answer_create(client, NULL, create->data_bytes);
	if (resource->data_bytes)
		resource->fd = shm_create("oriel-vtest", resource->data_bytes);
	if (resource->fd >= 0 || !resource->data_bytes)
		err = send_resource(client, resource);
	if (err == 0)
		return is_worth_waiting(resource) ? 0 : answer_create(client, resource, create->data_bytes);
	client->wait = VTEST_WAITS_NOT;
	client->made = NULL;
	resource_forget(resource);
	if (err == ERR_CLOSED)
		return ERR_AGAIN;
	/* The program may go on without it. */
	log_info("%s wants what cannot be made: %ux%u, format %u: %s", client->name, create->shape.width,
			create->shape.height, create->shape.format, err_text(err));
	return answer_create(client, NULL, create->data_bytes);
}

static int finish_create(struct vtest_client *client)
{
	struct vtest_resource *resource = client->made;
	bool wanted = resource->data_bytes != 0;

	client->made = NULL;
	if (!client->failed)
		return answer_create(client, resource, wanted);
	log_info("%s wants more than there is for it: %ux%u, format %u", client->name,
			resource->made.create.width, resource->made.create.height,
			resource->made.create.format);
	resource_forget(resource);
	return answer_create(client, NULL, wanted);
}

/* --- transfers --- */

/* An impossible box does nothing, as in the worker. */
static int run_transfer(struct vtest_client *client, const struct vtest_transfer *t, enum render_type type)
{
	const struct vtest_resource *resource = client_resource(client, t->resource);
	uint32_t id = resource ? resource->made.create.resource : HANDLES_NOBODY;
	struct render_message msg = { .type = type,
		.transfer = { client->context, id, t->level, 0, 0, t->box, t->offset_bytes } };
	struct vtest_pending pending = { .type = type, .resource = id, .transfer = msg.transfer };
	int err = renderer_send(client->server->renderer, &msg, -1);

	if (err == ERR_ARGUMENT)
		return 0;
	if (err < 0)
		return err == ERR_CLOSED ? ERR_AGAIN : err;
	client->work++;
	pending.serial = msg.serial;
	return pending_add(client, &pending, NULL);
}

/* --- batches --- */

static uint32_t exchange(void *user, uint32_t name)
{
	const struct vtest_resource *resource = client_resource(user, name);

	return resource ? resource->made.create.resource : HANDLES_NOBODY;
}

static int run_submit(struct vtest_client *client, const struct vtest_submit *submit)
{
	struct renderer *renderer = client->server->renderer;
	struct render_message msg = { .type = RENDER_SUBMIT, .flags = RENDER_WANT_DONE };
	struct vtest_pending pending = { .type = RENDER_SUBMIT, .count = submit->count };
	uint32_t *words;
	int err;

	if (!submit->count)
		return 0;
	words = (uint32_t *)(void *)renderer_arena_take(
			renderer, 4 * submit->count, &msg.submit.arena_offset);
	if (!words)
		return ERR_AGAIN;
	memcpy(words, submit->words, 4 * submit->count);
	err = handles_rewrite(words, submit->count, exchange, client);
	if (err < 0)
		return err;
	msg.submit.context = client->context;
	msg.submit.len_bytes = 4 * submit->count;
	err = renderer_send(renderer, &msg, -1);
	if (err < 0)
		return err == ERR_CLOSED ? ERR_AGAIN : err;
	client->work++;
	pending.serial = msg.serial;
	err = table_add(&client->server->waits, msg.serial, client);
	return err < 0 ? err : pending_add(client, &pending, words);
}

/* --- waiting --- */

static int answer(struct vtest_client *client, enum vtest_type type, uint32_t value)
{
	struct vtest_answer a = { .type = type, .value = value };
	uint8_t bytes[VTEST_ANSWER_MAX_BYTES];
	int len = vtest_write(&a, bytes, sizeof bytes);

	return len < 0 ? len : client_send(client, bytes, (size_t)len, -1);
}

int command_fence(struct vtest_client *client)
{
	struct render_message msg = { .type = RENDER_FENCE, .fence = { 0, client->context } };
	int err = renderer_send(client->server->renderer, &msg, -1);

	if (err < 0)
		return err;
	client->fence = msg.serial;
	client->fence_work = client->work;
	return table_add(&client->server->waits, msg.serial, client);
}

static int run_busy_wait(struct vtest_client *client, const struct vtest_busy_wait *busy_wait)
{
	int err = 0;

	if (client->work == client->done_work)
		return answer(client, VTEST_BUSY_WAIT, 0);
	if (!client->fence || client->fence_work != client->work)
		err = command_fence(client);
	if (err < 0)
		return err == ERR_CLOSED ? ERR_AGAIN : err;
	if (!busy_wait->wait)
		return answer(client, VTEST_BUSY_WAIT, 1);
	client->wait = VTEST_WAITS_IDLE;
	return 0;
}

int command_finish(struct vtest_client *client)
{
	enum vtest_wait wait = client->wait;

	client->wait = VTEST_WAITS_NOT;
	switch (wait) {
	case VTEST_WAITS_CONTEXT: return client->failed ? ERR_MEMORY : 0;
	case VTEST_WAITS_RESOURCE: return finish_create(client);
	case VTEST_WAITS_IDLE: return answer(client, VTEST_BUSY_WAIT, 0);
	default: return 0;
	}
}

/* --- the beginning --- */

static int run_create_renderer(struct vtest_client *client, const struct vtest_renderer *from)
{
	struct vtest *server = client->server;
	struct render_message msg = { .type = RENDER_CONTEXT_CREATE, .flags = RENDER_WANT_DONE };
	int err;

	if (client->context)
		return ERR_UNEXPECTED;
	msg.context.context = free_id(&server->clients, &server->last_context);
	memcpy(msg.context.name, from->name, sizeof msg.context.name);
	client->journal = journal_create(&server->journals);
	if (!client->journal || table_add(&server->clients, msg.context.context, client) < 0)
		return ERR_MEMORY;
	client->context = msg.context.context;
	client_leave_strangers(client);
	text_copy(client->name, sizeof client->name, from->name);
	client->failed = false;
	/* A worker that is lost just now is followed by one that is told of all contexts. */
	err = renderer_send(server->renderer, &msg, -1);
	if (err < 0)
		return err == ERR_CLOSED ? 0 : err;
	log_debug("%s comes, context %u", client->name, client->context);
	return wait_for(client, VTEST_WAITS_CONTEXT, msg.serial);
}

static int run_caps(struct vtest_client *client, enum vtest_type type)
{
	const struct vtest_caps *caps = &client->server->caps[type == VTEST_CAPS ? 0 : 1];
	struct vtest_answer a = { .type = type, .caps = caps->data, .caps_len = caps->len };
	uint8_t bytes[VTEST_ANSWER_MAX_BYTES];
	int len = vtest_write(&a, bytes, sizeof bytes);

	return len < 0 ? len : client_send(client, bytes, (size_t)len, -1);
}

static int run_version(struct vtest_client *client, uint32_t version)
{
	if (version >= VTEST_VERSION_SPOKEN)
		return answer(client, VTEST_VERSION, VTEST_VERSION_SPOKEN);
	log_warn("%s has a driver of protocol %u, too old", client->name, version);
	return ERR_ARGUMENT;
}

static int run(struct vtest_client *client, const struct vtest_message *msg)
{
	switch (msg->type) {
	case VTEST_CREATE_RENDERER: return run_create_renderer(client, &msg->renderer);
	case VTEST_PING: return answer(client, VTEST_PING, 0);
	case VTEST_VERSION: return run_version(client, msg->version);
	case VTEST_CAPS:
	case VTEST_CAPS2: return run_caps(client, msg->type);
	case VTEST_RESOURCE_CREATE: return run_create(client, &msg->create);
	case VTEST_RESOURCE_UNREF: return run_unref(client, msg->unref.resource);
	case VTEST_TRANSFER_GET: return run_transfer(client, &msg->transfer, RENDER_TRANSFER_FROM);
	case VTEST_TRANSFER_PUT: return run_transfer(client, &msg->transfer, RENDER_TRANSFER_TO);
	case VTEST_SUBMIT: return run_submit(client, &msg->submit);
	case VTEST_BUSY_WAIT: return run_busy_wait(client, &msg->busy_wait);
	}
	return ERR_FORMAT;
}

int command_run(struct vtest_client *client, const struct vtest_message *msg)
{
	if (!client->context && msg->type != VTEST_CREATE_RENDERER)
		return ERR_UNEXPECTED;
	if (renderer_full(client->server->renderer))
		return ERR_AGAIN;
	return run(client, msg);
}
