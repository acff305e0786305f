#include "queue.h"
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum {
	DESC_BYTES = 16,
	DESC_NEXT = 1,
	DESC_WRITE = 2,
	DESC_INDIRECT = 4,
	AVAIL_NO_INTERRUPT = 1,
	RING_AT = 4, /* of avail and used: after flags and index */
	USED_ENTRY_BYTES = 8,
	UNTOLD_PART = 4, /* of a queue: a quarter, then the driver is told */
};

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

/* The rings are shared with the guest's processors. All words are aligned. */
static uint16_t load_u16(const uint8_t *at)
{
	return atomic_load_explicit((const _Atomic uint16_t *)at, memory_order_acquire);
}

static void store_shared_u16(uint8_t *at, uint16_t v)
{
	atomic_store_explicit((_Atomic uint16_t *)at, v, memory_order_release);
}

static void store_shared_u32(uint8_t *at, uint32_t v)
{
	atomic_store_explicit((_Atomic uint32_t *)at, v, memory_order_relaxed);
}

void queue_init(struct queue *queue)
{
	*queue = (struct queue){ .kick_fd = -1, .call_fd = -1 };
}

void queue_finish(struct queue *queue)
{
	if (queue->kick_fd >= 0)
		close(queue->kick_fd);
	if (queue->call_fd >= 0)
		close(queue->call_fd);
	queue_init(queue);
}

void queue_unmap(struct queue *queue)
{
	queue->desc = queue->avail = queue->used = NULL;
}

static bool mapped(const struct queue *queue)
{
	return queue->desc && queue->avail && queue->used;
}

static bool aligned(const uint8_t *at, uintptr_t to)
{
	return (uintptr_t)at % to == 0;
}

int queue_map(struct queue *queue, const struct memory *memory)
{
	uint64_t n = queue->size;

	queue->desc = memory_at_user(memory, queue->desc_user, DESC_BYTES * n);
	queue->avail = memory_at_user(memory, queue->avail_user, RING_AT + 2 * n + 2);
	queue->used = memory_at_user(memory, queue->used_user, RING_AT + USED_ENTRY_BYTES * n + 2);
	if (n == 0 || !mapped(queue) || !aligned(queue->avail, 2) || !aligned(queue->used, 4)) {
		queue_unmap(queue);
		return ERR_FORMAT;
	}
	queue->next_used = load_u16(queue->used + 2);
	queue->signalled_valid = false;
	queue->broken = false;
	return 0;
}

static const uint8_t *used_event(const struct queue *queue)
{
	return queue->avail + RING_AT + 2 * (size_t)queue->size;
}

static uint8_t *avail_event(const struct queue *queue)
{
	return queue->used + RING_AT + USED_ENTRY_BYTES * (size_t)queue->size;
}

/* One copy, so that what is checked is what is used. */
static struct desc load_desc(const uint8_t *table, uint32_t index)
{
	const volatile uint8_t *from = table + DESC_BYTES * (size_t)index;
	uint8_t bytes[DESC_BYTES];
	struct desc d;

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = from[i];
	memcpy(&d.addr, bytes, 8);
	memcpy(&d.len, bytes + 8, 4);
	memcpy(&d.flags, bytes + 12, 2);
	memcpy(&d.next, bytes + 14, 2);
	return d;
}

static bool add_part(struct queue_chain *chain, const struct desc *d)
{
	struct queue_part part = { d->addr, d->len };

	if (d->flags & DESC_WRITE) {
		/* What an answer does not need may be left out. */
		if (chain->in_count < QUEUE_ANSWER_PARTS_MAX)
			chain->in[chain->in_count++] = part;
		return true;
	}
	if (chain->out_count == QUEUE_PARTS_MAX || chain->in_count)
		return false; /* VIRTIO 1.2, 2.7.4.2: what the device reads goes first */
	chain->out[chain->out_count++] = part;
	return true;
}

/* Follows a chain in a table of count descriptors. As it may have as many parts as the
 * table has descriptors, one that is longer goes in circles. */
static int walk(const uint8_t *table, uint32_t count, uint32_t index, struct queue_chain *chain,
		struct desc *indirect)
{
	for (uint32_t steps = 0; steps < count; steps++) {
		struct desc d;

		if (index >= count)
			return ERR_FORMAT;
		d = load_desc(table, index);
		if (d.flags & DESC_INDIRECT) {
			/* 2.7.5.3.1: no table in a table, and none beside NEXT. */
			if (!indirect || steps || d.flags & (DESC_NEXT | DESC_WRITE))
				return ERR_FORMAT;
			*indirect = d;
			return 0;
		}
		if (!add_part(chain, &d))
			return ERR_FORMAT;
		if (!(d.flags & DESC_NEXT))
			return 0;
		index = d.next;
	}
	return ERR_FORMAT;
}

