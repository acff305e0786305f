/* Work that is sent again to the next worker if this one is lost. Until it is settled its
 * uploads and what it makes of its context are not recorded: the next worker is told
 * what was before, then the work itself. A program learns that work is drawn from a
 * fence, and only then asks for the pixels; so what one fence covers is settled by the
 * next. Who never asks is given fences all the same, and beyond a bound the oldest is
 * settled anyway. */
#include "vtest.h"
#include <proto/virgl_format.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FENCE_COUNT = 64, /* with so much pending a fence is sent */
	FENCE_BYTES = 1 << 20,
	COUNT_MAX = 1024,
	BYTES_MAX = 4 << 20,
};

/* Memory behind a resource. */
static void read_backing(void *user, uint64_t offset_bytes, void *dst, size_t len)
{
	const struct vtest_resource *resource = user;
	ssize_t n = resource->fd < 0 || offset_bytes > INT64_MAX
			? 0
			: pread(resource->fd, dst, len, (off_t)offset_bytes);
	size_t got = n > 0 ? (size_t)n : 0;

	memset((uint8_t *)dst + got, 0, len - got);
}

static struct uploads_backing backing_of(struct vtest_resource *resource)
{
	return (struct uploads_backing){ read_backing, resource, resource->data_bytes, 1 };
}

/* From offset_bytes of its own memory, or of foreign, unless that is NULL. */
static void add(struct vtest_client *client, struct vtest_resource *resource, const struct virgl_upload *to,
		uint64_t offset_bytes, const struct uploads_backing *foreign)
{
	struct uploads_budget *budget = &client->server->budget;
	struct uploads_backing own = backing_of(resource);
	uint64_t turn = 0;

	if (sd_event_get_iteration(client->server->event, &turn) >= 0)
		uploads_turn(budget, turn);
	uploads_add(&resource->made.uploads, budget, &resource->made.create, to, offset_bytes, &own, foreign);
}

/* What was uploaded from its own memory: rows that lie as in the level have no stride of
 * their own in the stream. */
static void keep_transfer(struct vtest_client *client, struct vtest_resource *resource,
		const struct virgl_upload *upload, uint64_t offset_bytes)
{
	struct virgl_upload to = *upload;
	uint32_t texel = resource->made.create.target == UPLOADS_BUFFER
			? 1
			: virgl_format_texel_bytes(resource->made.create.format);

	if (!to.stride_bytes)
		to.stride_bytes = texel * resource_level_px(resource->made.create.width, to.level);
	if (!to.layer_stride_bytes)
		to.layer_stride_bytes =
				to.stride_bytes * resource_level_px(resource->made.create.height, to.level);
	add(client, resource, &to, offset_bytes, NULL);
}

struct block {
	const uint8_t *data;
	size_t len;
};

static void read_block(void *user, uint64_t offset_bytes, void *dst, size_t len)
{
	const struct block *block = user;

	memset(dst, 0, len);
	if (offset_bytes < block->len)
		memcpy(dst, block->data + offset_bytes,
				len < block->len - offset_bytes ? len : block->len - (size_t)offset_bytes);
}

static void on_inline_write(void *user, const struct virgl_upload *upload, const void *data, size_t len)
{
	struct vtest_client *client = user;
	struct vtest_resource *resource = client_owns(client, upload->resource);
	struct block block = { data, len };
	struct uploads_backing from = { read_block, &block, len, 1 };

	if (resource)
		add(client, resource, upload, 0, &from);
}

static void on_transfer(void *user, const struct virgl_upload *upload, uint64_t offset_bytes)
{
	struct vtest_client *client = user;
	struct vtest_resource *resource = client_owns(client, upload->resource);

	if (resource)
		keep_transfer(client, resource, upload, offset_bytes);
}

static void on_copy_transfer(
		void *user, const struct virgl_upload *upload, uint32_t source, uint64_t offset_bytes)
{
	struct vtest_client *client = user;
	struct vtest_resource *resource = client_owns(client, upload->resource),
			      *lender = client_owns(client, source);
	struct uploads_backing from;

	if (!resource || !lender)
		return;
	from = backing_of(lender);
	add(client, resource, upload, offset_bytes, &from);
}

