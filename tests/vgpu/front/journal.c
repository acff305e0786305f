/* What a context is given again, as the words that come out. */
#include <front/journal.h>
#include <front/journal_state.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	OUT_MAX = 1 << 17,
	NO_RESOURCE = 99, /* not there any more */
};

struct world {
	struct journal *journal;
	struct journal_budget budget;
	uint32_t out[OUT_MAX];
	size_t out_count;
	char said[256];
};

static void on_inline_write(void *user, const struct virgl_upload *upload, const void *data, size_t len)
{
	struct world *w = user;

	snprintf(w->said, sizeof w->said, "write %u level %u x %u width %u, %zu bytes %.4s", upload->resource,
			upload->level, upload->x, upload->width, len, (const char *)data);
}

static void on_transfer(void *user, const struct virgl_upload *upload, uint64_t offset_bytes)
{
	struct world *w = user;

	snprintf(w->said, sizeof w->said, "transfer %u from %u", upload->resource, (unsigned)offset_bytes);
}

static void on_copy_transfer(
		void *user, const struct virgl_upload *upload, uint32_t source, uint64_t offset_bytes)
{
	struct world *w = user;

	snprintf(w->said, sizeof w->said, "copy %u from %u at %u", upload->resource, source,
			(unsigned)offset_bytes);
}

static void on_drawn(void *user, uint32_t resource, uint32_t level)
{
	struct world *w = user;
	size_t len = strlen(w->said);

	snprintf(w->said + len, sizeof w->said - len, "drawn %u level %u. ", resource, level);
}

static void on_blit_within(void *user, const struct virgl_entry *blit)
{
	struct world *w = user;

	snprintf(w->said, sizeof w->said, "blit %u level %u", blit->words[4], blit->words[5]);
}

static const struct journal_uploads uploads = { on_inline_write, on_transfer, on_copy_transfer, on_drawn,
	on_blit_within };

static bool has_resource(void *user, uint32_t resource)
{
	return resource != NO_RESOURCE;
}

static int emit(void *user, const uint32_t *words, size_t count)
{
	struct world *w = user;

	assert_true(w->out_count + count <= OUT_MAX);
	assert_int_equal(words[0] >> 16, count - 1);
	memcpy(w->out + w->out_count, words, count * sizeof *words);
	w->out_count += count;
	return 0;
}

static const struct journal_replay replay = { has_resource, emit };

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	w->journal = journal_create(&w->budget);
	*state = w;
	return w->journal ? 0 : -1;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	journal_destroy(w->journal);
	assert_int_equal(w->budget.used_bytes, 0);
	free(w);
	return 0;
}

static void take(struct world *w, const uint32_t *words, size_t count)
{
	journal_take(w->journal, words, count, &uploads, w);
}

#define TAKE(w, ...) take(w, (const uint32_t[]){ __VA_ARGS__ }, sizeof(const uint32_t[]){ __VA_ARGS__ } / 4)

/* How often the sequence comes out of a replay. */
static int count_out(struct world *w, const uint32_t *words, size_t count)
{
	int found = 0;

	w->out_count = 0;
	assert_int_equal(journal_replay(w->journal, &replay, w), 0);
	for (size_t i = 0; i + count <= w->out_count; i++)
		found += memcmp(w->out + i, words, count * sizeof *words) == 0;
	return found;
}

#define COUNT_OUT(w, ...)                                                                                    \
	count_out(w, (const uint32_t[]){ __VA_ARGS__ }, sizeof(const uint32_t[]){ __VA_ARGS__ } / 4)

#define H(command, object, len)   ((command) | (object) << 8 | (uint32_t)(len) << 16)
#define SURFACE(handle, resource) H(VIRGL_CREATE_OBJECT, VIRGL_SURFACE, 5), handle, resource, 1, 0, 0
#define VIEW(handle, resource)    H(VIRGL_CREATE_OBJECT, VIRGL_SAMPLER_VIEW, 6), handle, resource, 1, 0, 0, 0

