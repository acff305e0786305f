#include "journal_parts.h"
#include <stdlib.h>
#include <string.h>

struct replayer {
	const struct journal_replay *replay;
	void *user;
	const struct sub *sub;
	int err;
	uint32_t command[VIRGL_LEN_MAX_WORDS + 1];
};

static void emit(struct replayer *r, const uint32_t *words, size_t count)
{
	if (r->err >= 0)
		r->err = r->replay->emit(r->user, words, count);
}

static void emit_short(
		struct replayer *r, enum virgl_command command, uint32_t word, uint32_t more, uint32_t len)
{
	const uint32_t words[] = { virgl_header(command, 0, len), word, more };

	emit(r, words, len + 1);
}

/* Objects that show a resource are gone with it. */
static bool can_exist(const struct replayer *r, const struct object *object)
{
	uint32_t resource = 0;

	switch (object->type) {
	case VIRGL_SAMPLER_VIEW:
	case VIRGL_SURFACE:
	case VIRGL_MSAA_SURFACE:
	case VIRGL_STREAMOUT_TARGET:
		if (object->count > 2)
			resource = object->words[2];
		break;
	case VIRGL_QUERY:
		if (object->count <= 4 || !object->words[4])
			return true; /* a query need not have one */
		resource = object->words[4];
		break;
	default: return true;
	}
	return r->replay->has_resource(r->user, resource);
}

/* A name that would make the renderer stop becomes "none". */
static void check_name(const struct replayer *r, enum journal_names names, uint32_t *name)
{
	const struct object *object;

	if (!*name || names == JOURNAL_NO_NAMES)
		return;
	if (names == JOURNAL_RESOURCES) {
		if (!r->replay->has_resource(r->user, *name))
			*name = 0;
		return;
	}
	object = table_get(&r->sub->objects, *name);
	if (!object || !can_exist(r, object))
		*name = 0;
}

/* A shader is made of several commands, which come one after the other. */
static void emit_object(struct replayer *r, const struct object *object)
{
	struct virgl_entry e;
	size_t at = 0;

	if (!can_exist(r, object))
		return;
	while (virgl_next(object->words, object->count, &at, &e) > 0)
		emit(r, e.words, e.len + 1);
}

/* Colour buffers of which none is left are what the renderer refuses. */
static bool nothing_to_draw_on(const struct replayer *r, uint32_t count)
{
	bool any = count <= 3;

	for (uint32_t i = 3; i < count; i++)
		any |= r->command[i] != 0;
	return !any;
}

static void emit_whole(struct replayer *r, const struct journal_state *s, const struct piece *piece)
{
	memcpy(r->command, piece->words, piece->count * sizeof *piece->words);
	for (uint32_t i = s->name_word; s->names && i < piece->count; i += s->name_step) {
		check_name(r, s->names, &r->command[i]);
		if (!s->name_step)
			break;
	}
	if ((piece->words[0] & 0xff) == VIRGL_SET_FRAMEBUFFER && nothing_to_draw_on(r, piece->count))
		return;
	emit(r, r->command, piece->count);
}

static void emit_slot(struct replayer *r, const struct journal_state *s, uint32_t command, uint32_t group,
		uint32_t slot, const struct piece *piece)
{
	uint32_t head = head_words(s);

	r->command[0] = virgl_header(command, 0, head - 1 + piece->count);
	r->command[s->group_word] = s->group_word ? group : r->command[0];
	r->command[s->slot_word] = slot;
	memcpy(r->command + head, piece->words, piece->count * sizeof *piece->words);
	check_name(r, s->names, &r->command[head + s->name_word]);
	emit(r, r->command, head + piece->count);
}

static void emit_state(struct replayer *r, uint32_t command)
{
	const struct journal_state *s = &journal_states[command];

	for (uint32_t group = 0; group < (s->groups ? s->groups : 1u); group++) {
		for (uint32_t slot = 0; slot < (s->slot_word ? s->slots : 1u); slot++) {
			const struct piece *piece =
					table_get(&r->sub->state, state_key(command, group, slot));

			if (piece && s->slot_word)
				emit_slot(r, s, command, group, slot, piece);
			else if (piece)
				emit_whole(r, s, piece);
		}
	}
}

/* A query that was being counted begins anew: what was counted is lost. One that ended
 * has counted nothing; asked for the result of one that never began the renderer would
 * let the guest wait for ever. */
static void emit_query(struct replayer *r, uint32_t handle, const struct object *query)
{
	if (query->type != VIRGL_QUERY || !can_exist(r, query))
		return;
	if (query->begun || query->ended)
		emit_short(r, VIRGL_BEGIN_QUERY, handle, 0, 1);
	if (query->ended)
		emit_short(r, VIRGL_END_QUERY, handle, 0, 1);
	if (query->wanted)
		emit_short(r, VIRGL_GET_QUERY_RESULT, handle, query->result_word, 2);
}

static void emit_sub(struct replayer *r, const struct sub *sub)
{
	const struct object *object;
	uint32_t handle;
	size_t at;

	r->sub = sub;
	if (sub->id)
		emit_short(r, VIRGL_CREATE_SUB_CONTEXT, sub->id, 0, 1);
	emit_short(r, VIRGL_SET_SUB_CONTEXT, sub->id, 0, 1);
	for (at = 0; (object = table_next(&sub->objects, &at, &handle));)
		emit_object(r, object);
	for (uint32_t command = 0; command < VIRGL_COMMANDS; command++) {
		if (journal_states[command].sets)
			emit_state(r, command);
	}
	for (at = 0; (object = table_next(&sub->objects, &at, &handle));)
		emit_query(r, handle, object);
}

int journal_replay(struct journal *journal, const struct journal_replay *replay, void *user)
{
	struct replayer *r;
	const struct sub *sub;
	int err;

	if (journal->too_much)
		return ERR_SPACE;
	r = calloc(1, sizeof *r);
	if (!r)
		return ERR_MEMORY;
	r->replay = replay;
	r->user = user;
	for (size_t at = 0; (sub = table_next(&journal->subs, &at, &(uint32_t){ 0 }));)
		emit_sub(r, sub);
	emit_short(r, VIRGL_SET_SUB_CONTEXT, journal->current->id, 0, 1);
	err = r->err;
	free(r);
	return err < 0 ? err : 0;
}
