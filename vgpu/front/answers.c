#include "answers.h"
#include <stdlib.h>
#include <string.h>

void answers_init(struct answers *answers)
{
	*answers = (struct answers){ .last = &answers->first };
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
static void finish(struct answers *answers, struct answer **at, const struct memory *memory)
{
	struct answer *answer = *at;

	*at = answer->next;
	if (!*at)
		answers->last = at;
	answers->count--;
	give_header(answer, memory);
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

uint32_t answers_done(struct answers *answers, const struct memory *memory, uint32_t command,
		enum render_result result)
{
	struct answer **at = &answers->first;
	uint32_t created;

	while (*at && (*at)->command != command)
		at = &(*at)->next;
	if (!*at)
		return 0;
	(*at)->type = type_of(result);
	created = result == RENDER_OK ? 0 : (*at)->created;
	if (!(*at)->fence)
		finish(answers, at, memory);
	return created;
}

void answers_fenced(struct answers *answers, const struct memory *memory, uint32_t fence)
{
	struct answer **at = &answers->first;

	/* One fence stands for all before it. */
	while (*at) {
		if ((*at)->fence && (int32_t)(fence - (*at)->fence) >= 0)
			finish(answers, at, memory);
		else
			at = &(*at)->next;
	}
}

void answers_finish(struct answers *answers, const struct memory *memory)
{
	while (answers->first)
		finish(answers, &answers->first, memory);
}