static void test_objects(void **state)
{
	struct world *w = *state;
	size_t empty = journal_bytes(w->journal);

	TAKE(w, SURFACE(5, 7), SURFACE(6, 7));
	assert_int_equal(COUNT_OUT(w, SURFACE(5, 7)), 1);
	TAKE(w, SURFACE(5, 8)); /* the same handle anew */
	assert_int_equal(COUNT_OUT(w, SURFACE(5, 7)), 0);
	assert_int_equal(COUNT_OUT(w, SURFACE(5, 8)), 1);
	TAKE(w, H(VIRGL_DESTROY_OBJECT, 0, 1), 5, H(VIRGL_DESTROY_OBJECT, 0, 1), 6,
			H(VIRGL_DESTROY_OBJECT, 0, 1), 77);
	assert_int_equal(COUNT_OUT(w, SURFACE(5, 8)), 0);
	assert_int_equal(journal_bytes(w->journal), empty);
	TAKE(w, SURFACE(0, 8), H(VIRGL_CREATE_OBJECT, 200, 1), 5, H(VIRGL_CREATE_OBJECT, VIRGL_BLEND, 0));
	assert_int_equal(journal_bytes(w->journal), empty);
}

static void test_long_shader(void **state)
{
	struct world *w = *state;

	/* handle, type, bytes in all; then where the rest goes on */
	TAKE(w, H(VIRGL_CREATE_OBJECT, VIRGL_SHADER, 6), 9, 1, 12, 300, 0, 0x41414141);
	TAKE(w, H(VIRGL_CREATE_OBJECT, VIRGL_SHADER, 6), 9, 1, 1u << 31 | 4, 300, 0, 0x42424242);
	TAKE(w, H(VIRGL_CREATE_OBJECT, VIRGL_SHADER, 6), 10, 1, 1u << 31 | 4, 300, 0, 0x43434343);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_CREATE_OBJECT, VIRGL_SHADER, 6), 9, 1, 12, 300, 0, 0x41414141,
					 H(VIRGL_CREATE_OBJECT, VIRGL_SHADER, 6), 9, 1, 1u << 31 | 4, 300, 0,
					 0x42424242),
			1);
	assert_int_equal(COUNT_OUT(w, 0x43434343), 0); /* the rest of nothing */
}

/* Else each part would move all that came before. */
static void test_shader_in_many_parts(void **state)
{
	enum { PARTS = 4000, MOVES_MAX = 20 };
	struct world *w = *state;
	size_t before = 0, moves = 0;

	TAKE(w, H(VIRGL_CREATE_OBJECT, VIRGL_SHADER, 6), 9, 1, 12, 300, 0, 0x41414141);
	for (uint32_t i = 0; i < PARTS; i++) {
		TAKE(w, H(VIRGL_CREATE_OBJECT, VIRGL_SHADER, 6), 9, 1, 1u << 31 | 4, 300, 0, i);
		moves += journal_bytes(w->journal) != before;
		before = journal_bytes(w->journal);
	}
	assert_true(moves <= MOVES_MAX);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_CREATE_OBJECT, VIRGL_SHADER, 6), 9, 1, 1u << 31 | 4, 300, 0,
					 PARTS - 1),
			1);
}

static void test_lost_resource(void **state)
{
	struct world *w = *state;

	TAKE(w, SURFACE(5, NO_RESOURCE), SURFACE(6, 1), VIEW(7, NO_RESOURCE));
	TAKE(w, H(VIRGL_SET_FRAMEBUFFER, 0, 4), 2, 5, 6, 66);
	TAKE(w, H(VIRGL_SET_VERTEX_BUFFERS, 0, 6), 16, 0, NO_RESOURCE, 16, 0, 3);
	TAKE(w, H(VIRGL_SET_SAMPLER_VIEWS, 0, 3), 1, 4, 7);
	assert_int_equal(COUNT_OUT(w, SURFACE(5, NO_RESOURCE)), 0);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_SET_FRAMEBUFFER, 0, 4), 2, 0, 6, 0), 1);
	TAKE(w, H(VIRGL_SET_FRAMEBUFFER, 0, 3), 1, 6, 5); /* without a colour buffer it is refused */
	assert_int_equal(COUNT_OUT(w, H(VIRGL_SET_FRAMEBUFFER, 0, 3)), 0);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_SET_VERTEX_BUFFERS, 0, 6), 16, 0, 0, 16, 0, 3), 1);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_SET_SAMPLER_VIEWS, 0, 3), 1, 4, 0), 1);
}

