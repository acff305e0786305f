#include "restore_batches.h"
#include "front.h"
#include <base/log.h>
#include <stdlib.h>

enum {
	BATCH_MAX_WORDS = 1 << 17, /* 512 KiB; any command fits */
};

struct restore_batch {
	struct restore_batch *next;
	size_t count;
	uint32_t words[BATCH_MAX_WORDS];
};

struct maker {
	const struct front *front;
	const struct context *context;
	struct restore_batches *batches;
	struct restore_batch *open;
};

void restore_batches_finish(struct restore_batches *batches)
{
	while (batches->first) {
		struct restore_batch *batch = batches->first;

		batches->first = batch->next;
		free(batch);
	}
}

static bool has_resource(void *user, uint32_t resource)
{
	const struct maker *maker = user;

	return table_get(&maker->context->attached, resource) &&
			table_get(&maker->front->resources, resource);
}

static int emit(void *user, const uint32_t *words, size_t count)
{
	struct maker *maker = user;

	if (!maker->open || count > BATCH_MAX_WORDS - maker->open->count) {
		maker->open = malloc(sizeof *maker->open);
		if (!maker->open)
			return ERR_MEMORY;
		maker->open->next = NULL;
		maker->open->count = 0;
		*maker->batches->last = maker->open;
		maker->batches->last = &maker->open->next;
	}
	memcpy(maker->open->words + maker->open->count, words, count * sizeof *words);
	maker->open->count += count;
	return 0;
}

void restore_batches_make(struct front *front, struct restore_batches *batches, const struct context *context)
{
	static const struct journal_replay replay = { has_resource, emit };
	struct maker maker = { front, context, batches, NULL };
	int err;

	batches->first = NULL;
	batches->last = &batches->first;
	err = journal_replay(context->journal, &replay, &maker);
	if (err == 0)
		return;
	log_warn("context %u (%s) cannot be made again: %s", context->id, context->name, err_text(err));
	restore_batches_finish(batches);
}

int restore_batches_step(struct front *front, struct restore_batches *batches, const struct context *context)
{
	struct restore_batch *batch = batches->first;
	struct render_message msg = { .type = RENDER_SUBMIT, .flags = RENDER_WANT_DONE };
	uint32_t len;
	void *words;

	if (!batch)
		return 0;
	len = (uint32_t)(batch->count * sizeof *batch->words);
	words = renderer_arena_take(front->renderer, len, &msg.submit.arena_offset);
	if (!words)
		return ERR_AGAIN;
	memcpy(words, batch->words, len);
	msg.submit.context = context->id;
	msg.submit.len_bytes = len;
	front_send(front, &msg, -1);
	batches->first = batch->next;
	free(batch);
	return 1;
}
