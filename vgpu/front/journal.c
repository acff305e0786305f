#include "journal_parts.h"
#include <stdlib.h>
#include <string.h>

enum {
	SHADER_CONTINUED = 1u << 31, /* of word 3: more text for a shader that is there */
};

static void take(struct journal *j, size_t bytes)
{
	j->bytes += bytes;
	j->budget->used_bytes += bytes;
}

static void give(struct journal *j, size_t bytes)
{
	j->bytes -= bytes;
	j->budget->used_bytes -= bytes;
}

static void drop_object(struct journal *j, struct object *object)
{
	if (!object)
		return;
	give(j, sizeof *object + object->capacity * sizeof *object->words);
	free(object->words);
	free(object);
}

static void drop_piece(struct journal *j, struct piece *piece)
{
	if (piece)
		give(j, sizeof *piece + piece->count * sizeof *piece->words);
	free(piece);
}

static void drop_sub(struct journal *j, struct sub *sub)
{
	void *value;
	size_t at;

	for (at = 0; (value = table_next(&sub->objects, &at, &(uint32_t){ 0 }));)
		drop_object(j, value);
	for (at = 0; (value = table_next(&sub->state, &at, &(uint32_t){ 0 }));)
		drop_piece(j, value);
	table_finish(&sub->objects);
	table_finish(&sub->state);
	give(j, sizeof *sub);
	free(sub);
}

/* Nothing is kept from here on. */
static void give_up(struct journal *j)
{
	struct sub *sub;

	j->too_much = true;
	for (size_t at = 0; (sub = table_next(&j->subs, &at, &(uint32_t){ 0 }));)
		drop_sub(j, sub);
	table_finish(&j->subs);
	j->subs = (struct table){ 0 };
	j->current = NULL;
}

static bool may_grow(struct journal *j, size_t bytes)
{
	if (j->bytes + bytes <= JOURNAL_BYTES_MAX && j->budget->used_bytes + bytes <= JOURNALS_BYTES_MAX) {
		take(j, bytes);
		return true;
	}
	give_up(j);
	return false;
}

static struct sub *add_sub(struct journal *j, uint32_t id)
{
	struct sub *sub = id < UINT32_MAX && j->subs.count < JOURNAL_SUBS_MAX ? calloc(1, sizeof *sub) : NULL;

	if (!sub || table_add(&j->subs, id + 1, sub) < 0) {
		free(sub);
		return NULL;
	}
	take(j, sizeof *sub);
	sub->id = id;
	return sub;
}

struct journal *journal_create(struct journal_budget *budget)
{
	struct journal *j = calloc(1, sizeof *j);

	if (j) {
		j->budget = budget;
		j->current = add_sub(j, 0);
	}
	if (!j || !j->current) {
		free(j);
		return NULL;
	}
	return j;
}

void journal_destroy(struct journal *journal)
{
	if (!journal)
		return;
	give_up(journal);
	free(journal);
}

size_t journal_bytes(const struct journal *journal)
{
	return journal->bytes;
}

/* Sub-contexts. */

static void create_sub(struct journal *j, uint32_t id)
{
	if (id < UINT32_MAX && table_get(&j->subs, id + 1))
		return; /* the renderer leaves it as it is */
	if (!add_sub(j, id))
		give_up(j);
}

static void destroy_sub(struct journal *j, uint32_t id)
{
	struct sub *sub;

	if (id == 0 || id == UINT32_MAX)
		return; /* the first one stays as long as the context */
	sub = table_remove(&j->subs, id + 1);
	if (!sub)
		return;
	if (sub == j->current)
		j->current = table_get(&j->subs, 1);
	drop_sub(j, sub);
}

static void set_sub(struct journal *j, uint32_t id)
{
	struct sub *sub = id < UINT32_MAX ? table_get(&j->subs, id + 1) : NULL;

	if (sub)
		j->current = sub;
}

/* Objects. */

static void remove_object(struct journal *j, uint32_t handle)
{
	drop_object(j, table_remove(&j->current->objects, handle));
}

/* Twice as much as before, since a shader may come in a great many parts. */
static bool make_room(struct journal *j, struct object *object, uint32_t count)
{
	uint32_t capacity = object->count + count;
	uint32_t *words;
	size_t more;

	if (capacity <= object->capacity)
		return true;
	if (capacity < 2 * object->capacity)
		capacity = 2 * object->capacity;
	more = (capacity - object->capacity) * sizeof *words;
	if (!may_grow(j, more))
		return false; /* and the object is gone with all others */
	words = realloc(object->words, capacity * sizeof *words);
	if (!words) {
		give(j, more);
		give_up(j);
		return false;
	}
	object->words = words;
	object->capacity = capacity;
	return true;
}

