/* A new worker is told everything that the last one knew: resources with what was
 * uploaded into them, contexts with their objects and state; then the work that the last
 * one had not drawn. That can be more than socket and arena hold, so it goes in steps;
 * programs wait until it is done. */
#include "vtest.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/shm.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum phase {
	PHASE_RESOURCES,
	PHASE_CONTEXTS,
	PHASE_AGAIN,
	PHASE_END,
};

/* A worker that is lost meanwhile is noticed when its socket is read. */
static void send(struct vtest *server, struct render_message msg, int fd)
{
	(void)!renderer_send(server->renderer, &msg, fd);
}

static void drop_words(struct vtest_restore *restore)
{
	free(restore->words);
	restore->words = NULL;
	restore->client = NULL;
	restore->again = NULL;
	restore->count = restore->cap = restore->sent = 0;
}

void vtest_restore_drop(struct vtest *server, const struct vtest_client *client)
{
	if (!client) {
		server->restore.running = false;
		free(server->restore.ids);
		server->restore.ids = NULL;
	}
	if (!client || client == server->restore.client)
		drop_words(&server->restore);
}

/* --- resources --- */

static void send_upload(struct vtest *server, const struct vtest_resource *resource,
		const struct virgl_upload *to, uint64_t offset_bytes)
{
	struct render_message transfer = { .type = RENDER_TRANSFER_TO,
		.transfer = { 0, resource->made.create.resource, to->level, to->stride_bytes,
				to->layer_stride_bytes,
				{ to->x, to->y, to->z, to->width, to->height, to->depth }, offset_bytes } };

	send(server, transfer, -1);
}

/* A picture takes the place of the memory behind the resource for a moment. */
static void send_picture(
		struct vtest *server, const struct vtest_resource *resource, const struct upload_level *level)
{
	struct render_message attach = { .type = RENDER_BACKING_FD,
		.backing_fd = { resource->made.create.resource, level->picture_bytes } };
	struct render_message detach = { .type = RENDER_BACKING_DETACH,
		.resource_id = { resource->made.create.resource } };
	int fd = shm_create("oriel-picture", level->picture_bytes);

	if (fd >= 0 && pwrite(fd, level->picture, level->picture_bytes, 0) == (ssize_t)level->picture_bytes) {
		send(server, attach, fd);
		send_upload(server, resource, &level->to, 0);
		send(server, detach, -1);
	}
	if (fd >= 0)
		close(fd);
}

static void send_resource(struct vtest *server, const struct vtest_resource *resource)
{
	struct render_message create = { .type = RENDER_RESOURCE_CREATE, .resource = resource->made.create };
	struct render_message backing = { .type = RENDER_BACKING_FD,
		.backing_fd = { resource->made.create.resource, resource->data_bytes } };
	const struct upload_level *level;
	uint32_t at;

	send(server, create, -1);
	for (at = 0; (level = uploads_next(&resource->made.uploads, &at)) != NULL;) {
		if (level->picture)
			send_picture(server, resource, level);
	}
	if (resource->fd >= 0)
		send(server, backing, resource->fd);
	for (at = 0; (level = uploads_next(&resource->made.uploads, &at)) != NULL;) {
		if (!level->picture)
			send_upload(server, resource, &level->to, level->offset_bytes);
	}
}

/* --- contexts --- */

static bool has_resource(void *user, uint32_t id)
{
	const struct vtest_restore *restore = user;

	return client_owns(restore->client, id) != NULL;
}

static int keep_words(void *user, const uint32_t *words, size_t count)
{
	struct vtest_restore *restore = user;

	if (count > restore->cap - restore->count) {
		size_t cap = 2 * restore->cap + count + 1024;
		uint32_t *more = realloc(restore->words, cap * sizeof *more);

		if (!more)
			return ERR_MEMORY;
		restore->words = more;
		restore->cap = cap;
	}
	memcpy(restore->words + restore->count, words, count * sizeof *words);
	restore->count += count;
	return 0;
}

/* Levels that were made from others of the same resource. */
static int keep_blits(struct vtest_restore *restore)
{
	const struct vtest_resource *resource;
	size_t at = 0;
	int err = 0;

	while (err == 0 &&
			(resource = table_next(&restore->client->resources, &at, &(uint32_t){ 0 })) != NULL) {
		const struct uploads *uploads = &resource->made.uploads;

		for (uint32_t i = 0; err == 0 && i < uploads->blit_count; i++)
			err = keep_words(restore, uploads->blits[i].words, 1 + VIRGL_BLIT_WORDS);
	}
	return err;
}

static void send_attach(struct vtest *server, uint32_t context, uint32_t resource)
{
	struct render_message attach = { .type = RENDER_CONTEXT_ATTACH,
		.context = { .context = context, .resource = resource } };

	send(server, attach, -1);
}

/* What the program has let go of, while its work that is sent again may use it. */
static void send_kept(struct vtest *server, const struct vtest_client *client)
{
	for (const struct vtest_pending *p = client->pending; p; p = p->next) {
		if (p->type == RENDER_RESOURCE_UNREF) {
			send_resource(server, client_owns(client, p->resource));
			send_attach(server, client->context, p->resource);
		}
	}
}

static void begin_context(struct vtest *server, struct vtest_client *client)
{
	static const struct journal_replay replay = { has_resource, keep_words };
	struct render_message create = { .type = RENDER_CONTEXT_CREATE,
		.context = { .context = client->context } };
	const struct vtest_resource *resource;
	size_t at = 0;
	int err;

	memcpy(create.context.name, client->name, sizeof create.context.name);
	send(server, create, -1);
	while ((resource = table_next(&client->resources, &at, &(uint32_t){ 0 })) != NULL)
		send_attach(server, client->context, resource->made.create.resource);
	send_kept(server, client);
	server->restore.client = client;
	err = keep_blits(&server->restore);
	if (err == 0)
		err = journal_replay(client->journal, &replay, &server->restore);
	if (err < 0)
		log_warn("%s cannot be made again whole: %s", client->name, err_text(err));
}

