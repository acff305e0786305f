#include "resources.h"
#include "virgl.h"
#include <proto/virgl_format.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	TARGET_3D = 3,            /* gallium's PIPE_TEXTURE_3D */
	RESOURCE_MIN_COST = 4096, /* what the objects around the pixels take */
	ENTRY_MAX_BYTES = 1 << 30,
};

/* virglrenderer computes with 32 bits in places. */
static const uint64_t resource_max_bytes = 1u << 31;

static struct resource **slot_of(struct resources *all, uint32_t id)
{
	struct resource **slot = &all->buckets[id % RESOURCE_BUCKETS];

	while (*slot && (*slot)->shape.resource != id)
		slot = &(*slot)->next;
	return slot;
}

struct resource *resources_find(const struct resources *all, uint32_t id)
{
	return *slot_of((struct resources *)all, id);
}

static uint32_t minify(uint32_t size, uint32_t level)
{
	uint32_t small = level < 32 ? size >> level : 0;

	return small ? small : 1;
}

static uint64_t blocks(uint32_t size, uint32_t block)
{
	return ((uint64_t)size + block - 1) / block;
}

static uint32_t layers_of(const struct render_resource *s)
{
	return s->array_size ? s->array_size : 1;
}

uint64_t resource_cost(const struct render_resource *s)
{
	struct virgl_block block = virgl_format_block(s->target == 0 ? 64 : s->format); /* buffers: bytes */
	uint64_t cost = 0;

	for (uint32_t level = 0; level <= s->last_level; level++) {
		uint64_t depth = s->target == TARGET_3D ? minify(s->depth, level) : s->depth;

		cost += blocks(minify(s->width, level), block.width) *
				blocks(minify(s->height, level), block.height) * depth * block.bytes;
	}
	cost *= layers_of(s);
	cost *= s->samples > 1 ? s->samples : 1;
	return cost < RESOURCE_MIN_COST ? RESOURCE_MIN_COST : cost;
}

bool resources_charge(struct resources *all, uint64_t bytes)
{
	if (bytes > all->quota_bytes - all->used_bytes)
		return false;
	all->used_bytes += bytes;
	return true;
}

void resources_refund(struct resources *all, uint64_t bytes)
{
	all->used_bytes -= bytes;
}

/* virglrenderer makes and ends textures and buffers in the GL context that is current, and
 * leaves them unbound there: the next draw of that context would sample nothing. */
static void leave_guest_context(void)
{
	virgl_renderer_force_ctx_0();
}

static int create_in_virgl(const struct render_resource *s)
{
	struct virgl_renderer_resource_create_args args = {
		.handle = s->resource,
		.target = s->target,
		.format = s->format,
		.bind = s->bind,
		.width = s->width,
		.height = s->height,
		.depth = s->depth,
		.array_size = s->array_size,
		.last_level = s->last_level,
		.nr_samples = s->samples,
		.flags = s->flags,
	};

	leave_guest_context();
	return virgl_renderer_resource_create(&args, NULL, 0);
}

enum render_result resources_create(struct resources *all, const struct render_resource *shape)
{
	uint64_t cost = resource_cost(shape);
	struct resource *new;

	if (resources_find(all, shape->resource))
		return RENDER_INVALID;
	if (cost > resource_max_bytes || !resources_charge(all, cost))
		return RENDER_OUT_OF_MEMORY;
	new = calloc(1, sizeof *new);
	if (!new || create_in_virgl(shape) != 0) {
		resources_refund(all, cost);
		free(new);
		return new ? RENDER_FAILED : RENDER_OUT_OF_MEMORY;
	}
	new->shape = *shape;
	new->bytes = cost;
	*slot_of(all, shape->resource) = new;
	return RENDER_OK;
}

static void detach(struct resources *all, struct resource *r)
{
	if (r->count == 0)
		return;
	virgl_renderer_resource_detach_iov((int)r->shape.resource, NULL, NULL);
	free(r->entries);
	mapping_close(&r->map);
	resources_refund(all, r->charged);
	r->entries = NULL;
	r->count = 0;
	r->backing_bytes = r->charged = 0;
}

enum render_result resources_unref(struct resources *all, uint32_t id)
{
	struct resource **slot = slot_of(all, id), *r = *slot;

	if (!r)
		return RENDER_INVALID;
	detach(all, r);
	leave_guest_context();
	virgl_renderer_resource_unref(id);
	resources_refund(all, r->bytes);
	*slot = r->next;
	free(r);
	return RENDER_OK;
}

/* Guest pages that follow one another become one entry. Returns how many there are, 0
 * when one is not guest memory. */
static uint32_t gather(struct iovec *entries, const struct memory *memory, const uint64_t *list,
		uint32_t count, uint64_t *sum)
{
	uint32_t used = 0;

	*sum = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t len = list[2 * i + 1];
		uint8_t *at = len && len <= ENTRY_MAX_BYTES ? memory_guest(memory, list[2 * i], len) : NULL;

		if (!at)
			return 0;
		*sum += len;
		if (used && (uint8_t *)entries[used - 1].iov_base + entries[used - 1].iov_len == at)
			entries[used - 1].iov_len += len;
		else
			entries[used++] = (struct iovec){ at, len };
	}
	return used;
}

/* Takes entries, also when it fails. */
static enum render_result attach(struct resources *all, struct resource *r, struct iovec *entries,
		uint32_t count, uint64_t sum)
{
	if (virgl_renderer_resource_attach_iov((int)r->shape.resource, entries, (int)count) != 0) {
		free(entries);
		return RENDER_FAILED;
	}
	r->entries = entries;
	r->count = count;
	r->backing_bytes = sum;
	return RENDER_OK;
}

