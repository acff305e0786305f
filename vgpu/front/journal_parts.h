/* What a journal consists of: for journal.c, which gathers it, and journal_replay.c. */
#ifndef FRONT_JOURNAL_PARTS_H
#define FRONT_JOURNAL_PARTS_H

#include "journal.h"
#include "journal_state.h"
#include "table.h"

enum {
	SLOT_BITS = 8,
	GROUP_BITS = 8,
};

/* A command, or an element of one. */
struct piece {
	uint32_t count;
	uint32_t words[];
};

struct object {
	uint8_t type;
	bool begun;  /* of a query */
	bool ended;  /* it counted once, so its result may be asked for */
	bool wanted; /* its result was asked for and may not have come */
	uint32_t result_word;
	uint32_t count;    /* words of the commands that made it, one after the other */
	uint32_t capacity; /* words that there is room for */
	uint32_t *words;
};

/* A sub-context: objects and state of its own. */
struct sub {
	uint32_t id;
	struct table objects;
	struct table state; /* struct piece by state_key */
	bool drawn;         /* into this framebuffer, by this batch */
};

struct journal {
	struct table subs; /* by id + 1 */
	struct sub *current;
	size_t bytes;
	struct journal_budget *budget;
	bool too_much;
};

static inline uint32_t state_key(uint32_t command, uint32_t group, uint32_t slot)
{
	return command << (GROUP_BITS + SLOT_BITS) | group << SLOT_BITS | slot;
}

/* Words before the elements. */
static inline uint32_t head_words(const struct journal_state *s)
{
	return (s->slot_word > s->group_word ? s->slot_word : s->group_word) + 1u;
}

#endif
