/* Commands that the guest waits for: chains that go back once the worker has carried
 * out the command, or, if the guest put a fence on it, has drawn everything up to it.
 * A batch has a fence in any case: until it is drawn it may be sent again.
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
	bool quiet;                /* nobody waits for it; the driver is told of it by and by */
	bool creates;              /* a resource or context, which is not there if this fails */
	/* What is sent again to the next worker if this one is lost before; else the next
	 * one knows without. */
	enum render_type again;          /* SUBMIT, CONTEXT_DETACH, TRANSFER_FROM; 0: nothing */
	uint32_t resource;               /* of CONTEXT_DETACH, and what creates one */
	uint32_t context_command;        /* of SUBMIT and CONTEXT_DETACH: serial of the context's creation */
	struct render_transfer transfer; /* of TRANSFER_FROM */
	uint32_t *batch;                 /* of SUBMIT: owned; NULL without memory */
	uint32_t batch_words;
	uint64_t sent_us; /* the batch; CLOCK_MONOTONIC */
};

struct answers_ops {
	/* A batch was drawn, or carried out if nobody waits for the drawing; in order. */
	void (*batch)(void *user, const struct answer *answer);
	/* What it should make is not there after all. */
	void (*not_created)(void *user, const struct answer *answer);
};

struct answers {
	const struct memory *memory; /* borrowed */
	const struct answers_ops *ops;
	void *user;
	struct answer *first, **last;
	unsigned count;
	size_t batch_bytes; /* of all batches that are kept */
};

/* ops and memory are borrowed for ever. */
void answers_init(struct answers *answers, const struct memory *memory, const struct answers_ops *ops,
		void *user);

/* A copy of answer waits, which owns batch then. 0 or ERR_MEMORY. */
MUST_USE int answers_add(struct answers *answers, const struct answer *answer);

/* The worker answered a command. */
void answers_done(struct answers *answers, uint32_t command, enum render_result result);

/* Everything before that fence is drawn. */
void answers_fenced(struct answers *answers, uint32_t fence);

/* The worker is lost: nothing is answered until command and fence are set anew. */
void answers_lost(struct answers *answers);

/* Batches under way are not sent again: what they make is the journals' at once. */
void answers_settle(struct answers *answers);

/* All go back as they are. */
void answers_finish(struct answers *answers);

/* Hands a chain back with these bytes, as many of them as there is room for. */
void answer_give(const struct answer *answer, const struct memory *memory, const void *bytes, size_t len);

#endif
