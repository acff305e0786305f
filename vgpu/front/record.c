#include "record.h"
#include "front.h"

struct recorder {
	struct front *front;
	const struct context *context;
	uint64_t sent_us; /* the batch */
};

/* Bytes of a command, as a backing. */
struct bytes {
	const uint8_t *data;
	size_t len;
};

static void read_bytes(void *user, uint64_t offset_bytes, void *dst, size_t len)
{
	const struct bytes *bytes = user;
	uint64_t there = offset_bytes < bytes->len ? bytes->len - offset_bytes : 0;
	size_t n = there < len ? (size_t)there : len;

	if (n)
		memcpy(dst, bytes->data + offset_bytes, n);
	memset((uint8_t *)dst + n, 0, len - n);
}

static struct uploads_backing backing_of(struct resource_reader *reader)
{
	return (struct uploads_backing){ resource_read, reader, reader->resource->backing_bytes,
		reader->resource->entry_count };
}

static void add(struct front *front, struct resource *resource, const struct virgl_upload *to,
		uint64_t offset_bytes, const struct uploads_backing *foreign)
{
	struct resource_reader reader = { .resource = resource, .memory = vhost_memory(front->vhost) };
	struct uploads_backing own = backing_of(&reader);
	uint64_t turn = 0;

	if (sd_event_get_iteration(front->event, &turn) >= 0)
		uploads_turn(&front->uploads, turn);
	uploads_add(&resource->uploads, &front->uploads, &resource->create, to, offset_bytes, &own, foreign);
}

void record_transfer(struct front *front, const struct render_transfer *t)
{
	struct resource *resource = table_get(&front->resources, t->resource);
	struct virgl_upload to = { t->resource, t->level, t->stride_bytes, t->layer_stride_bytes, t->box.x,
		t->box.y, t->box.z, t->box.width, t->box.height, t->box.depth };

	if (resource)
		add(front, resource, &to, t->offset_bytes, NULL);
}

/* A resource that the context may use. */
static struct resource *usable(const struct recorder *recorder, uint32_t id)
{
	if (!table_get(&recorder->context->attached, id))
		return NULL;
	return table_get(&recorder->front->resources, id);
}

static void on_inline_write(void *user, const struct virgl_upload *upload, const void *data, size_t len)
{
	struct recorder *recorder = user;
	struct resource *resource = usable(recorder, upload->resource);
	struct bytes bytes = { data, len };
	struct uploads_backing foreign = { read_bytes, &bytes, len, 1 };

	if (resource)
		add(recorder->front, resource, upload, 0, &foreign);
}

static void on_transfer(void *user, const struct virgl_upload *upload, uint64_t offset_bytes)
{
	struct recorder *recorder = user;
	struct resource *resource = usable(recorder, upload->resource);

	if (resource && resource->entries)
		add(recorder->front, resource, upload, offset_bytes, NULL);
}

static void on_copy_transfer(
		void *user, const struct virgl_upload *upload, uint32_t source, uint64_t offset_bytes)
{
	struct recorder *recorder = user;
	struct resource *resource = usable(recorder, upload->resource);
	struct resource_reader reader = { .resource = usable(recorder, source),
		.memory = vhost_memory(recorder->front->vhost) };
	struct uploads_backing foreign;

	if (!resource || !reader.resource || !reader.resource->entries)
		return;
	foreign = backing_of(&reader);
	add(recorder->front, resource, upload, offset_bytes, &foreign);
}

static void on_drawn(void *user, uint32_t id, uint32_t level)
{
	struct recorder *recorder = user;
	struct resource *resource = usable(recorder, id);

	if (!resource || level != 0)
		return;
	snapshots_drawn(&recorder->front->snapshots, resource);
	picture_drawn(recorder->front, id, recorder->sent_us);
}

static void on_blit_within(void *user, const struct virgl_entry *blit)
{
	struct recorder *recorder = user;
	struct resource *resource = usable(recorder, blit->words[4]);

	if (resource)
		uploads_add_blit(&resource->uploads, blit);
}

static const struct journal_uploads uploads = { on_inline_write, on_transfer, on_copy_transfer, on_drawn,
	on_blit_within };

void record_batch(struct front *front, struct context *context, const struct answer *answer)
{
	struct recorder recorder = { front, context, answer->sent_us };

	journal_take(context->journal, answer->batch, answer->batch_words, &uploads, &recorder);
}
