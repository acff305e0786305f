/* A rendering context of a program in the guest. */
#ifndef FRONT_CONTEXT_H
#define FRONT_CONTEXT_H

#include "journal.h"
#include "table.h"
#include <proto/render.h>

enum {
	CONTEXTS_MAX = 4096, /* of a guest: one for each program that draws */
};

struct context {
	uint32_t id;
	uint32_t command; /* serial of its creation */
	char name[RENDER_NAME_CAP];
	struct table attached; /* resource ids, each with the context itself as value */
	struct journal *journal;
	/* Workers that were lost while its batch was the oldest under way, one soon after
	 * the other. */
	unsigned strikes;
	bool banned; /* too many: it draws no more */
};

/* journals is borrowed. NULL without memory. */
struct context *context_create(uint32_t id, const char *name, struct journal_budget *journals);
void context_destroy(struct context *context);

#endif
