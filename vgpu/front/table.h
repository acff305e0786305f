/* What the guest numbers: a map from its ids (never 0) to our structs, which are
 * borrowed. The ids are the guest's choice, so they are mixed with a random key, else
 * one could choose ids that all meet. Loop thread only. */
#ifndef FRONT_TABLE_H
#define FRONT_TABLE_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

struct table_slot {
	uint32_t id; /* 0: empty */
	void *value;
};

struct table {
	struct table_slot *slots;
	size_t slot_count; /* 0 or a power of two */
	size_t count;
};

/* An empty table is all zeroes. */
void table_finish(struct table *table);

/* NULL: no such id. */
void *table_get(const struct table *table, uint32_t id);

/* id is not 0 and not there yet. 0 or ERR_MEMORY. */
MUST_USE int table_add(struct table *table, uint32_t id, void *value);

/* Returns what was there, or NULL. */
void *table_remove(struct table *table, uint32_t id);

/* Goes through all, in no order: *at begins as 0; NULL at the end. Nothing may be added
 * or removed meanwhile. */
void *table_next(const struct table *table, size_t *at, uint32_t *id);

#endif
