#include "limit.h"
#include "name.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	SECOND_US = 1000000,
};

struct entry {
	char name[NAME_CAP]; /* "": names that no account can have; unused while tries is 0 */
	int tries;
	uint64_t until_us; /* refused before */
	uint64_t last_us;
};

struct limit {
	struct entry entries[LIMIT_NAMES_MAX];
	uint64_t all_left_us; /* tries left for all, times SECOND_US / LIMIT_ALL_PER_S */
	uint64_t all_at_us;
};

static const uint64_t try_cost_us = SECOND_US / LIMIT_ALL_PER_S;

struct limit *limit_create(void)
{
	struct limit *limit = calloc(1, sizeof *limit);

	if (limit)
		limit->all_left_us = LIMIT_ALL_BURST * try_cost_us;
	return limit;
}

void limit_destroy(struct limit *limit)
{
	free(limit);
}

static const char *key(const char *name)
{
	return name_valid(name) ? name : "";
}

static struct entry *find(struct limit *limit, const char *name)
{
	for (int i = 0; i < LIMIT_NAMES_MAX; i++) {
		if (limit->entries[i].tries && strcasecmp(limit->entries[i].name, name) == 0)
			return &limit->entries[i];
	}
	return NULL;
}

static struct entry *make(struct limit *limit, const char *name)
{
	struct entry *entry = &limit->entries[0];

	for (int i = 1; i < LIMIT_NAMES_MAX && entry->tries; i++) {
		if (!limit->entries[i].tries || limit->entries[i].until_us < entry->until_us)
			entry = &limit->entries[i];
	}
	*entry = (struct entry){ 0 };
	strcpy(entry->name, name);
	return entry;
}

static uint64_t wait_us(int tries)
{
	int doubled = tries - LIMIT_FREE_TRIES;
	int wait_s = doubled < 0 ? 0 : doubled < 5 ? 1 << doubled : LIMIT_WAIT_MAX_S;

	return (uint64_t)wait_s * SECOND_US;
}

static void refill(struct limit *limit, uint64_t now_us)
{
	uint64_t left = limit->all_left_us + (now_us - limit->all_at_us);

	limit->all_left_us = left < LIMIT_ALL_BURST * try_cost_us ? left : LIMIT_ALL_BURST * try_cost_us;
	limit->all_at_us = now_us;
}

bool limit_take(struct limit *limit, const char *name, uint64_t now_us)
{
	struct entry *entry = find(limit, key(name));

	refill(limit, now_us);
	if (entry && now_us < entry->until_us)
		return false;
	if (limit->all_left_us < try_cost_us)
		return false;
	if (!entry)
		entry = make(limit, key(name));
	else if (now_us - entry->last_us > (uint64_t)LIMIT_FORGET_S * SECOND_US)
		entry->tries = 0;
	limit->all_left_us -= try_cost_us;
	entry->tries += entry->tries < 1000;
	entry->last_us = now_us;
	entry->until_us = now_us + wait_us(entry->tries);
	return true;
}

void limit_give_back(struct limit *limit, const char *name)
{
	struct entry *entry = find(limit, key(name));

	limit->all_left_us += try_cost_us;
	if (entry)
		entry->tries = 0;
}