static void test_state_is_replaced(void **state)
{
	struct world *w = *state;
	size_t before;

	TAKE(w, H(VIRGL_SET_BLEND_COLOR, 0, 4), 1, 2, 3, 4);
	before = journal_bytes(w->journal);
	TAKE(w, H(VIRGL_SET_BLEND_COLOR, 0, 4), 5, 6, 7, 8);
	assert_int_equal(journal_bytes(w->journal), before);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_SET_BLEND_COLOR, 0, 4)), 1);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_SET_BLEND_COLOR, 0, 4), 5, 6, 7, 8), 1);
	/* of each shader type for itself */
	TAKE(w, H(VIRGL_SET_CONSTANT_BUFFER, 0, 3), 0, 0, 10, H(VIRGL_SET_CONSTANT_BUFFER, 0, 4), 1, 0, 11,
			12);
	TAKE(w, H(VIRGL_SET_CONSTANT_BUFFER, 0, 3), 0, 0, 13, H(VIRGL_SET_CONSTANT_BUFFER, 0, 3), 6, 0, 13);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_SET_CONSTANT_BUFFER, 0, 3), 0, 0, 13), 1);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_SET_CONSTANT_BUFFER, 0, 4), 1, 0, 11, 12), 1);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_SET_CONSTANT_BUFFER, 0, 3), 6), 0);
	/* of each kind of object */
	TAKE(w, H(VIRGL_CREATE_OBJECT, VIRGL_BLEND, 1), 3, H(VIRGL_CREATE_OBJECT, VIRGL_DSA, 1), 4);
	TAKE(w, H(VIRGL_BIND_OBJECT, VIRGL_BLEND, 1), 3, H(VIRGL_BIND_OBJECT, VIRGL_DSA, 1), 4);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_BIND_OBJECT, VIRGL_BLEND, 1), 3), 1);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_BIND_OBJECT, VIRGL_DSA, 1), 4), 1);
}

/* What the renderer refuses is not kept: drawing goes through it. */
static void test_state_is_bounded(void **state)
{
	struct world *w = *state;
	uint32_t *words = calloc(VIRGL_LEN_MAX_WORDS + 1, sizeof *words);
	size_t before = journal_bytes(w->journal);

	for (uint32_t command = 0; command < VIRGL_COMMANDS; command++) {
		/* Constants are as many as they are. */
		if (!journal_states[command].sets || command == VIRGL_SET_CONSTANT_BUFFER)
			continue;
		words[0] = H(command, 0, VIRGL_LEN_MAX_WORDS);
		take(w, words, VIRGL_LEN_MAX_WORDS + 1);
		assert_int_equal(journal_bytes(w->journal), before);
	}
	free(words);
	TAKE(w, SURFACE(5, 7), H(VIRGL_SET_FRAMEBUFFER, 0, 10), 8, 0, 5, 0, 0, 0, 0, 0, 0, 0);
	TAKE(w, H(VIRGL_SET_FRAMEBUFFER, 0, 11), 9, 0, 5, 5, 5, 5, 5, 5, 5, 5, 5);
	TAKE(w, H(VIRGL_CLEAR, 0, 0));
	assert_string_equal(w->said, "drawn 7 level 0. ");
}

static void test_slots(void **state)
{
	struct world *w = *state;

	TAKE(w, VIEW(1, 1), VIEW(2, 1), VIEW(3, 1));
	TAKE(w, H(VIRGL_SET_SAMPLER_VIEWS, 0, 5), 1, 0, 1, 2, 3);
	TAKE(w, H(VIRGL_SET_SAMPLER_VIEWS, 0, 3), 1, 1, 3); /* ends behind slot 1 */
	assert_int_equal(COUNT_OUT(w, H(VIRGL_SET_SAMPLER_VIEWS, 0, 3), 1, 0, 1), 1);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_SET_SAMPLER_VIEWS, 0, 3), 1, 1, 3), 1);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_SET_SAMPLER_VIEWS, 0, 3), 1, 2), 0);
	TAKE(w, H(VIRGL_SET_SCISSOR, 0, 5), 2, 10, 11, 12, 13);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_SET_SCISSOR, 0, 3), 2, 10, 11, H(VIRGL_SET_SCISSOR, 0, 3), 3,
					 12, 13),
			1);
	TAKE(w, H(VIRGL_SET_UNIFORM_BUFFER, 0, 5), 1, 3, 0, 64, 8);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_SET_UNIFORM_BUFFER, 0, 5), 1, 3, 0, 64, 8), 1);
	/* out of bounds: the renderer refuses these */
	TAKE(w, H(VIRGL_SET_SCISSOR, 0, 3), 16, 1, 1, H(VIRGL_SET_SCISSOR, 0, 3), UINT32_MAX, 1, 1);
	TAKE(w, H(VIRGL_SET_SAMPLER_VIEWS, 0, 1), 1);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_SET_SCISSOR, 0, 3), 16), 0);
}