static void append_words(struct journal *j, struct object *object, const struct virgl_entry *e)
{
	uint32_t count = e->len + 1;

	if (!make_room(j, object, count))
		return;
	memcpy(object->words + object->count, e->words, count * sizeof *object->words);
	object->count += count;
}

static void create_object(struct journal *j, const struct virgl_entry *e)
{
	uint32_t handle = e->len ? e->words[1] : 0;
	struct object *object;

	if (!handle || !e->object || e->object >= VIRGL_OBJECTS)
		return;
	object = table_get(&j->current->objects, handle);
	if (e->object == VIRGL_SHADER && e->len >= 3 && (e->words[3] & SHADER_CONTINUED)) {
		if (object)
			append_words(j, object, e);
		return;
	}
	remove_object(j, handle);
	if (!may_grow(j, sizeof *object))
		return;
	object = calloc(1, sizeof *object);
	if (!object || table_add(&j->current->objects, handle, object) < 0) {
		free(object);
		give(j, sizeof *object);
		give_up(j);
		return;
	}
	object->type = e->object;
	append_words(j, object, e);
}

static struct object *find_query(struct journal *j, const struct virgl_entry *e)
{
	struct object *object = e->len ? table_get(&j->current->objects, e->words[1]) : NULL;

	return object && object->type == VIRGL_QUERY ? object : NULL;
}

static void follow_query(struct journal *j, const struct virgl_entry *e)
{
	struct object *query = find_query(j, e);

	if (!query)
		return;
	if (e->command == VIRGL_GET_QUERY_RESULT) {
		query->wanted = e->len >= 2;
		query->result_word = e->len >= 2 ? e->words[2] : 0;
	} else {
		query->begun = e->command == VIRGL_BEGIN_QUERY;
		query->ended = !query->begun;
		query->wanted = false;
	}
}

/* State. */

static void remove_state(struct journal *j, uint32_t key)
{
	drop_piece(j, table_remove(&j->current->state, key));
}

static void keep_state(struct journal *j, uint32_t key, const uint32_t *words, uint32_t count)
{
	struct piece *piece = table_get(&j->current->state, key);

	/* Most set the same again, with other values. */
	if (!piece || piece->count != count) {
		remove_state(j, key);
		if (!may_grow(j, sizeof *piece + count * sizeof *words))
			return;
		piece = malloc(sizeof *piece + count * sizeof *words);
		if (!piece || table_add(&j->current->state, key, piece) < 0) {
			free(piece);
			give(j, sizeof *piece + count * sizeof *words);
			give_up(j);
			return;
		}
		piece->count = count;
	}
	memcpy(piece->words, words, count * sizeof *words);
}

static uint32_t group_of(const struct journal_state *s, const struct virgl_entry *e)
{
	if (e->command == VIRGL_BIND_OBJECT)
		return e->object;
	return s->group_word ? e->words[s->group_word] : 0;
}

static void keep_slots(
		struct journal *j, const struct journal_state *s, const struct virgl_entry *e, uint32_t group)
{
	uint32_t slot = e->words[s->slot_word], head = head_words(s);
	uint32_t count = (e->len + 1 - head) / s->element_words;

	if (slot > s->slots || count > s->slots - slot)
		return; /* the renderer refuses it */
	for (uint32_t i = 0; i < count && !j->too_much; i++)
		keep_state(j, state_key(e->command, group, slot + i), e->words + head + i * s->element_words,
				s->element_words);
	for (uint32_t i = slot + count; s->ends_run && i < s->slots && !j->too_much; i++)
		remove_state(j, state_key(e->command, group, i));
}

static void follow_state(struct journal *j, const struct journal_state *s, const struct virgl_entry *e)
{
	uint32_t group;

	if (e->len + 1 < head_words(s) || (s->len_max && e->len > s->len_max))
		return;
	if (e->command == VIRGL_SET_FRAMEBUFFER)
		j->current->drawn = false;
	group = group_of(s, e);
	if (group >= (s->groups ? s->groups : 1u))
		return;
	if (s->slot_word)
		keep_slots(j, s, e, group);
	else
		keep_state(j, state_key(e->command, group, 0), e->words, e->len + 1);
}

/* Uploads. */

