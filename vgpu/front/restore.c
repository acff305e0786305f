#include "front.h"
#include <base/log.h>
#include <base/loop.h>

enum phase {
	PHASE_RESOURCES,
	PHASE_CONTEXTS,
	PHASE_TARGETS,
	PHASE_END,
};

void restore_lost(struct front *front)
{
	front->restore.running = false;
	front->restore.lost_us = loop_now_us();
}

void restore_start(struct front *front, uint32_t reason)
{
	struct restore *restore = &front->restore;

	restore->running = true;
	restore->backings_only = false;
	restore->phase = PHASE_RESOURCES;
	restore->at = 0;
	restore->half = false;
	restore->reason = reason;
	front_send_regions(front);
	restore_step(front);
}

void restore_backings(struct front *front)
{
	struct restore *restore = &front->restore;

	if (!front->resources.count)
		return;
	restore->running = true;
	restore->backings_only = true;
	restore->phase = PHASE_RESOURCES;
	restore->at = 0;
	restore->half = false;
	restore_step(front);
}

/* Whether the arena had room for it. */
static bool restore_resource(struct front *front, struct resource *resource)
{
	struct render_message msg = { .type = RENDER_RESOURCE_CREATE, .resource = resource->create };
	uint32_t serial;

	if (!front->restore.backings_only && !front->restore.half)
		front_send(front, &msg, -1);
	front->restore.half =
			resource->entries && front_send_backing(front, resource, true, &serial) == ERR_AGAIN;
	return !front->restore.half;
}

static void restore_context(struct front *front, const struct context *context)
{
	struct render_message msg = { .type = RENDER_CONTEXT_CREATE, .context = { .context = context->id } };
	size_t at = 0;

	memcpy(msg.context.name, context->name, sizeof msg.context.name);
	front_send(front, &msg, -1);
	msg = (struct render_message){ .type = RENDER_CONTEXT_ATTACH, .context = { .context = context->id } };
	while (table_next(&context->attached, &at, &msg.context.resource))
		front_send(front, &msg, -1);
}

/* One table's next entry, or the next phase. False: no room now. */
static bool restore_next(struct front *front)
{
	struct restore *restore = &front->restore;
	struct picture_target *target;
	struct resource *resource;
	struct context *context;
	size_t before = restore->at;

	switch ((enum phase)restore->phase) {
	case PHASE_RESOURCES:
		resource = table_next(&front->resources, &restore->at, NULL);
		if (resource && !restore_resource(front, resource)) {
			restore->at = before;
			return false;
		}
		if (resource)
			return true;
		break;
	case PHASE_CONTEXTS:
		context = table_next(&front->contexts, &restore->at, NULL);
		if (context) {
			restore_context(front, context);
			return true;
		}
		break;
	case PHASE_TARGETS:
		target = table_next(&front->picture.targets, &restore->at, NULL);
		if (target) {
			picture_send_target(front, target);
			return true;
		}
		break;
	case PHASE_END: return true;
	}
	restore->phase = restore->backings_only ? PHASE_END : restore->phase + 1;
	restore->at = 0;
	return true;
}

/* Whoever looks is told to look at everything. */
static void tell(struct front *front)
{
	struct restore *restore = &front->restore;
	struct screen_message msg = { .type = SCREEN_RESET, .reset = { ++restore->count, restore->reason } };
	struct render_message last = { .type = RENDER_FENCE };

	front_send(front, &last, -1);
	restore->last = last.serial;
	log_info("worker replaced (%zu resources, %zu contexts) %u ms after it was lost",
			front->resources.count, front->contexts.count,
			(unsigned)((loop_now_us() - restore->lost_us) / 1000));
	screen_send(front->screen, &msg, -1);
	picture_restored(front);
}

static void finish(struct front *front)
{
	front->restore.running = false;
	if (!front->restore.backings_only)
		tell(front);
	cursor_restored(front);
	front_look(front);
	vhost_resume(front->vhost);
}

void restore_step(struct front *front)
{
	struct restore *restore = &front->restore;

	while (restore->running && !renderer_full(front->renderer)) {
		if (restore->phase == PHASE_END)
			finish(front);
		else if (!restore_next(front))
			return;
	}
}
