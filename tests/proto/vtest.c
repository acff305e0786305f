#include "exact.h"
#include <base/writer.h>
#include <proto/vtest.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint8_t stream[VTEST_MESSAGE_MAX_BYTES + 64];

/* Header and words as the driver writes them. */
static size_t put(uint32_t len, uint32_t type, const uint32_t *words, size_t count)
{
	struct writer w = writer_init(stream, sizeof stream);

	writer_u32(&w, len);
	writer_u32(&w, type);
	for (size_t i = 0; i < count; i++)
		writer_u32(&w, words[i]);
	return (size_t)writer_len(&w);
}

/* Over an exact copy, of which nothing may be read beyond. Every shorter stream must ask
 * for more. */
static int parse(struct vtest_message *msg, size_t len)
{
	static uint8_t *copy; /* msg borrows from it until the next call */
	int used;

	for (size_t cut = 0; cut < len && cut < 256; cut++) {
		uint8_t *less = exact_copy(stream, cut);

		assert_true(vtest_parse(msg, less, cut) <= 0);
		free(less);
	}
	free(copy);
	copy = exact_copy(stream, len);
	used = vtest_parse(msg, copy, len);
	return used;
}

static const uint32_t words[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

static void messages_of_the_driver_are_read(void **state)
{
	struct vtest_message m;

	assert_int_equal(parse(&m, put(0, 10, NULL, 0)), 8);
	assert_int_equal(m.type, VTEST_PING);
	assert_int_equal(parse(&m, put(1, 11, words + 1, 1)), 12);
	assert_true(m.type == VTEST_VERSION && m.version == 2);
	assert_int_equal(parse(&m, put(2, 7, (uint32_t[]){ 9, 1 }, 2)), 16);
	assert_true(m.type == VTEST_BUSY_WAIT && m.busy_wait.resource == 9 && m.busy_wait.wait == 1);
	assert_int_equal(parse(&m, put(0, 1, NULL, 0)), 8);
	assert_int_equal(m.type, VTEST_CAPS);
	assert_int_equal(parse(&m, put(0, 9, NULL, 0)), 8);
	assert_int_equal(m.type, VTEST_CAPS2);
	assert_int_equal(parse(&m, put(1, 3, words + 6, 1)), 12);
	assert_true(m.type == VTEST_RESOURCE_UNREF && m.unref.resource == 7);
}

static void resources_and_transfers_are_read(void **state)
{
	struct vtest_message m;

	assert_int_equal(parse(&m, put(11, 12, words, 11)), 52);
	assert_int_equal(m.type, VTEST_RESOURCE_CREATE);
	assert_true(m.create.shape.resource == 1 && m.create.shape.target == 2 &&
			m.create.shape.format == 3 && m.create.shape.bind == 4 && m.create.shape.width == 5);
	assert_true(m.create.shape.height == 6 && m.create.shape.depth == 7 &&
			m.create.shape.array_size == 8);
	assert_true(m.create.shape.last_level == 9 && m.create.shape.samples == 10 &&
			m.create.shape.flags == 0 && m.create.data_bytes == 11);
	assert_int_equal(parse(&m, put(10, 13, words, 10)), 48);
	assert_true(m.type == VTEST_TRANSFER_GET && m.transfer.resource == 1 && m.transfer.level == 2 &&
			m.transfer.box.x == 3 && m.transfer.box.y == 4 && m.transfer.box.z == 5);
	assert_true(m.transfer.box.width == 6 && m.transfer.box.height == 7 && m.transfer.box.depth == 8 &&
			m.transfer.offset_bytes == 10);
	/* The length of a put counts data that is not there. */
	assert_int_equal(parse(&m, put(10 + 5000, 14, words, 10)), 48);
	assert_int_equal(m.type, VTEST_TRANSFER_PUT);
}

static void batches_are_borrowed(void **state)
{
	static uint8_t large[VTEST_MESSAGE_MAX_BYTES];
	struct vtest_message m;

	assert_int_equal(parse(&m, put(12, 6, words, 12)), 56);
	assert_true(m.type == VTEST_SUBMIT && m.submit.count == 12);
	assert_memory_equal(m.submit.words, words, sizeof words);
	assert_int_equal(parse(&m, put(0, 6, NULL, 0)), 8);
	assert_int_equal(m.submit.count, 0);
	store_u32(large, VTEST_BATCH_MAX_BYTES / 4);
	store_u32(large + 4, 6);
	assert_int_equal(vtest_parse(&m, large, sizeof large - 1), 0);
	assert_int_equal(vtest_parse(&m, large, sizeof large), sizeof large);
}

static void names_are_cut_and_plain(void **state)
{
	static const char *const names[] = { "glmark2-es2", "with\ncontrol\x1b", "" };
	static const char *const read[] = { "glmark2-es2", "with?control?", "" };
	struct vtest_message m;

	for (size_t i = 0; i < COUNT(names); i++) {
		size_t len = strlen(names[i]) + 1;

		put((uint32_t)len, 8, NULL, 0);
		memcpy(stream + 8, names[i], len);
		assert_int_equal(parse(&m, 8 + len), 8 + len);
		assert_string_equal(m.renderer.name, read[i]);
	}
	put(VTEST_NAME_MAX_BYTES, 8, NULL, 0);
	memset(stream + 8, 'a', VTEST_NAME_MAX_BYTES);
	assert_int_equal(vtest_parse(&m, stream, 8 + VTEST_NAME_MAX_BYTES), 8 + VTEST_NAME_MAX_BYTES);
	assert_int_equal(strlen(m.renderer.name), RENDER_NAME_CAP - 1);
}

static void what_is_none_is_refused_at_its_header(void **state)
{
	static const uint32_t bad[][2] = { { 0, 0 }, { 10, 2 }, { 11, 4 }, { 0, 15 }, { 0, 0xffffffff },
		{ 1, 1 }, { 1, 10 }, { 0, 11 }, { 2, 11 }, { 0, 3 }, { 1, 7 }, { 3, 7 }, { 10, 12 },
		{ 12, 12 }, { 9, 13 }, { 11, 13 }, { 9, 14 }, { VTEST_BATCH_MAX_BYTES / 4 + 1, 6 },
		{ 0xffffffff, 6 }, { VTEST_NAME_MAX_BYTES + 1, 8 } };
	struct vtest_message m;

	for (size_t i = 0; i < COUNT(bad); i++) {
		put(bad[i][0], bad[i][1], NULL, 0);
		assert_int_equal(vtest_parse(&m, stream, 8), ERR_FORMAT);
	}
}

static void answers_are_those_of_the_protocol(void **state)
{
	static const uint8_t busy[] = { 1, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0 };
	static const uint8_t version[] = { 1, 0, 0, 0, 11, 0, 0, 0, 2, 0, 0, 0 };
	static const uint8_t ping[] = { 0, 0, 0, 0, 10, 0, 0, 0 };
	static const uint8_t caps[] = { 4, 0, 0, 0, 2, 0, 0, 0, 'a', 'b', 'c' };
	uint8_t out[VTEST_ANSWER_MAX_BYTES];

	assert_int_equal(vtest_write(&(struct vtest_answer){ .type = VTEST_BUSY_WAIT, .value = 1 }, out,
					 sizeof out),
			sizeof busy);
	assert_memory_equal(out, busy, sizeof busy);
	assert_int_equal(vtest_write(&(struct vtest_answer){ .type = VTEST_VERSION, .value = 2 }, out,
					 sizeof out),
			sizeof version);
	assert_memory_equal(out, version, sizeof version);
	assert_int_equal(vtest_write(&(struct vtest_answer){ .type = VTEST_PING }, out, sizeof out),
			sizeof ping);
	assert_memory_equal(out, ping, sizeof ping);
	assert_int_equal(vtest_write(&(struct vtest_answer){ .type = VTEST_CAPS2,
						     .caps = (const uint8_t *)"abc",
						     .caps_len = 3 },
					 out, sizeof out),
			sizeof caps);
	assert_memory_equal(out, caps, sizeof caps);
	assert_int_equal(vtest_write(&(struct vtest_answer){ .type = VTEST_PING }, out, 7), ERR_SPACE);
	assert_int_equal(vtest_write(&(struct vtest_answer){ .type = VTEST_SUBMIT }, out, sizeof out),
			ERR_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_of_the_driver_are_read),
		cmocka_unit_test(resources_and_transfers_are_read),
		cmocka_unit_test(batches_are_borrowed),
		cmocka_unit_test(names_are_cut_and_plain),
		cmocka_unit_test(what_is_none_is_refused_at_its_header),
		cmocka_unit_test(answers_are_those_of_the_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
