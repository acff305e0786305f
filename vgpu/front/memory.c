#include "memory.h"
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool same_region(const struct memory_region *region, const struct vhost_user_region *place, int fd)
{
	struct stat st;

	return region->place.guest_addr == place->guest_addr &&
			region->place.size_bytes == place->size_bytes &&
			region->place.user_addr == place->user_addr &&
			region->place.fd_offset == place->fd_offset && fstat(fd, &st) == 0 &&
			st.st_dev == region->device && st.st_ino == region->inode;
}

static bool same_table(const struct memory *memory, const struct vhost_user_memory *table, const int *fds)
{
	if (memory->count != table->count)
		return false;
	for (uint32_t i = 0; i < table->count; i++) {
		if (!same_region(&memory->regions[i], &table->regions[i], fds[i]))
			return false;
	}
	return true;
}

static bool overlap(const struct vhost_user_region *a, const struct vhost_user_region *b)
{
	return a->guest_addr < b->guest_addr + b->size_bytes && b->guest_addr < a->guest_addr + a->size_bytes;
}

static bool table_ok(const struct vhost_user_memory *table)
{
	for (uint32_t i = 0; i < table->count; i++) {
		for (uint32_t k = 0; k < i; k++) {
			if (overlap(&table->regions[i], &table->regions[k]))
				return false;
		}
	}
	return true;
}

/* The file is mapped from its start: with huge pages an offset need not be one that
 * mmap takes. */
static int region_map(struct memory_region *region)
{
	size_t len = region->place.fd_offset + region->place.size_bytes;
	struct stat st;
	void *map;

	if (fstat(region->fd, &st) < 0)
		return ERR_IO;
	if (st.st_size < 0 || (uint64_t)st.st_size < len)
		return ERR_FORMAT; /* beyond the end waits SIGBUS */
	map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, region->fd, 0);
	if (map == MAP_FAILED)
		return ERR_IO;
	region->map = map;
	region->map_bytes = len;
	region->device = st.st_dev;
	region->inode = st.st_ino;
	return 0;
}

static void region_finish(struct memory_region *region)
{
	if (region->map)
		munmap(region->map, region->map_bytes);
	close(region->fd);
}

void memory_finish(struct memory *memory)
{
	for (uint32_t i = 0; i < memory->count; i++)
		region_finish(&memory->regions[i]);
	memory->count = 0;
}

int memory_set(struct memory *memory, const struct vhost_user_memory *table, const int *fds)
{
	int err = table_ok(table) ? 0 : ERR_FORMAT;

	if (same_table(memory, table, fds)) {
		for (uint32_t i = 0; i < table->count; i++)
			close(fds[i]);
		return 0;
	}
	memory_finish(memory);
	memory->count = table->count;
	for (uint32_t i = 0; i < table->count; i++)
		memory->regions[i] = (struct memory_region){ .place = table->regions[i], .fd = fds[i] };
	for (uint32_t i = 0; err == 0 && i < memory->count; i++)
		err = region_map(&memory->regions[i]);
	if (err == 0)
		return 1;
	memory_finish(memory);
	return err;
}

static uint8_t *inside(const struct memory_region *region, uint64_t start, uint64_t addr, uint64_t len)
{
	uint64_t size = region->place.size_bytes;

	if (addr < start || addr - start >= size || len > size - (addr - start))
		return NULL;
	return region->map + region->place.fd_offset + (addr - start);
}

uint8_t *memory_at(const struct memory *memory, uint64_t guest_addr, uint64_t len)
{
	uint8_t *at = NULL;

	for (uint32_t i = 0; !at && i < memory->count; i++)
		at = inside(&memory->regions[i], memory->regions[i].place.guest_addr, guest_addr, len);
	return at;
}

uint8_t *memory_at_user(const struct memory *memory, uint64_t user_addr, uint64_t len)
{
	uint8_t *at = NULL;

	for (uint32_t i = 0; !at && i < memory->count; i++)
		at = inside(&memory->regions[i], memory->regions[i].place.user_addr, user_addr, len);
	return at;
}