static void test_sub_contexts(void **state)
{
	struct world *w = *state;

	TAKE(w, H(VIRGL_CREATE_SUB_CONTEXT, 0, 1), 4, H(VIRGL_SET_SUB_CONTEXT, 0, 1), 4, SURFACE(5, 7));
	TAKE(w, H(VIRGL_CREATE_SUB_CONTEXT, 0, 1), 6, H(VIRGL_SET_SUB_CONTEXT, 0, 1), 6, SURFACE(5, 8));
	TAKE(w, H(VIRGL_SET_SUB_CONTEXT, 0, 1), 4);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_CREATE_SUB_CONTEXT, 0, 1), 4, H(VIRGL_SET_SUB_CONTEXT, 0, 1), 4,
					 SURFACE(5, 7)),
			1);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_CREATE_SUB_CONTEXT, 0, 1), 6, H(VIRGL_SET_SUB_CONTEXT, 0, 1), 6,
					 SURFACE(5, 8)),
			1);
	assert_int_equal(w->out[w->out_count - 1], 4);
	TAKE(w, H(VIRGL_DESTROY_SUB_CONTEXT, 0, 1), 4, H(VIRGL_DESTROY_SUB_CONTEXT, 0, 1), 0, SURFACE(9, 9));
	assert_int_equal(COUNT_OUT(w, SURFACE(5, 7)), 0);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_SET_SUB_CONTEXT, 0, 1), 0, SURFACE(9, 9)), 1);
	for (uint32_t i = 10; i < 10 + 2 * JOURNAL_SUBS_MAX; i++)
		TAKE(w, H(VIRGL_CREATE_SUB_CONTEXT, 0, 1), i);
	assert_int_equal(journal_replay(w->journal, &replay, w), ERR_SPACE);
}

static void test_queries(void **state)
{
	struct world *w = *state;

	TAKE(w, H(VIRGL_CREATE_OBJECT, VIRGL_QUERY, 4), 3, 0, 0, 8, H(VIRGL_BEGIN_QUERY, 0, 1), 3);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_BEGIN_QUERY, 0, 1), 3), 1);
	TAKE(w, H(VIRGL_END_QUERY, 0, 1), 3);
	/* Its result may yet be asked for. */
	assert_int_equal(COUNT_OUT(w, H(VIRGL_BEGIN_QUERY, 0, 1), 3, H(VIRGL_END_QUERY, 0, 1), 3), 1);
	TAKE(w, H(VIRGL_GET_QUERY_RESULT, 0, 2), 3, 1);
	assert_int_equal(COUNT_OUT(w, H(VIRGL_BEGIN_QUERY, 0, 1), 3, H(VIRGL_END_QUERY, 0, 1), 3,
					 H(VIRGL_GET_QUERY_RESULT, 0, 2), 3, 1),
			1);
}

static void test_uploads(void **state)
{
	struct world *w = *state;

	TAKE(w, H(VIRGL_INLINE_WRITE, 0, 12), 7, 1, 0, 0, 0, 16, 0, 0, 4, 1, 1, 0x64636261);
	assert_string_equal(w->said, "write 7 level 1 x 16 width 4, 4 bytes abcd");
	TAKE(w, H(VIRGL_TRANSFER, 0, 13), 8, 0, 0, 0, 0, 0, 0, 0, 4, 1, 1, 100, 1);
	assert_string_equal(w->said, "transfer 8 from 100");
	TAKE(w, H(VIRGL_TRANSFER, 0, 13), 9, 0, 0, 0, 0, 0, 0, 0, 4, 1, 1, 100, 2); /* to the guest */
	TAKE(w, H(VIRGL_INLINE_WRITE, 0, 10), 9, 1, 0, 0, 0, 16, 0, 0, 4, 1);
	assert_string_equal(w->said, "transfer 8 from 100");
	TAKE(w, H(VIRGL_COPY_TRANSFER, 0, 14), 8, 0, 0, 0, 0, 0, 0, 0, 4, 1, 1, 5, 200, 1);
	assert_string_equal(w->said, "copy 8 from 5 at 200");
	TAKE(w, H(VIRGL_COPY_TRANSFER, 0, 14), 1, 0, 0, 0, 0, 0, 0, 0, 4, 1, 1, 5, 200, 2); /* to the guest */
	assert_string_equal(w->said, "copy 8 from 5 at 200");
}

