/* Resources of one guest: what virglrenderer was told of them, the memory behind them,
 * and the account of video memory. virglrenderer offers no hook for its allocations, so
 * they are counted from what creation asks for. Not thread-safe. */
#ifndef VGPU_RESOURCES_H
#define VGPU_RESOURCES_H

#include "memory.h"
#include <sys/uio.h>

enum {
	RESOURCE_BUCKETS = 4096,
};

struct resource {
	struct render_resource shape;
	uint64_t bytes; /* charged for the resource itself */
	/* The memory behind it; virglrenderer keeps the pointer to entries. */
	struct iovec *entries;
	uint32_t count;         /* 0: no backing */
	uint64_t backing_bytes; /* sum of the entries */
	uint64_t charged;       /* for the backing */
	struct mapping map;     /* of RENDER_BACKING_FD, else empty: guest memory */
	struct resource *next;
};

struct resources {
	struct resource *buckets[RESOURCE_BUCKETS];
	uint64_t used_bytes, quota_bytes;
};

/* Video memory that creating it takes, by our count. */
uint64_t resource_cost(const struct render_resource *shape);

struct resource *resources_find(const struct resources *all, uint32_t id);

enum render_result resources_create(struct resources *all, const struct render_resource *shape);

/* Backing is detached first: a context may hold the object longer than its name lives. */
enum render_result resources_unref(struct resources *all, uint32_t id);

/* list: in the arena, count pairs of guest address and length. */
enum render_result resources_attach(struct resources *all, const struct memory *memory, uint32_t id,
		const uint64_t *list, uint32_t count);

/* fd is borrowed. */
enum render_result resources_attach_fd(struct resources *all, uint32_t id, int fd, uint64_t len);

enum render_result resources_detach(struct resources *all, uint32_t id);

/* Everything that lies in guest memory, before that is unmapped. */
void resources_detach_guest_memory(struct resources *all);

/* Takes bytes from the quota, for contexts. False: there are not so many left. */
bool resources_charge(struct resources *all, uint64_t bytes);
void resources_refund(struct resources *all, uint64_t bytes);

/* Both copy between a resource and the memory behind it, if the box lies in the
 * resource and its bytes in the backing. */
enum render_result resources_transfer(const struct resources *all, const struct render_transfer *t, bool to);

#endif
