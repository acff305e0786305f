/* A split virtqueue, seen from the device (VIRTIO 1.2, 2.7): the driver makes chains of
 * buffers available, the device takes them, and gives them back used. With indirect
 * tables and EVENT_IDX. The guest may write into the rings at any time and anything:
 * each word is read once; a chain has bounded length, so a loop ends; an index out of
 * bounds breaks the queue, which then rests until it is set up anew. Loop thread only. */
#ifndef FRONT_QUEUE_H
#define FRONT_QUEUE_H

#include "memory.h"

enum {
	QUEUE_SIZE_MAX = 1024,
	/* Of one chain. Linux makes a part of each page of a list or batch: 4 MiB and
	 * the command and the answer. */
	QUEUE_PARTS_MAX = 1024 + 64,
	/* Buffers for an answer that count; drivers use one. */
	QUEUE_ANSWER_PARTS_MAX = 4,
};

struct queue_part {
	uint64_t guest_addr;
	uint32_t len_bytes;
};

/* One chain: what the driver says (out) and where it wants the answer (in). */
struct queue_chain {
	uint16_t head;
	uint32_t out_count, in_count;
	struct queue_part out[QUEUE_PARTS_MAX];
	struct queue_part in[QUEUE_ANSWER_PARTS_MAX];
};

struct queue {
	/* Set up by QEMU. The pointers are into guest memory. */
	uint16_t size; /* a power of two */
	uint64_t desc_user, avail_user, used_user;
	const uint8_t *desc, *avail;
	uint8_t *used;
	bool event_idx, enabled;
	int kick_fd, call_fd; /* owned, -1: none */
	/* Where it is. */
	uint16_t next_avail, next_used, signalled;
	bool signalled_valid, broken;
	uint16_t untold; /* chains handed back since the driver was told */
};

void queue_init(struct queue *queue);
void queue_finish(struct queue *queue);

/* Looks up the rings in guest memory: after their addresses or the memory changed. From
 * then the queue can run, if that is 0; ERR_FORMAT when they are not in guest memory or
 * not aligned. What the driver is yet to be told of stays so. */
MUST_USE int queue_map(struct queue *queue, const struct memory *memory);

/* The rings are nowhere until queue_map: nothing is taken, handed back or told. */
void queue_unmap(struct queue *queue);

/* Takes a chain's buffers for now. 1; 0 when there is none (the driver is asked to
 * kick for the next); ERR_FORMAT when the queue is broken. */
MUST_USE int queue_pop(struct queue *queue, const struct memory *memory, struct queue_chain *chain);

/* Gives back the chain that was taken last, as if it had not been. */
void queue_unpop(struct queue *queue);

/* Hands a chain back with that many bytes written, and tells the driver if it wants
 * to know. Nothing when the rings are gone. */
void queue_push(struct queue *queue, uint16_t head, uint32_t written_bytes);

/* The same of a chain that nobody waits for: the driver is told of it with a later one,
 * when there are many, or by queue_tell, which has to come. */
void queue_push_quietly(struct queue *queue, uint16_t head, uint32_t written_bytes);
void queue_tell(struct queue *queue);

/* All bytes of the chain's out part. */
uint64_t queue_chain_out_bytes(const struct queue_chain *chain);

/* Whether all of the out part is in guest memory. */
bool queue_chain_in_memory(const struct queue_chain *chain, const struct memory *memory);

/* Copies len bytes from offset of the out part. Returns 0; ERR_FORMAT when they are not
 * there or not in guest memory. */
MUST_USE int queue_chain_copy(const struct queue_chain *chain, const struct memory *memory, uint64_t offset,
		void *dst, size_t len);

#endif
