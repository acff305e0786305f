#include "answers.h"
#include <stdlib.h>
#include <string.h>

void answers_init(struct answers *answers, const struct memory *memory, const struct answers_ops *ops,
		void *user)
{
	*answers = (struct answers){ .memory = memory, .ops = ops, .user = user, .last = &answers->first };
}

static size_t batch_bytes(const struct answer *answer)
{
	return answer->batch ? answer->batch_words * sizeof *answer->batch : 0;
}

static void drop_batch(struct answers *answers, struct answer *answer)
{
	answers->batch_bytes -= batch_bytes(answer);
	free(answer->batch);
	answer->batch = NULL;
}

int answers_add(struct answers *answers, const struct answer *answer)
{
	struct answer *copy = malloc(sizeof *copy);

	if (!copy)
		return ERR_MEMORY;
	*copy = *answer;
	copy->next = NULL;
	*answers->last = copy;
	answers->last = &copy->next;
	answers->count++;
	answers->batch_bytes += batch_bytes(copy);
	return 0;
}

void answer_give(const struct answer *answer, const struct memory *memory, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;
	uint32_t written = 0;

	for (uint32_t i = 0; i < answer->in_count && len; i++) {
		const struct queue_part *part = &answer->in[i];
		size_t n = part->len_bytes < len ? part->len_bytes : len;
		uint8_t *to = memory_at(memory, part->guest_addr, n);

		if (!to)
			break;
		memcpy(to, from, n);
		from += n;
		len -= n;
		written += (uint32_t)n;
	}
	if (answer->quiet)
		queue_push_quietly(answer->queue, answer->head, written);
	else
		queue_push(answer->queue, answer->head, written);
}

static void give_header(const struct answer *answer, const struct memory *memory)
{
	uint8_t bytes[VIRTIO_GPU_HEADER_BYTES];
	struct writer w = writer_init(bytes, sizeof bytes);

	virtio_gpu_answer_write(&w, &answer->to, answer->type);
	answer_give(answer, memory, bytes, sizeof bytes);
}

/* Removes what *at points to from the list and hands it back. */
static void finish(struct answers *answers, struct answer **at)
{
	struct answer *answer = *at;

	*at = answer->next;
	if (!*at)
		answers->last = at;
	answers->count--;
	give_header(answer, answers->memory);
	drop_batch(answers, answer);
	free(answer);
}

static enum virtio_gpu_type type_of(enum render_result result)
{
	switch (result) {
	case RENDER_OK: return VIRTIO_GPU_OK;
	case RENDER_OUT_OF_MEMORY: return VIRTIO_GPU_ERR_OUT_OF_MEMORY;
	case RENDER_INVALID: return VIRTIO_GPU_ERR_PARAMETER;
	default: return VIRTIO_GPU_ERR_UNSPECIFIED;
	}
}

/* What it made is the journal's now. */
static void settle(struct answers *answers, struct answer *answer)
{
	if (answer->batch)
		answers->ops->batch(answers->user, answer);
	drop_batch(answers, answer);
	answer->again = 0;
}

/* All up to this serial are carried out. */
static void carried_out(struct answers *answers, uint32_t serial)
{
	for (struct answer *a = answers->first; a; a = a->next) {
		bool unsent = a->again && !a->command; /* to this worker, so far */

		if (unsent || (a->command && (int32_t)(serial - a->command) < 0))
			return;
		settle(answers, a);
	}
}

/* The newest that is to come of those asked for before it; 0: none. */
static uint32_t fence_before(const struct answers *answers, const struct answer *answer)
{
	uint32_t fence = 0;

	for (const struct answer *a = answers->first; a != answer; a = a->next)
		fence = a->fence ? a->fence : fence;
	return fence;
}

void answers_done(struct answers *answers, uint32_t command, enum render_result result)
{
	struct answer **at = &answers->first;

	while (*at && (*at)->command != command)
		at = &(*at)->next;
	if (!*at)
		return;
	(*at)->type = type_of(result);
	if (result != RENDER_OK && (*at)->creates)
		answers->ops->not_created(answers->user, *at);
	/* Batches before it may be sent again, and need what it detaches. */
	if ((*at)->again == RENDER_CONTEXT_DETACH && !(*at)->fence)
		(*at)->fence = fence_before(answers, *at);
	if (!(*at)->fence)
		finish(answers, at);
}

void answers_fenced(struct answers *answers, uint32_t fence)
{
	struct answer **at = &answers->first;

	carried_out(answers, fence);
	/* One fence stands for all before it. */
	while (*at) {
		if ((*at)->fence && (int32_t)(fence - (*at)->fence) >= 0)
			finish(answers, at);
		else
			at = &(*at)->next;
	}
}

void answers_lost(struct answers *answers)
{
	for (struct answer *a = answers->first; a; a = a->next)
		a->command = a->fence = 0;
}

void answers_settle(struct answers *answers)
{
	for (struct answer *a = answers->first; a; a = a->next) {
		if (a->again == RENDER_SUBMIT)
			settle(answers, a);
	}
}

void answers_finish(struct answers *answers)
{
	while (answers->first)
		finish(answers, &answers->first);
}