/* As many whole commands as one batch may have. */
static size_t next_batch(const struct vtest_restore *restore)
{
	const uint32_t *words = restore->words + restore->sent;
	size_t count = restore->count - restore->sent, at = 0;

	while (at < count) {
		size_t next = at + 1 + (words[at] >> 16);

		if (4 * next > VTEST_BATCH_MAX_BYTES)
			break;
		at = next;
	}
	return at;
}

/* Its serial; 0: no room. */
static uint32_t send_words(struct vtest *server, const uint32_t *words, size_t count)
{
	struct vtest_client *client = server->restore.client;
	struct render_message submit = { .type = RENDER_SUBMIT, .flags = RENDER_WANT_DONE };
	uint8_t *room = renderer_arena_take(server->renderer, 4 * count, &submit.submit.arena_offset);

	if (!room)
		return 0;
	memcpy(room, words, 4 * count);
	submit.submit.context = client->context;
	submit.submit.len_bytes = (uint32_t)(4 * count);
	if (renderer_send(server->renderer, &submit, -1) == 0 &&
			table_add(&server->waits, submit.serial, client) < 0)
		log_debug("no memory to remember whose batch that is");
	return submit.serial;
}

/* False: no room. */
static bool send_batch(struct vtest *server)
{
	struct vtest_restore *restore = &server->restore;
	size_t count = next_batch(restore);

	if (!send_words(server, restore->words + restore->sent, count))
		return false;
	restore->sent += count;
	if (restore->sent == restore->count)
		drop_words(restore);
	return true;
}

/* --- work --- */

/* The next of the client's. False: no room. */
static bool send_again(struct vtest *server)
{
	struct vtest_restore *restore = &server->restore;
	struct vtest_pending *p = restore->again;
	struct render_message msg = { .type = p->type };

	if (p->type == RENDER_SUBMIT) {
		p->serial = send_words(server, p->words, p->count);
		if (!p->serial)
			return false;
	} else {
		if (p->type == RENDER_RESOURCE_UNREF)
			msg.resource_id.resource = p->resource;
		else
			msg.transfer = p->transfer;
		(void)!renderer_send(server->renderer, &msg, -1);
		p->serial = msg.serial;
	}
	restore->again = p->next;
	return true;
}

/* --- steps --- */

/* What a client waits for has been made again; a fence is set anew. */
static void wake(struct vtest_client *client)
{
	int err = client->wait == VTEST_WAITS_IDLE ? command_fence(client) : command_finish(client);

	if (err < 0 && err != ERR_CLOSED)
		client_destroy(client);
}

static void finish(struct vtest *server)
{
	struct vtest_restore *restore = &server->restore;
	uint32_t ids[VTEST_CLIENTS_MAX];
	size_t at = 0, count = 0;

	restore->running = false;
	restore->done_us = loop_now_us();
	if (restore->lost_us)
		log_info("worker replaced (%zu resources, %zu programs) %u ms after it was lost",
				server->resources.count, server->clients.count,
				(unsigned)((restore->done_us - restore->lost_us) / 1000));
	while (count < VTEST_CLIENTS_MAX && table_next(&server->clients, &at, &ids[count]))
		count++;
	for (size_t i = 0; i < count; i++)
		wake(table_get(&server->clients, ids[i]));
	vtest_go_on(server);
}

static const struct table *table_of(const struct vtest *server)
{
	return server->restore.phase == PHASE_RESOURCES ? &server->resources : &server->clients;
}

static void begin_phase(struct vtest *server, unsigned phase)
{
	struct vtest_restore *restore = &server->restore;
	const struct table *table;
	size_t at = 0;

	restore->phase = phase;
	table = table_of(server);
	free(restore->ids);
	restore->ids = calloc(table->count + 1, sizeof *restore->ids);
	restore->id_count = restore->at = 0;
	if (!restore->ids)
		log_warn("no memory to make all again");
	while (restore->ids && table_next(table, &at, &restore->ids[restore->id_count]))
		restore->id_count++;
}

static void begin_one(struct vtest *server, void *entry)
{
	struct vtest_restore *restore = &server->restore;
	const struct vtest_resource *resource = entry;

	if (restore->phase == PHASE_CONTEXTS) {
		begin_context(server, entry);
	} else if (restore->phase == PHASE_AGAIN) {
		restore->client = entry;
		restore->again = restore->client->pending;
	} else if (resource->name) {
		send_resource(server, resource);
	}
}

/* The phase's next one, or the next phase. False: no room now. */
static bool next_step(struct vtest *server)
{
	struct vtest_restore *restore = &server->restore;
	void *entry;

	if (restore->words)
		return send_batch(server);
	if (restore->again)
		return send_again(server);
	if (restore->at == restore->id_count) {
		begin_phase(server, restore->phase + 1);
		return true;
	}
	entry = table_get(table_of(server), restore->ids[restore->at++]);
	if (entry)
		begin_one(server, entry);
	return true;
}

void vtest_restore_start(struct vtest *server)
{
	vtest_restore_drop(server, NULL);
	server->restore.running = true;
	begin_phase(server, PHASE_RESOURCES);
	vtest_restore_step(server);
}

void vtest_restore_step(struct vtest *server)
{
	struct vtest_restore *restore = &server->restore;

	while (restore->running && !renderer_full(server->renderer)) {
		if (restore->phase == PHASE_END)
			finish(server);
		else if (!next_step(server))
			return;
	}
}
