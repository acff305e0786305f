/* Memory of others that the worker has mapped: the front's arena, the guest's memory,
 * and the pictures that are read into. Only sealed memfds (shm.h) are taken, so none of
 * it can vanish. Not thread-safe. */
#ifndef VGPU_MEMORY_H
#define VGPU_MEMORY_H

#include <proto/render.h>
#include <stdbool.h>

struct mapping {
	uint8_t *at; /* NULL: none */
	size_t len;
	uint8_t *pages; /* what munmap wants */
	size_t pages_len;
};

struct memory_region {
	uint64_t guest_addr;
	struct mapping map;
};

struct memory_target {
	struct render_target shape;
	struct mapping map;
};

struct memory {
	struct mapping arena;
	struct memory_region regions[RENDER_REGIONS_MAX];
	struct memory_target targets[RENDER_TARGETS_MAX];
};

/* len bytes of fd (borrowed) from offset on, wherever that is in a page. prot as
 * mmap's. RENDER_OK; RENDER_INVALID: not a sealed memfd of that size;
 * RENDER_OUT_OF_MEMORY. */
enum render_result mapping_open(struct mapping *map, int fd, uint64_t offset, uint64_t len, int prot);

/* Zeroed is fine; zeroes it. */
void mapping_close(struct mapping *map);

/* The descriptors are borrowed. RENDER_INVALID also for an index or a handle in use, a
 * second arena, too many targets. */
enum render_result memory_take_arena(struct memory *memory, int fd);
enum render_result memory_add_region(struct memory *memory, const struct render_region *region, int fd);
enum render_result memory_add_target(struct memory *memory, const struct render_target *target, int fd);

/* Nobody may use pointers into them after this. */
void memory_clear_regions(struct memory *memory);

enum render_result memory_drop_target(struct memory *memory, uint32_t handle);

/* Guest memory, len > 0 bytes inside one region; NULL: there is none. */
uint8_t *memory_guest(const struct memory *memory, uint64_t guest_addr, uint64_t len);

/* NULL: no such target. */
struct memory_target *memory_target(struct memory *memory, uint32_t handle);

void memory_finish(struct memory *memory);

#endif
