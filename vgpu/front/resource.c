#include "resource.h"
#include <base/reader.h>
#include <stdlib.h>

struct resource *resource_create(const struct render_resource *create)
{
	struct resource *resource = calloc(1, sizeof *resource);

	if (resource)
		resource->create = *create;
	return resource;
}

void resource_detach(struct resource *resource)
{
	free(resource->entries);
	resource->entries = NULL;
	resource->entry_count = 0;
	resource->backing_bytes = 0;
	uploads_detached(&resource->uploads);
}

void resource_attach(struct resource *resource, uint8_t *entries, uint32_t count, uint64_t bytes)
{
	resource_detach(resource);
	resource->entries = entries;
	resource->entry_count = count;
	resource->backing_bytes = bytes;
}

void resource_destroy(struct resource *resource, struct uploads_budget *budget)
{
	if (!resource)
		return;
	resource_detach(resource);
	uploads_finish(&resource->uploads, budget);
	free(resource);
}

static struct virtio_gpu_entry entry_of(const struct resource *resource, uint32_t i)
{
	struct reader r = reader_init(
			resource->entries + (size_t)i * VIRTIO_GPU_ENTRY_BYTES, VIRTIO_GPU_ENTRY_BYTES);
	uint64_t guest_addr = reader_u64(&r);

	return (struct virtio_gpu_entry){ guest_addr, (uint32_t)reader_u64(&r) };
}

/* The entry that has that byte; reads mostly go forward. False: beyond the backing. */
static bool find_entry(struct resource_reader *reader, uint64_t offset_bytes)
{
	if (offset_bytes >= reader->resource->backing_bytes)
		return false;
	if (offset_bytes < reader->entry_at) {
		reader->entry = 0;
		reader->entry_at = 0;
	}
	while (true) {
		uint64_t end = reader->entry_at + entry_of(reader->resource, reader->entry).len_bytes;

		if (offset_bytes < end)
			return true;
		reader->entry_at = end;
		reader->entry++;
	}
}

void resource_read(void *user, uint64_t offset_bytes, void *dst, size_t len)
{
	struct resource_reader *reader = user;
	uint8_t *to = dst;

	while (len && find_entry(reader, offset_bytes)) {
		struct virtio_gpu_entry entry = entry_of(reader->resource, reader->entry);
		uint64_t skip = offset_bytes - reader->entry_at;
		size_t n = entry.len_bytes - skip < len ? (size_t)(entry.len_bytes - skip) : len;
		const uint8_t *from = memory_at(reader->memory, entry.guest_addr, entry.len_bytes);

		if (from)
			memcpy(to, from + skip, n);
		else
			memset(to, 0, n);
		to += n;
		offset_bytes += n;
		len -= n;
	}
	memset(to, 0, len);
}

uint32_t resource_level_px(uint32_t size_px, uint32_t level)
{
	uint32_t px = level < 32 ? size_px >> level : 0;

	return px ? px : 1;
}
