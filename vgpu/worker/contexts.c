#include "contexts.h"
#include <string.h>
#include <virgl/virglrenderer.h>

bool contexts_have(const struct contexts *contexts, uint32_t id)
{
	for (uint32_t i = 0; i < contexts->count; i++) {
		if (contexts->ids[i] == id)
			return true;
	}
	return false;
}

/* virglrenderer 0.10 makes another GL context current when contexts come and go, and
 * still takes the one before for it: the next batch would draw in the wrong one. */
static void forget_current(void)
{
	virgl_renderer_force_ctx_0();
}

enum render_result contexts_create(
		struct contexts *contexts, struct resources *resources, const struct render_context *context)
{
	/* virglrenderer has ints in places. */
	if (context->context > INT32_MAX || contexts_have(contexts, context->context))
		return RENDER_INVALID;
	if (contexts->count == CONTEXTS_MAX || !resources_charge(resources, CONTEXT_COST_BYTES))
		return RENDER_OUT_OF_MEMORY;
	if (virgl_renderer_context_create(context->context, (uint32_t)strlen(context->name), context->name) !=
			0) {
		resources_refund(resources, CONTEXT_COST_BYTES);
		return RENDER_FAILED;
	}
	forget_current();
	contexts->ids[contexts->count++] = context->context;
	return RENDER_OK;
}

enum render_result contexts_destroy(
		struct contexts *contexts, struct resources *resources, struct fences *fences, uint32_t id)
{
	for (uint32_t i = 0; i < contexts->count; i++) {
		if (contexts->ids[i] != id)
			continue;
		/* virglrenderer 0.10 forgets the fence that its thread waits for just then,
		 * whosever it is. */
		fences_drain(fences);
		virgl_renderer_context_destroy(id);
		forget_current();
		resources_refund(resources, CONTEXT_COST_BYTES);
		contexts->ids[i] = contexts->ids[--contexts->count];
		return RENDER_OK;
	}
	return RENDER_INVALID;
}

enum render_result contexts_attach(const struct contexts *contexts, const struct resources *resources,
		const struct render_context *pair, bool attach)
{
	if (!contexts_have(contexts, pair->context) || !resources_find(resources, pair->resource))
		return RENDER_INVALID;
	if (attach)
		virgl_renderer_ctx_attach_resource((int)pair->context, (int)pair->resource);
	else
		virgl_renderer_ctx_detach_resource((int)pair->context, (int)pair->resource);
	return RENDER_OK;
}
