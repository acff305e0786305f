/* The guest's memory, as QEMU lends it: a handful of regions, mapped here. Everything
 * the guest says about addresses is looked up here, and nowhere else turned into a
 * pointer. The guest may write at any time: read once, then check. Loop thread only. */
#ifndef FRONT_MEMORY_H
#define FRONT_MEMORY_H

#include <base/err.h>
#include <proto/vhost_user.h>
#include <stdbool.h>
#include <sys/types.h>

struct memory_region {
	struct vhost_user_region place;
	int fd;
	dev_t device; /* which file it is, to tell a table that only repeats the last one */
	ino_t inode;
	uint8_t *map; /* of the file's start, map_bytes long */
	size_t map_bytes;
};

struct memory {
	uint32_t count;
	struct memory_region regions[VHOST_USER_REGIONS_MAX];
};

/* Replaces what was there. Takes fds (table->count of them), also after a failure.
 * Returns 1 when the memory is another now, 0 when it is the same; after ERR_FORMAT (a
 * file is too short, or regions overlap) and ERR_IO there is no memory. */
MUST_USE int memory_set(struct memory *memory, const struct vhost_user_memory *table, const int *fds);

void memory_finish(struct memory *memory);

/* len bytes of guest-physical memory, or NULL unless they lie in one region. */
uint8_t *memory_at(const struct memory *memory, uint64_t guest_addr, uint64_t len);

/* The same by QEMU's own addresses, as it tells where rings are. */
uint8_t *memory_at_user(const struct memory *memory, uint64_t user_addr, uint64_t len);

#endif
