/* virgl contexts of one guest. Not thread-safe. */
#ifndef VGPU_CONTEXTS_H
#define VGPU_CONTEXTS_H

#include "fences.h"
#include "resources.h"

enum {
	CONTEXTS_MAX = 256,
	CONTEXT_COST_BYTES = 1 << 20, /* of the quota */
};

struct contexts {
	uint32_t ids[CONTEXTS_MAX];
	uint32_t count;
};

bool contexts_have(const struct contexts *contexts, uint32_t id);

enum render_result contexts_create(
		struct contexts *contexts, struct resources *resources, const struct render_context *context);

/* Waits until all fences are reached. */
enum render_result contexts_destroy(
		struct contexts *contexts, struct resources *resources, struct fences *fences, uint32_t id);

/* Makes a resource usable in a context, or no longer. */
enum render_result contexts_attach(const struct contexts *contexts, const struct resources *resources,
		const struct render_context *pair, bool attach);

#endif
