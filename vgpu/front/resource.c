#include "resource.h"
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
}

void resource_attach(struct resource *resource, uint8_t *entries, uint32_t count, uint64_t bytes)
{
	resource_detach(resource);
	resource->entries = entries;
	resource->entry_count = count;
	resource->backing_bytes = bytes;
}

void resource_destroy(struct resource *resource)
{
	if (!resource)
		return;
	resource_detach(resource);
	free(resource);
}

uint32_t resource_level_px(uint32_t size_px, uint32_t level)
{
	uint32_t px = level < 32 ? size_px >> level : 0;

	return px ? px : 1;
}
