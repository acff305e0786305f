/* What was uploaded into a resource, so that it can be uploaded again: which boxes, and
 * from where. Most come from the resource's own backing, which the guest still has;
 * bytes that came by another way (within a batch, or from another resource's backing)
 * are copied, as long as the guest's budget for that lasts. A box that covers an older
 * one replaces it. Loop thread only. */
#ifndef FRONT_UPLOADS_H
#define FRONT_UPLOADS_H

#include <base/err.h>
#include <proto/virgl.h>
#include <stdbool.h>

enum {
	UPLOADS_MAX = 64,                 /* of a resource; the oldest goes first */
	UPLOADS_BUDGET_BYTES = 256 << 20, /* of copies, for all resources of a guest */
};

struct upload {
	struct virgl_upload to;
	uint64_t offset_bytes; /* into the backing, if there is no data */
	uint8_t *data;         /* owned; NULL: the backing has it */
	size_t len;
};

struct uploads {
	struct upload *list;
	uint32_t count;
};

/* Shared by all resources of a guest. */
struct uploads_budget {
	size_t used_bytes;
};

/* Empty uploads are all zeroes. */
void uploads_finish(struct uploads *uploads, struct uploads_budget *budget);

/* From the backing. is_buffer: width is in bytes and ranges may be joined. Without
 * memory the upload is not kept. */
void uploads_add_backing(struct uploads *uploads, struct uploads_budget *budget,
		const struct virgl_upload *to, uint64_t offset_bytes, bool is_buffer);

/* len bytes at data, copied; they are what to's box and strides make of them. Nothing
 * is kept when the budget is used up. */
void uploads_add_data(struct uploads *uploads, struct uploads_budget *budget, const struct virgl_upload *to,
		const void *data, size_t len);

/* How many bytes of a backing such an upload reads at most, strides given: enough to
 * copy what lies in another resource's backing. Saturates. */
uint64_t uploads_reach_bytes(const struct virgl_upload *to);

#endif
