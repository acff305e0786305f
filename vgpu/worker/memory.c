#include "memory.h"
#include <base/shm.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum render_result mapping_open(struct mapping *map, int fd, uint64_t offset, uint64_t len, int prot)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), skip = offset % page;
	void *pages;

	if (len == 0 || offset > INT64_MAX || len > INT64_MAX - offset || shm_check(fd, offset + len) < 0)
		return RENDER_INVALID;
	pages = mmap(NULL, len + skip, prot, MAP_SHARED, fd, (off_t)(offset - skip));
	if (pages == MAP_FAILED)
		return errno == ENOMEM ? RENDER_OUT_OF_MEMORY : RENDER_INVALID;
	*map = (struct mapping){ (uint8_t *)pages + skip, len, pages, len + skip };
	return RENDER_OK;
}

void mapping_close(struct mapping *map)
{
	if (map->at)
		munmap(map->pages, map->pages_len);
	*map = (struct mapping){ 0 };
}

enum render_result memory_take_arena(struct memory *memory, int fd)
{
	if (memory->arena.at)
		return RENDER_INVALID;
	return mapping_open(&memory->arena, fd, 0, RENDER_ARENA_BYTES, PROT_READ);
}

enum render_result memory_add_region(struct memory *memory, const struct render_region *region, int fd)
{
	struct memory_region *r = &memory->regions[region->index];

	if (r->map.at)
		return RENDER_INVALID;
	r->guest_addr = region->guest_addr;
	return mapping_open(&r->map, fd, region->fd_offset, region->size_bytes, PROT_READ | PROT_WRITE);
}

void memory_clear_regions(struct memory *memory)
{
	for (int i = 0; i < RENDER_REGIONS_MAX; i++)
		mapping_close(&memory->regions[i].map);
}

uint8_t *memory_guest(const struct memory *memory, uint64_t guest_addr, uint64_t len)
{
	for (int i = 0; i < RENDER_REGIONS_MAX; i++) {
		const struct memory_region *r = &memory->regions[i];
		uint64_t offset = guest_addr - r->guest_addr;

		if (r->map.at && guest_addr >= r->guest_addr && offset < r->map.len &&
				len <= r->map.len - offset)
			return r->map.at + offset;
	}
	return NULL;
}

struct memory_target *memory_target(struct memory *memory, uint32_t handle)
{
	for (int i = 0; handle != 0 && i < RENDER_TARGETS_MAX; i++) {
		if (memory->targets[i].shape.handle == handle)
			return &memory->targets[i];
	}
	return NULL;
}

enum render_result memory_add_target(struct memory *memory, const struct render_target *target, int fd)
{
	struct memory_target *free_one = NULL;
	enum render_result result;

	if (memory_target(memory, target->handle))
		return RENDER_INVALID;
	for (int i = 0; !free_one && i < RENDER_TARGETS_MAX; i++) {
		if (memory->targets[i].shape.handle == 0)
			free_one = &memory->targets[i];
	}
	if (!free_one)
		return RENDER_INVALID;
	result = mapping_open(&free_one->map, fd, 0, (uint64_t)target->stride_bytes * target->height_px,
			PROT_READ | PROT_WRITE);
	if (result == RENDER_OK)
		free_one->shape = *target;
	return result;
}

enum render_result memory_drop_target(struct memory *memory, uint32_t handle)
{
	struct memory_target *target = memory_target(memory, handle);

	if (!target)
		return RENDER_INVALID;
	mapping_close(&target->map);
	target->shape.handle = 0;
	return RENDER_OK;
}

void memory_finish(struct memory *memory)
{
	memory_clear_regions(memory);
	for (int i = 0; i < RENDER_TARGETS_MAX; i++)
		mapping_close(&memory->targets[i].map);
	mapping_close(&memory->arena);
	memset(memory, 0, sizeof *memory);
}