static void follow_upload(const struct virgl_entry *e, const struct journal_uploads *uploads, void *user)
{
	const uint32_t *more = e->words + VIRGL_UPLOAD_WORDS + 1;
	struct virgl_upload upload;

	if (e->len < VIRGL_UPLOAD_WORDS)
		return;
	upload = virgl_upload(e);
	if (e->command == VIRGL_INLINE_WRITE) {
		uploads->inline_write(user, &upload, more, (e->len - VIRGL_UPLOAD_WORDS) * sizeof *more);
	} else if (e->command == VIRGL_TRANSFER && e->len >= VIRGL_UPLOAD_WORDS + 2) {
		/* words: offset, direction */
		if (more[1] == VIRGL_TRANSFER_TO_HOST)
			uploads->transfer(user, &upload, more[0]);
	} else if (e->command == VIRGL_COPY_TRANSFER && e->len == VIRGL_UPLOAD_WORDS + 3) {
		/* words: source, offset, flags of which bit 1 turns it round */
		if (!(more[2] & 2))
			uploads->copy_transfer(user, &upload, more[0], more[1]);
	}
}

/* Drawing. */

static void tell_surface(
		const struct sub *sub, uint32_t handle, const struct journal_uploads *uploads, void *user)
{
	const struct object *surface = handle ? table_get(&sub->objects, handle) : NULL;

	if (surface && (surface->type == VIRGL_SURFACE || surface->type == VIRGL_MSAA_SURFACE) &&
			surface->count > 4)
		uploads->drawn(user, surface->words[2], surface->words[4]);
}

/* Once for a framebuffer and batch: there may be thousands of draws. */
static void follow_draw(struct journal *j, const struct journal_uploads *uploads, void *user)
{
	const struct piece *framebuffer;

	if (j->current->drawn)
		return;
	j->current->drawn = true;
	framebuffer = table_get(&j->current->state, state_key(VIRGL_SET_FRAMEBUFFER, 0, 0));
	for (uint32_t i = 3; framebuffer && i < framebuffer->count; i++)
		tell_surface(j->current, framebuffer->words[i], uploads, user);
}

static void follow_copy(const struct virgl_entry *e, const struct journal_uploads *uploads, void *user)
{
	if (e->command == VIRGL_COPY_REGION && e->len >= 13)
		uploads->drawn(user, e->words[1], e->words[2]);
	else if (e->command == VIRGL_BLIT && e->len == VIRGL_BLIT_WORDS && e->words[4] == e->words[13])
		uploads->blit_within(user, e);
	else if (e->command == VIRGL_BLIT && e->len == VIRGL_BLIT_WORDS)
		uploads->drawn(user, e->words[4], e->words[5]);
}

static void follow(struct journal *j, const struct virgl_entry *e)
{
	switch (e->command) {
	case VIRGL_CREATE_OBJECT: create_object(j, e); break;
	case VIRGL_DESTROY_OBJECT:
		if (e->len)
			remove_object(j, e->words[1]);
		break;
	case VIRGL_BEGIN_QUERY:
	case VIRGL_END_QUERY:
	case VIRGL_GET_QUERY_RESULT: follow_query(j, e); break;
	case VIRGL_CREATE_SUB_CONTEXT:
		if (e->len)
			create_sub(j, e->words[1]);
		break;
	case VIRGL_DESTROY_SUB_CONTEXT:
		if (e->len)
			destroy_sub(j, e->words[1]);
		break;
	case VIRGL_SET_SUB_CONTEXT:
		if (e->len)
			set_sub(j, e->words[1]);
		break;
	default:
		if (journal_states[e->command].sets)
			follow_state(j, &journal_states[e->command], e);
		break;
	}
}

void journal_take(struct journal *journal, const uint32_t *words, size_t count,
		const struct journal_uploads *uploads, void *user)
{
	struct virgl_entry e;
	struct sub *sub;
	size_t at = 0;

	while ((sub = table_next(&journal->subs, &at, &(uint32_t){ 0 })))
		sub->drawn = false;
	at = 0;
	while (virgl_next(words, count, &at, &e) > 0) {
		switch (e.command) {
		case VIRGL_INLINE_WRITE:
		case VIRGL_TRANSFER:
		case VIRGL_COPY_TRANSFER: follow_upload(&e, uploads, user); break;
		case VIRGL_BLIT:
		case VIRGL_COPY_REGION: follow_copy(&e, uploads, user); break;
		case VIRGL_CLEAR:
		case VIRGL_DRAW_VBO:
			if (!journal->too_much)
				follow_draw(journal, uploads, user);
			break;
		default:
			if (!journal->too_much)
				follow(journal, &e);
		}
	}
}
