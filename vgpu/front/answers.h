/* Commands that the guest waits for: chains that go back once the worker has carried
 * out the command, or, if the guest put a fence on it, has drawn everything up to it.
 * Fences are answered in order whatever the command came to, because a driver takes one
 * for all before it. Loop thread only. */
#ifndef FRONT_ANSWERS_H
#define FRONT_ANSWERS_H

#include "memory.h"
#include "queue.h"
#include <proto/render.h>
#include <proto/virtio_gpu.h>

struct answer {
	struct answer *next;
	struct queue *queue; /* borrowed */
	uint16_t head;
	uint32_t in_count;
	struct queue_part in[QUEUE_ANSWER_PARTS_MAX];
	struct virtio_gpu_header to;
	enum virtio_gpu_type type; /* VIRTIO_GPU_OK until the worker says otherwise */
	uint32_t command;          /* serial of what was sent for it; 0: nothing */
	uint32_t fence;            /* serial of its RENDER_FENCE; 0: it goes back when the command is done */
	uint32_t created;          /* resource that is not there if this fails; 0: none */
};

struct answers {
	struct answer *first, **last;
	unsigned count;
};

void answers_init(struct answers *answers);

/* A copy of answer waits. 0 or ERR_MEMORY. */
MUST_USE int answers_add(struct answers *answers, const struct answer *answer);

/* The worker answered a command. Returns the resource that is not there after all, or 0. */
uint32_t answers_done(struct answers *answers, const struct memory *memory, uint32_t command,
		enum render_result result);

/* Everything before that fence is drawn. */
void answers_fenced(struct answers *answers, const struct memory *memory, uint32_t fence);

/* The worker is lost: all go back as they are. */
void answers_finish(struct answers *answers, const struct memory *memory);

/* Hands a chain back with these bytes, as many of them as there is room for. */
void answer_give(const struct answer *answer, const struct memory *memory, const void *bytes, size_t len);

#endif
