#include "restore.h"
#include "front.h"
#include <base/log.h>
#include <base/loop.h>

enum phase {
	PHASE_RESOURCES,
	PHASE_UPLOADS,
	PHASE_CONTEXTS,
	PHASE_JOURNALS,
	PHASE_AGAIN,
	PHASE_END,
};

enum { /* failures after which something is left out */
	FAILURES_NO_AGAIN = 1,
	FAILURES_NO_JOURNALS = 2,
	FAILURES_NO_UPLOADS = 3,
	STRIKES_MAX = 3,
	STRIKE_US = 5 * 1000 *
			1000, /* a worker that lived longer did not die of the batch that the last died of */
};

/* The oldest batch under way is what the worker was at: what is drawn is told at once, also
 * while a command keeps the worker. Nobody else is at fault if its context is gone. */
static uint32_t find_suspect(const struct front *front)
{
	const struct context *context;

	for (const struct answer *a = front->answers.first; a; a = a->next) {
		if (a->again != RENDER_SUBMIT)
			continue;
		context = front_context_of(front, a);
		return context ? context->id : 0;
	}
	return 0;
}

void restore_lost(struct front *front)
{
	struct restore *restore = &front->restore;

	restore_finish(restore);
	restore->suspect = restore->running ? 0 : find_suspect(front);
	answers_lost(&front->answers);
	if (restore->running || restore->last)
		restore->failures++;
	restore->lost_us = loop_now_us();
	restore->lived_us = restore->running || restore->last ? 0 : restore->lost_us - restore->passed_us;
	restore->running = false;
	restore->last = 0;
}

void restore_finish(struct restore *restore)
{
	restore_batches_finish(&restore->batches);
	restore->uploads = (struct restore_uploads){ 0 };
}

static void begin(struct front *front, bool backings_only)
{
	struct restore *restore = &front->restore;

	restore->running = true;
	restore->backings_only = backings_only;
	restore->phase = PHASE_RESOURCES;
	restore->at = 0;
	restore->half = false;
	restore_step(front);
}

/* Who keeps a worker from ending a batch, or is there each time when one dies soon after
 * another, is let draw no more, so that the guest's other programs can. */
static void judge(struct front *front, uint32_t reason)
{
	struct context *context = table_get(&front->contexts, front->restore.suspect);

	front->restore.suspect = 0;
	if (!context || context->banned)
		return;
	context->strikes = front->restore.lived_us < STRIKE_US ? context->strikes + 1 : 1;
	if (reason != SCREEN_RESET_WATCHDOG && context->strikes < STRIKES_MAX)
		return;
	context->banned = true;
	log_warn("context %u (%s) may not draw any more: %s", context->id, context->name,
			reason == SCREEN_RESET_WATCHDOG ? "its batch did not end in time"
							: "too many workers died of it");
}

void restore_start(struct front *front, uint32_t reason)
{
	front->restore.reason = reason;
	judge(front, reason);
	if (front->restore.failures >= FAILURES_NO_AGAIN)
		answers_settle(&front->answers);
	front_send_regions(front);
	begin(front, false);
}

void restore_backings(struct front *front)
{
	if (front->resources.count)
		begin(front, true);
}

/* Each returns 1: done with that one; 0: there was none left; ERR_AGAIN. */

static int next_resource(struct front *front)
{
	struct restore *restore = &front->restore;
	size_t before = restore->at;
	const struct resource *resource = table_next(&front->resources, &restore->at, NULL);
	struct render_message msg = { .type = RENDER_RESOURCE_CREATE };
	uint32_t serial;

	if (!resource)
		return 0;
	msg.resource = resource->create;
	if (!restore->backings_only && !restore->half)
		front_send(front, &msg, -1);
	restore->half = resource->entries && front_send_backing(front, resource, true, &serial) == ERR_AGAIN;
	if (!restore->half)
		return 1;
	restore->at = before;
	return ERR_AGAIN;
}

static int next_upload(struct front *front)
{
	struct restore *restore = &front->restore;
	size_t before = restore->at;
	const struct resource *resource = table_next(&front->resources, &restore->at, NULL);
	int more;

	if (!resource || restore->failures >= FAILURES_NO_UPLOADS) {
		restore_uploads_end(front, &restore->uploads);
		return 0;
	}
	more = restore_uploads_step(front, &restore->uploads, resource);
	if (more)
		restore->at = before;
	return more < 0 ? more : 1;
}

static void attach(struct front *front, uint32_t context, uint32_t resource)
{
	struct render_message msg = { .type = RENDER_CONTEXT_ATTACH,
		.context = { .context = context, .resource = resource } };

	front_send(front, &msg, -1);
}

