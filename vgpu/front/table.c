/* Open addressing with linear probing; a removed entry's followers move up, so there
 * are no grave stones. At most two thirds full. */
#include "table.h"
#include <stdlib.h>
#include <sys/random.h>

enum {
	SLOTS_MIN = 16,
};

static size_t place(const struct table *table, uint32_t id)
{
	static uint64_t key;

	while (!key) {
		if (getrandom(&key, sizeof key, 0) < 0)
			key = (uintptr_t)&key;
		key |= 1;
	}
	return (size_t)((id * key) >> 32) & (table->slot_count - 1);
}

static struct table_slot *find(const struct table *table, uint32_t id)
{
	size_t i = place(table, id);

	while (table->slots[i].id && table->slots[i].id != id)
		i = (i + 1) & (table->slot_count - 1);
	return &table->slots[i];
}

void table_finish(struct table *table)
{
	free(table->slots);
	*table = (struct table){ 0 };
}

void *table_get(const struct table *table, uint32_t id)
{
	/* An empty slot's value is NULL. */
	return table->slot_count && id ? find(table, id)->value : NULL;
}

static int grow(struct table *table)
{
	struct table larger = { .slot_count = table->slot_count ? 2 * table->slot_count : SLOTS_MIN };

	larger.slots = calloc(larger.slot_count, sizeof *larger.slots);
	if (!larger.slots)
		return ERR_MEMORY;
	for (size_t i = 0; i < table->slot_count; i++) {
		if (table->slots[i].id)
			*find(&larger, table->slots[i].id) = table->slots[i];
	}
	larger.count = table->count;
	free(table->slots);
	*table = larger;
	return 0;
}

int table_add(struct table *table, uint32_t id, void *value)
{
	if (3 * (table->count + 1) > 2 * table->slot_count && grow(table) < 0)
		return ERR_MEMORY;
	*find(table, id) = (struct table_slot){ id, value };
	table->count++;
	return 0;
}

void *table_remove(struct table *table, uint32_t id)
{
	size_t mask = table->slot_count - 1, hole, i;
	void *value = table_get(table, id);

	if (!value)
		return NULL;
	hole = i = (size_t)(find(table, id) - table->slots);
	while (table->slots[i = (i + 1) & mask].id) {
		/* Only what does not begin its search between the hole and itself may move. */
		size_t home = place(table, table->slots[i].id);

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			table->slots[hole] = table->slots[i];
			hole = i;
		}
	}
	table->slots[hole] = (struct table_slot){ 0 };
	table->count--;
	return value;
}

void *table_next(const struct table *table, size_t *at, uint32_t *id)
{
	while (*at < table->slot_count) {
		const struct table_slot *slot = &table->slots[(*at)++];

		if (slot->id) {
			if (id)
				*id = slot->id;
			return slot->value;
		}
	}
	return NULL;
}