static int load_chain(const struct queue *queue, const struct memory *memory, struct queue_chain *chain)
{
	struct desc indirect = { 0 };
	const uint8_t *table;
	int err;

	chain->out_count = chain->in_count = 0;
	err = walk(queue->desc, queue->size, chain->head, chain, &indirect);
	if (err < 0 || !(indirect.flags & DESC_INDIRECT))
		return err;
	if (indirect.len % DESC_BYTES || indirect.len / DESC_BYTES > QUEUE_PARTS_MAX)
		return ERR_FORMAT;
	table = memory_at(memory, indirect.addr, indirect.len);
	return table ? walk(table, indirect.len / DESC_BYTES, 0, chain, NULL) : ERR_FORMAT;
}

/* Whether there is a chain. If not, the driver is asked for a kick, and as it may have
 * added one before it could see that, looked again. */
static bool any_available(struct queue *queue)
{
	if (load_u16(queue->avail + 2) != queue->next_avail)
		return true;
	if (!queue->event_idx)
		return false;
	store_shared_u16(avail_event(queue), queue->next_avail);
	atomic_thread_fence(memory_order_seq_cst);
	return load_u16(queue->avail + 2) != queue->next_avail;
}

int queue_pop(struct queue *queue, const struct memory *memory, struct queue_chain *chain)
{
	uint16_t waiting;

	if (!mapped(queue) || queue->broken)
		return queue->broken ? ERR_FORMAT : 0;
	if (!any_available(queue))
		return 0;
	waiting = (uint16_t)(load_u16(queue->avail + 2) - queue->next_avail);
	chain->head = load_u16(queue->avail + RING_AT + 2 * (size_t)(queue->next_avail % queue->size));
	if (waiting > queue->size || load_chain(queue, memory, chain) < 0) {
		queue->broken = true;
		return ERR_FORMAT;
	}
	queue->next_avail++;
	return 1;
}

void queue_unpop(struct queue *queue)
{
	queue->next_avail--;
}

/* VIRTIO 1.2, 2.7.7.2: has the driver's mark been passed since it was last told? */
static bool wants_signal(struct queue *queue)
{
	uint16_t before = queue->signalled, now = queue->next_used;
	bool first = !queue->signalled_valid;

	queue->signalled = now;
	queue->signalled_valid = true;
	atomic_thread_fence(memory_order_seq_cst);
	if (!queue->event_idx)
		return !(load_u16(queue->avail) & AVAIL_NO_INTERRUPT);
	return first || (uint16_t)(now - load_u16(used_event(queue)) - 1) < (uint16_t)(now - before);
}

static bool put(struct queue *queue, uint16_t head, uint32_t written_bytes)
{
	uint8_t *entry;

	if (!mapped(queue))
		return false;
	entry = queue->used + RING_AT + USED_ENTRY_BYTES * (size_t)(queue->next_used % queue->size);
	store_shared_u32(entry, head);
	store_shared_u32(entry + 4, written_bytes);
	store_shared_u16(queue->used + 2, ++queue->next_used);
	queue->untold++;
	return true;
}

void queue_tell(struct queue *queue)
{
	static const uint64_t one = 1;

	if (!mapped(queue) || !queue->untold)
		return;
	queue->untold = 0;
	/* A full eventfd means that the driver has yet to look, which is as good. */
	if (wants_signal(queue) && queue->call_fd >= 0)
		(void)!write(queue->call_fd, &one, sizeof one);
}

void queue_push(struct queue *queue, uint16_t head, uint32_t written_bytes)
{
	if (put(queue, head, written_bytes))
		queue_tell(queue);
}

void queue_push_quietly(struct queue *queue, uint16_t head, uint32_t written_bytes)
{
	if (put(queue, head, written_bytes) && queue->untold >= queue->size / UNTOLD_PART)
		queue_tell(queue);
}

bool queue_chain_in_memory(const struct queue_chain *chain, const struct memory *memory)
{
	for (uint32_t i = 0; i < chain->out_count; i++) {
		const struct queue_part *part = &chain->out[i];

		if (part->len_bytes && !memory_at(memory, part->guest_addr, part->len_bytes))
			return false;
	}
	return true;
}

uint64_t queue_chain_out_bytes(const struct queue_chain *chain)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < chain->out_count; i++)
		sum += chain->out[i].len_bytes;
	return sum;
}

int queue_chain_copy(const struct queue_chain *chain, const struct memory *memory, uint64_t offset, void *dst,
		size_t len)
{
	uint8_t *to = dst;

	for (uint32_t i = 0; i < chain->out_count && len; i++) {
		const struct queue_part *part = &chain->out[i];
		const uint8_t *from;
		size_t n;

		if (offset >= part->len_bytes) {
			offset -= part->len_bytes;
			continue;
		}
		n = part->len_bytes - offset < len ? part->len_bytes - offset : len;
		from = memory_at(memory, part->guest_addr, part->len_bytes);
		if (!from)
			return ERR_FORMAT;
		memcpy(to, from + offset, n);
		to += n;
		len -= n;
		offset = 0;
	}
	return len ? ERR_FORMAT : 0;
}
