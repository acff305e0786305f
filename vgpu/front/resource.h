/* A resource of the guest's: what it was made of and which guest memory lies behind
 * it, so that it can be made again. */
#ifndef FRONT_RESOURCE_H
#define FRONT_RESOURCE_H

#include "memory.h"
#include "uploads.h"
#include <base/err.h>
#include <proto/render.h>
#include <proto/virtio_gpu.h>

enum {
	RESOURCES_MAX = 1 << 16, /* of a guest; what each costs here is bounded with them */
};

struct resource {
	struct render_resource create;
	uint32_t command; /* serial of its creation */
	uint8_t *entries; /* backing, as the arena has it: u64 guest_addr, u64 len_bytes; NULL: none */
	uint32_t entry_count;
	uint64_t backing_bytes;
	struct uploads uploads;
	/* CLOCK_MONOTONIC: when it was last drawn into, and the first time since its picture
	 * was kept; 0: not since. */
	uint64_t drawn_us, unsaved_us;
	uint8_t uuid[VIRTIO_GPU_UUID_BYTES];
};

/* NULL without memory. */
struct resource *resource_create(const struct render_resource *create);
void resource_destroy(struct resource *resource, struct uploads_budget *budget);

/* Takes entries (from malloc). */
void resource_attach(struct resource *resource, uint8_t *entries, uint32_t count, uint64_t bytes);
void resource_detach(struct resource *resource);

/* Where the bytes of a resource's backing are, as an uploads_backing's read wants it. */
struct resource_reader {
	const struct resource *resource;
	const struct memory *memory;
	uint32_t entry; /* where the last read was, and where that begins in the backing */
	uint64_t entry_at;
};

/* user is a struct resource_reader. What is not there reads as zero. */
void resource_read(void *user, uint64_t offset_bytes, void *dst, size_t len);

/* The size of a level, at least 1; of buffers the width is in bytes. */
uint32_t resource_level_px(uint32_t size_px, uint32_t level);

#endif