/* The renderer stops there, and so does the journal. */
static void test_broken_batch(void **state)
{
	struct world *w = *state;

	TAKE(w, SURFACE(1, 1), H(VIRGL_NOP, 0, 9), 1, 2);
	TAKE(w, SURFACE(2, 1), H(250, 0, 0), SURFACE(3, 1));
	assert_int_equal(COUNT_OUT(w, SURFACE(1, 1)), 1);
	assert_int_equal(COUNT_OUT(w, SURFACE(2, 1)), 1);
	assert_int_equal(COUNT_OUT(w, SURFACE(3, 1)), 0);
}

static void test_too_much(void **state)
{
	enum { WORDS = VIRGL_LEN_MAX_WORDS + 1 };
	struct world *w = *state;
	uint32_t *words = calloc(WORDS, sizeof *words);

	words[0] = H(VIRGL_CREATE_OBJECT, VIRGL_SHADER, VIRGL_LEN_MAX_WORDS);
	for (uint32_t i = 1; i <= JOURNAL_BYTES_MAX / (WORDS * 4) + 1; i++) {
		words[1] = i;
		take(w, words, WORDS);
		assert_true(journal_bytes(w->journal) <= JOURNAL_BYTES_MAX);
	}
	assert_int_equal(journal_replay(w->journal, &replay, w), ERR_SPACE);
	TAKE(w, SURFACE(1, 1), H(VIRGL_SET_SUB_CONTEXT, 0, 1), 0);
	assert_int_equal(journal_replay(w->journal, &replay, w), ERR_SPACE);
	free(words);
}

/* What others of the guest keep counts too; what is given up is theirs. */
static void test_budget(void **state)
{
	struct world *w = *state;
	struct journal *other = journal_create(&w->budget);
	size_t before = w->budget.used_bytes;

	assert_non_null(other);
	w->budget.used_bytes += JOURNALS_BYTES_MAX - before - 100;
	TAKE(w, SURFACE(1, 1), SURFACE(2, 2), SURFACE(3, 3));
	assert_int_equal(journal_replay(w->journal, &replay, w), ERR_SPACE);
	assert_int_equal(journal_replay(other, &replay, w), 0);
	w->budget.used_bytes -= JOURNALS_BYTES_MAX - before - 100;
	journal_destroy(other);
}

/* Once for each framebuffer of a batch, however much is drawn. */
static void test_drawing(void **state)
{
	struct world *w = *state;

	TAKE(w, SURFACE(5, 7), SURFACE(6, 8), H(VIRGL_SET_FRAMEBUFFER, 0, 4), 2, 0, 5, 6);
	assert_string_equal(w->said, "");
	TAKE(w, H(VIRGL_CLEAR, 0, 0), H(VIRGL_DRAW_VBO, 0, 0), H(VIRGL_DRAW_VBO, 0, 0));
	assert_string_equal(w->said, "drawn 7 level 0. drawn 8 level 0. ");
	w->said[0] = 0;
	TAKE(w, H(VIRGL_DRAW_VBO, 0, 0), H(VIRGL_SET_FRAMEBUFFER, 0, 3), 1, 0, 6, H(VIRGL_DRAW_VBO, 0, 0));
	assert_string_equal(w->said, "drawn 7 level 0. drawn 8 level 0. drawn 8 level 0. ");
	w->said[0] = 0;
	TAKE(w, H(VIRGL_COPY_REGION, 0, 13), 9, 1, 0, 0, 0, 7, 0, 0, 0, 0, 1, 1, 1);
	assert_string_equal(w->said, "drawn 9 level 1. ");
	w->said[0] = 0;
	TAKE(w, H(VIRGL_BLIT, 0, 21), 0, 0, 0, 4, 0, 1, 0, 0, 0, 1, 1, 1, 5, 0, 1, 0, 0, 0, 1, 1, 1);
	assert_string_equal(w->said, "drawn 4 level 0. ");
	TAKE(w, H(VIRGL_BLIT, 0, 21), 0, 0, 0, 4, 3, 1, 0, 0, 0, 1, 1, 1, 4, 2, 1, 0, 0, 0, 1, 1, 1);
	assert_string_equal(w->said, "blit 4 level 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_objects, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_shader, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_shader_in_many_parts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lost_resource, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_state_is_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_state_is_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slots, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sub_contexts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_queries, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_uploads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_drawing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_broken_batch, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_much, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_budget, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