enum render_result resources_attach(struct resources *all, const struct memory *memory, uint32_t id,
		const uint64_t *list, uint32_t count)
{
	struct resource *r = resources_find(all, id);
	uint64_t sum, cost = (uint64_t)count * sizeof(struct iovec);
	enum render_result result;
	struct iovec *entries;
	uint32_t used;

	if (!r || r->count)
		return RENDER_INVALID;
	/* The lists are memory too: a guest could have one of 4 MiB for each resource. */
	if (!resources_charge(all, cost))
		return RENDER_OUT_OF_MEMORY;
	entries = malloc(cost);
	used = entries ? gather(entries, memory, list, count, &sum) : 0;
	if (!used || sum > resource_max_bytes) {
		resources_refund(all, cost);
		free(entries);
		return entries ? RENDER_INVALID : RENDER_OUT_OF_MEMORY;
	}
	result = attach(all, r, entries, used, sum);
	if (result == RENDER_OK)
		r->charged = cost;
	else
		resources_refund(all, cost);
	return result;
}

enum render_result resources_attach_fd(struct resources *all, uint32_t id, int fd, uint64_t len)
{
	struct resource *r = resources_find(all, id);
	struct mapping map = { 0 };
	enum render_result result;
	struct iovec *entry;

	if (!r || r->count)
		return RENDER_INVALID;
	/* The front made it for the guest: it counts as the guest's. */
	if (!resources_charge(all, len))
		return RENDER_OUT_OF_MEMORY;
	entry = malloc(sizeof *entry);
	result = entry ? mapping_open(&map, fd, 0, len, PROT_READ | PROT_WRITE) : RENDER_OUT_OF_MEMORY;
	if (result == RENDER_OK) {
		*entry = (struct iovec){ map.at, len };
		result = attach(all, r, entry, 1, len); /* takes entry */
	} else {
		free(entry);
	}
	if (result == RENDER_OK) {
		r->map = map;
		r->charged = len;
		return RENDER_OK;
	}
	mapping_close(&map);
	resources_refund(all, len);
	return result;
}

enum render_result resources_detach(struct resources *all, uint32_t id)
{
	struct resource *r = resources_find(all, id);

	if (!r || !r->count)
		return RENDER_INVALID;
	detach(all, r);
	return RENDER_OK;
}

void resources_detach_guest_memory(struct resources *all)
{
	for (int i = 0; i < RESOURCE_BUCKETS; i++) {
		for (struct resource *r = all->buckets[i]; r; r = r->next) {
			if (!r->map.at)
				detach(all, r);
		}
	}
}

static bool span_inside(uint32_t at, uint32_t len, uint32_t size)
{
	return len >= 1 && len <= size && at <= size - len;
}

static bool box_inside(const struct render_resource *s, const struct render_box *box, uint32_t level)
{
	uint32_t layers = s->target == TARGET_3D ? minify(s->depth, level) : layers_of(s);

	return level <= s->last_level && span_inside(box->x, box->width, minify(s->width, level)) &&
			span_inside(box->y, box->height, minify(s->height, level)) &&
			span_inside(box->z, box->depth, layers);
}

/* Where the last byte of the box lies in the backing; UINT64_MAX: beyond any. */
static uint64_t end_of_box(const struct render_resource *s, const struct render_transfer *t)
{
	struct virgl_block block = virgl_format_block(s->target == 0 ? 64 : s->format);
	uint64_t row = blocks(t->box.width, block.width) * block.bytes;
	uint64_t rows = blocks(t->box.height, block.height);
	uint64_t stride = t->stride_bytes, layer = t->layer_stride_bytes;

	if (stride == 0)
		stride = blocks(minify(s->width, t->level), block.width) * block.bytes;
	if (layer == 0)
		layer = stride * blocks(minify(s->height, t->level), block.height);
	if (layer > UINT32_MAX) /* not possible with what creation allows */
		return UINT64_MAX;
	/* At most 2^11 * 2^32 + 2^14 * 2^32: no overflow. */
	return (t->box.depth - 1) * layer + (rows - 1) * stride + row;
}

/* The true size of formats that are not in our table is smaller, so virglrenderer's own
 * check is the last word; this one is there because that one computes with 32 bits. */
static bool bytes_inside(const struct resource *r, const struct render_transfer *t)
{
	uint64_t len = end_of_box(&r->shape, t);

	return len <= r->backing_bytes && t->offset_bytes <= r->backing_bytes - len;
}

enum render_result resources_transfer(const struct resources *all, const struct render_transfer *t, bool to)
{
	const struct resource *r = resources_find(all, t->resource);
	struct virgl_box box = { t->box.x, t->box.y, t->box.z, t->box.width, t->box.height, t->box.depth };
	int err;

	if (!r || !r->count || !box_inside(&r->shape, &t->box, t->level) || !bytes_inside(r, t))
		return RENDER_INVALID;
	if (to)
		err = virgl_renderer_transfer_write_iov(t->resource, t->context, (int)t->level,
				t->stride_bytes, t->layer_stride_bytes, &box, t->offset_bytes, NULL, 0);
	else
		err = virgl_renderer_transfer_read_iov(t->resource, t->context, t->level, t->stride_bytes,
				t->layer_stride_bytes, &box, t->offset_bytes, NULL, 0);
	return err ? RENDER_FAILED : RENDER_OK;
}
