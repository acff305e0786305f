/* Every place of a batch that names a resource is exchanged, and no other. */
#include <proto/virgl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <vtest/handles.h>

#include <cmocka.h>

enum {
	FILLING = 0x1000, /* every word; plus its place */
	OURS = 0x70000000,
};

static uint32_t exchange(void *user, uint32_t name)
{
	return name | OURS;
}

struct example {
	uint32_t command, object, len;
	uint32_t names[4]; /* places, header is 0; 0 ends */
};

static const struct example examples[] = {
	{ VIRGL_CREATE_OBJECT, VIRGL_BLEND, 11, { 0 } },
	{ VIRGL_CREATE_OBJECT, VIRGL_SHADER, 20, { 0 } },
	{ VIRGL_CREATE_OBJECT, VIRGL_SAMPLER_STATE, 9, { 0 } },
	{ VIRGL_CREATE_OBJECT, VIRGL_SAMPLER_VIEW, 6, { 2 } },
	{ VIRGL_CREATE_OBJECT, VIRGL_SURFACE, 5, { 2 } },
	{ VIRGL_CREATE_OBJECT, VIRGL_MSAA_SURFACE, 6, { 2 } },
	{ VIRGL_CREATE_OBJECT, VIRGL_STREAMOUT_TARGET, 4, { 2 } },
	{ VIRGL_CREATE_OBJECT, VIRGL_QUERY, 4, { 4 } },
	{ VIRGL_BIND_OBJECT, VIRGL_BLEND, 1, { 0 } },
	{ VIRGL_SET_FRAMEBUFFER, 0, 4, { 0 } },
	{ VIRGL_SET_VERTEX_BUFFERS, 0, 9, { 3, 6, 9 } },
	{ VIRGL_CLEAR, 0, 8, { 0 } },
	{ VIRGL_DRAW_VBO, 0, 12, { 0 } },
	{ VIRGL_DRAW_VBO, 0, 20, { 15, 20 } },
	{ VIRGL_INLINE_WRITE, 0, 30, { 1 } },
	{ VIRGL_SET_SAMPLER_VIEWS, 0, 5, { 0 } },
	{ VIRGL_SET_INDEX_BUFFER, 0, 3, { 1 } },
	{ VIRGL_SET_CONSTANT_BUFFER, 0, 40, { 0 } },
	{ VIRGL_SET_UNIFORM_BUFFER, 0, 5, { 5 } },
	{ VIRGL_BLIT, 0, 21, { 4, 13 } },
	{ VIRGL_COPY_REGION, 0, 13, { 1, 6 } },
	{ VIRGL_SET_SHADER_BUFFERS, 0, 8, { 5, 8 } },
	{ VIRGL_SET_SHADER_IMAGES, 0, 12, { 7, 12 } },
	{ 37 /* LAUNCH_GRID */, 0, 8, { 7 } },
	{ VIRGL_SET_ATOMIC_BUFFERS, 0, 7, { 4, 7 } },
	{ 42 /* GET_QUERY_RESULT_QBO */, 0, 6, { 2 } },
	{ VIRGL_TRANSFER, 0, 13, { 1 } },
	{ VIRGL_COPY_TRANSFER, 0, 14, { 1, 12 } },
	{ 47 /* CLEAR_TEXTURE */, 0, 12, { 1 } },
	{ 50 /* GET_MEMORY_INFO */, 0, 1, { 1 } },
};

static bool is_name(const struct example *e, uint32_t at)
{
	for (int i = 0; i < 4 && e->names[i]; i++) {
		if (e->names[i] == at)
			return true;
	}
	return false;
}

static void put(uint32_t *words, const struct example *e)
{
	words[0] = e->command | e->object << 8 | e->len << 16;
	for (uint32_t at = 1; at <= e->len; at++)
		words[at] = FILLING + at;
}

static void check(const uint32_t *words, const struct example *e)
{
	assert_int_equal(words[0], e->command | e->object << 8 | e->len << 16);
	for (uint32_t at = 1; at <= e->len; at++)
		assert_int_equal(words[at], (FILLING + at) | (is_name(e, at) ? OURS : 0u));
}

static void each_name_and_nothing_else(void **state)
{
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		uint32_t *words = malloc(4 * (examples[i].len + 1));

		put(words, &examples[i]);
		assert_int_equal(handles_rewrite(words, examples[i].len + 1, exchange, NULL), 0);
		check(words, &examples[i]);
		free(words);
	}
}

static void all_commands_of_a_batch(void **state)
{
	uint32_t *words = malloc(4 * 1000);
	size_t count = 0;

	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		put(words + count, &examples[i]);
		count += examples[i].len + 1;
	}
	assert_int_equal(handles_rewrite(words, count, exchange, NULL), 0);
	count = 0;
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		check(words + count, &examples[i]);
		count += examples[i].len + 1;
	}
	free(words);
}

/* A command that is cut has no place for its name; nothing beyond it is touched. */
static void short_commands_are_left_alone(void **state)
{
	for (uint32_t command = 0; command <= 52; command++) {
		uint32_t *words = malloc(4);

		if (command == 48 || command == 49) {
			free(words);
			continue;
		}
		words[0] = command;
		assert_int_equal(handles_rewrite(words, 1, exchange, NULL), 0);
		assert_int_equal(words[0], command);
		free(words);
	}
}

static void none_stays_none(void **state)
{
	uint32_t words[] = { VIRGL_SET_INDEX_BUFFER | 1 << 16, 0 };

	assert_int_equal(handles_rewrite(words, 2, exchange, NULL), 0);
	assert_int_equal(words[1], 0);
}

static void what_is_no_batch_is_refused(void **state)
{
	uint32_t over[] = { VIRGL_CLEAR | 2 << 16, 0 }, unknown[] = { 255 }, video[] = { 53 },
		 makes[] = { 48 | 1 << 16, 0 }, types[] = { 49 };

	assert_int_equal(handles_rewrite(over, 2, exchange, NULL), ERR_FORMAT);
	assert_int_equal(handles_rewrite(unknown, 1, exchange, NULL), ERR_FORMAT);
	assert_int_equal(handles_rewrite(video, 1, exchange, NULL), ERR_FORMAT);
	assert_int_equal(handles_rewrite(makes, 2, exchange, NULL), ERR_FORMAT);
	assert_int_equal(handles_rewrite(types, 1, exchange, NULL), ERR_FORMAT);
	assert_int_equal(handles_rewrite(NULL, 0, exchange, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_and_nothing_else),
		cmocka_unit_test(all_commands_of_a_batch),
		cmocka_unit_test(short_commands_are_left_alone),
		cmocka_unit_test(none_stays_none),
		cmocka_unit_test(what_is_no_batch_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