static void on_drawn(void *user, uint32_t id, uint32_t level)
{
	struct vtest_client *client = user;
	struct vtest_resource *resource = client_owns(client, id);

	if (resource && level == 0)
		snapshots_drawn(&client->server->snapshots, &resource->made);
}

static void on_blit_within(void *user, const struct virgl_entry *blit)
{
	struct vtest_resource *resource = client_owns(user, blit->words[4]);

	if (resource)
		uploads_add_blit(&resource->made.uploads, blit);
}

static void record_batch(struct vtest_client *client, const struct vtest_pending *p)
{
	static const struct journal_uploads uploads = { on_inline_write, on_transfer, on_copy_transfer,
		on_drawn, on_blit_within };

	journal_take(client->journal, p->words, p->count, &uploads, client);
}

static void record_transfer(struct vtest_client *client, const struct render_transfer *t)
{
	struct vtest_resource *resource = client_owns(client, t->resource);
	const struct virgl_upload upload = { .resource = t->resource,
		.level = t->level,
		.x = t->box.x,
		.y = t->box.y,
		.z = t->box.z,
		.width = t->box.width,
		.height = t->box.height,
		.depth = t->box.depth };

	if (resource)
		keep_transfer(client, resource, &upload, t->offset_bytes);
}

static size_t bytes_of(const struct vtest_pending *p)
{
	return sizeof *p + p->count * sizeof *p->words + p->held_bytes;
}

static void take_first(struct vtest_client *client)
{
	struct vtest_pending *p = client->pending;

	client->pending = p->next;
	client->pending_count--;
	client->pending_bytes -= bytes_of(p);
	if (client->pending_drawn)
		client->pending_drawn--;
	if (client->server->restore.again == p)
		client->server->restore.again = p->next;
}

static void settle_first(struct vtest_client *client)
{
	struct vtest_pending *p = client->pending;

	take_first(client);
	switch (p->type) {
	case RENDER_SUBMIT: record_batch(client, p); break;
	case RENDER_TRANSFER_TO: record_transfer(client, &p->transfer); break;
	case RENDER_RESOURCE_UNREF: resource_destroy_here(client_owns(client, p->resource)); break;
	default: break;
	}
	free(p);
}

/* Serials are sent anew with the work, so how much the last fence covered is a count. */
void pending_fenced(struct vtest_client *client, uint32_t serial)
{
	const struct vtest_pending *p;
	size_t covered = 0;

	while (client->pending_drawn)
		settle_first(client);
	for (p = client->pending; p && (int32_t)(serial - p->serial) >= 0; p = p->next)
		covered++;
	client->pending_drawn = covered;
}

void pending_settle_all(struct vtest_client *client)
{
	while (client->pending)
		settle_first(client);
}

void pending_drop(struct vtest_client *client)
{
	while (client->pending) {
		struct vtest_pending *p = client->pending;

		take_first(client);
		/* The worker knows, unless it is a new one that is being told of it just now. */
		if (p->type == RENDER_RESOURCE_UNREF)
			resource_forget(client_owns(client, p->resource));
		free(p);
	}
}

int pending_add(struct vtest_client *client, const struct vtest_pending *what, const uint32_t *words)
{
	struct vtest_pending *p = malloc(sizeof *p + what->count * sizeof *words);

	if (!p)
		return ERR_MEMORY;
	*p = *what;
	p->next = NULL;
	if (p->count)
		memcpy(p->words, words, p->count * sizeof *words);
	if (!client->pending)
		client->last_pending = &client->pending;
	*client->last_pending = p;
	client->last_pending = &p->next;
	client->pending_count++;
	client->pending_bytes += bytes_of(p);
	while (client->pending_count > COUNT_MAX || client->pending_bytes > BYTES_MAX)
		settle_first(client);
	if (client->fence || (client->pending_count < FENCE_COUNT && client->pending_bytes < FENCE_BYTES))
		return 0;
	return command_fence(client);
}