static int next_context(struct front *front)
{
	const struct context *context = table_next(&front->contexts, &front->restore.at, NULL);
	struct render_message msg = { .type = RENDER_CONTEXT_CREATE };
	uint32_t resource;

	if (!context)
		return 0;
	msg.context.context = context->id;
	memcpy(msg.context.name, context->name, sizeof msg.context.name);
	front_send(front, &msg, -1);
	for (size_t at = 0; table_next(&context->attached, &at, &resource);)
		attach(front, context->id, resource);
	/* What is detached again in a moment, since batches before that may name it. */
	for (const struct answer *a = front->answers.first; a; a = a->next) {
		if (a->again == RENDER_CONTEXT_DETACH && front_context_of(front, a) == context &&
				table_get(&front->resources, a->resource))
			attach(front, context->id, a->resource);
	}
	return 1;
}

static int next_journal(struct front *front)
{
	struct restore *restore = &front->restore;
	size_t before = restore->at;
	const struct context *context = table_next(&front->contexts, &restore->at, NULL);
	int more;

	if (!context || restore->failures >= FAILURES_NO_JOURNALS)
		return 0;
	if (context->banned)
		return 1;
	if (!restore->half) /* here: its batches are made */
		restore_batches_make(front, &restore->batches, context);
	more = restore_batches_step(front, &restore->batches, context);
	restore->half = more != 0;
	if (more)
		restore->at = before;
	return more < 0 ? more : 1;
}

/* Sends a command that was under way once more. */
static int send_again(struct front *front, struct answer *a)
{
	const struct context *context = front_context_of(front, a);
	uint32_t len = a->batch_words * (uint32_t)sizeof *a->batch;
	struct render_message msg = { .type = a->again };
	void *words;

	if (a->again == RENDER_TRANSFER_FROM) {
		msg.transfer = a->transfer;
	} else if (a->again == RENDER_CONTEXT_DETACH && context) {
		msg.context = (struct render_context){ .context = a->to.context, .resource = a->resource };
	} else if (context && !context->banned) {
		msg.submit = (struct render_submit){ a->to.context, 0, len };
		words = renderer_arena_take(front->renderer, len, &msg.submit.arena_offset);
		if (!words)
			return ERR_AGAIN;
		memcpy(words, a->batch, len);
	} else {
		a->again = 0;
		return 0;
	}
	front_send(front, &msg, -1);
	a->command = msg.serial;
	return 0;
}

/* Every answer waits for a fence now, whatever it waited for: they keep their order. */
static int next_again(struct front *front)
{
	struct restore *restore = &front->restore;
	struct render_message fence = { .type = RENDER_FENCE };
	struct answer *a = restore->answer;

	if (!a)
		return 0;
	a->command = 0;
	if (a->again && send_again(front, a) == ERR_AGAIN)
		return ERR_AGAIN;
	front_send(front, &fence, -1);
	a->fence = fence.serial;
	restore->answer = a->next;
	return 1;
}

static int next(struct front *front)
{
	switch ((enum phase)front->restore.phase) {
	case PHASE_RESOURCES: return next_resource(front);
	case PHASE_UPLOADS: return next_upload(front);
	case PHASE_CONTEXTS: return next_context(front);
	case PHASE_JOURNALS: return next_journal(front);
	case PHASE_AGAIN: return next_again(front);
	default: return 0;
	}
}

static void tell(struct front *front)
{
	struct restore *restore = &front->restore;
	struct screen_message msg = { .type = SCREEN_RESET, .reset = { ++restore->count, restore->reason } };
	struct render_message last = { .type = RENDER_FENCE };

	front_send(front, &last, -1);
	restore->last = last.serial;
	log_info("worker replaced: %zu resources, %zu contexts, %u commands again", front->resources.count,
			front->contexts.count, front->answers.count);
	screen_send(front->screen, &msg, -1);
}

static void finish(struct front *front)
{
	front->restore.running = false;
	if (!front->restore.backings_only)
		tell(front);
	reads_restored(front);
	picture_restored(front);
	cursor_restored(front);
	front_look(front);
	vhost_resume(front->vhost);
}

void restore_step(struct front *front)
{
	struct restore *restore = &front->restore;

	while (restore->running && !renderer_full(front->renderer)) {
		int more = next(front);

		if (more < 0)
			return;
		if (more > 0)
			continue;
		restore->phase = restore->backings_only ? PHASE_END : restore->phase + 1;
		restore->at = 0;
		restore->half = false;
		restore->answer = front->answers.first;
		if (restore->phase >= PHASE_END)
			finish(front);
	}
}

void restore_fenced(struct front *front, uint32_t serial)
{
	struct restore *restore = &front->restore;

	if (!restore->last || serial != restore->last)
		return;
	restore->last = 0;
	restore->failures = 0;
	restore->passed_us = loop_now_us();
	log_info("the new worker is up to date %u ms after the last was lost",
			(unsigned)((restore->passed_us - restore->lost_us) / 1000));
}
