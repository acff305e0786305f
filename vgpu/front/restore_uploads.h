/* Uploads again what was uploaded into a resource: from its backing by a transfer, from
 * a kept picture by writes in batches of a context made for that; then makes again the
 * levels that were made from others. */
#ifndef FRONT_RESTORE_UPLOADS_H
#define FRONT_RESTORE_UPLOADS_H

#include "resource.h"

struct front;

struct restore_uploads {
	uint32_t context; /* that writes; 0: none yet */
	const struct upload_level *level;
	uint32_t next_level; /* of the resource that is at work */
	bool attached;       /* that resource, to the context */
	uint32_t x, y, z;    /* of the picture: where the next write begins */
};

/* One step for that resource: 1: there is more to do for it; 0: done; ERR_AGAIN: no room
 * now, the same again later. */
MUST_USE int restore_uploads_step(
		struct front *front, struct restore_uploads *state, const struct resource *resource);

/* After the last resource. */
void restore_uploads_end(struct front *front, struct restore_uploads *state);

#endif
