/* Golden bytes: [MS-RDPEDYC] 4. */
#include "exact.h"
#include <proto/dvc.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct dvc_pdu pdu;

static int parse(const char *bytes, size_t len)
{
	uint8_t *copy = exact_copy(bytes, len);
	int err = dvc_parse(&pdu, copy, len);

	pdu.data = NULL; /* it points into the copy */
	free(copy);
	return err;
}

#define PARSE(bytes) parse(bytes, sizeof bytes - 1)

static void capabilities_response(void **state)
{
	assert_int_equal(PARSE("\x50\0\2\0"), 0);
	assert_int_equal(pdu.command, DVC_CAPABILITIES);
	assert_int_equal(pdu.version, 2);
}

static void create_response(void **state)
{
	assert_int_equal(PARSE("\x10\3\0\0\0\0"), 0);
	assert_int_equal(pdu.command, DVC_CREATE);
	assert_int_equal(pdu.channel_id, 3);
	assert_int_equal(pdu.status, 0);
	assert_int_equal(PARSE("\x11\1\2\1\0\0\x80"), 0);
	assert_int_equal(pdu.channel_id, 0x0201);
	assert_int_equal(pdu.status, INT32_MIN + 1);
}

static void data_first(void **state)
{
	assert_int_equal(PARSE("\x24\3\x7b\x0c\x71\x71"), 0);
	assert_int_equal(pdu.command, DVC_DATA_FIRST);
	assert_int_equal(pdu.channel_id, 3);
	assert_int_equal(pdu.total_bytes, 0xc7b);
	assert_int_equal(pdu.data_len, 2);
	assert_int_equal(PARSE("\x2a\1\2\3\x84\5\6\7\x88"), 0);
	assert_true(pdu.channel_id == 0x84030201);
	assert_true(pdu.total_bytes == 0x88070605);
	assert_int_equal(pdu.data_len, 0);
}

static void data_and_close(void **state)
{
	static const uint8_t bytes[] = { 0x30, 3, 'a', 'b', 'c' };

	assert_int_equal(dvc_parse(&pdu, bytes, sizeof bytes), 0);
	assert_int_equal(pdu.command, DVC_DATA);
	assert_int_equal(pdu.data_len, 3);
	assert_ptr_equal(pdu.data, bytes + 2);
	assert_int_equal(PARSE("\x40\3"), 0);
	assert_int_equal(pdu.command, DVC_CLOSE);
	assert_int_equal(pdu.channel_id, 3);
}

static void short_pdus_are_malformed(void **state)
{
	static const struct {
		const char *bytes;
		size_t len; /* of what must be there */
	} heads[] = {
		{ "\x50\0\2", 4 },
		{ "\x12\1\2\3\4\0\0\0", 9 },
		{ "\x26\1\2\3\4\1", 7 },
		{ "\x2a\1\2\3\4\1\2\3", 9 },
		{ "\x31\1", 3 },
		{ "\x42\1\2\3", 5 },
	};

	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		for (size_t len = 0; len < heads[i].len; len++)
			assert_int_equal(parse(heads[i].bytes, len), ERR_FORMAT);
	}
}

static void reserved_widths_are_malformed(void **state)
{
	assert_int_equal(PARSE("\x33\1\2\3\4\5\6\7\x8"), ERR_FORMAT);
	assert_int_equal(PARSE("\x2c\1\2\3\4\5\6\7\x8"), ERR_FORMAT);
}

static void other_commands_are_told_apart(void **state)
{
	assert_int_equal(PARSE("\x60\3\1"), ERR_ARGUMENT); /* DATA_FIRST_COMPRESSED */
	assert_int_equal(PARSE("\xf0\3\1"), ERR_ARGUMENT);
	assert_int_equal(PARSE("\x00\3\1"), ERR_ARGUMENT);
}

static void requests_have_the_bytes_of_the_specification(void **state)
{
	static const uint8_t create[] = { 0x10, 3, 't', 'e', 's', 't', 'd', 'v', 'c', 0 };
	static const uint8_t wide[] = { 0x41, 0, 1, 0x42, 0, 0, 1, 0 };
	uint8_t bytes[16];
	struct writer w = writer_init(bytes, sizeof bytes);

	dvc_write_capabilities(&w);
	assert_int_equal(writer_len(&w), 4);
	assert_memory_equal(bytes, "\x50\0\1\0", 4);
	w = writer_init(bytes, sizeof bytes);
	dvc_write_create(&w, 3, "testdvc");
	assert_int_equal(writer_len(&w), sizeof create);
	assert_memory_equal(bytes, create, sizeof create);
	w = writer_init(bytes, sizeof bytes);
	dvc_write_close(&w, 0x100);
	dvc_write_close(&w, 0x10000);
	assert_int_equal(writer_len(&w), sizeof wide);
	assert_memory_equal(bytes, wide, sizeof wide);
}

/* A message of any length, cut into PDUs and put together again. */
static void check_message(size_t total, uint32_t channel_id)
{
	uint8_t *message = malloc(total + 1), *got = malloc(total + 1), bytes[DVC_PDU_MAX];
	size_t done = 0, received = 0;
	bool first = true;

	for (size_t i = 0; i < total; i++)
		message[i] = (uint8_t)(i * 7 + i / 251);
	do {
		struct writer w = writer_init(bytes, sizeof bytes);
		size_t part = dvc_write_data(&w, channel_id, message, total, done);
		int len = writer_len(&w);

		assert_true(len > 0 && len <= DVC_PDU_MAX);
		assert_int_equal(dvc_parse(&pdu, bytes, (size_t)len), 0);
		assert_int_equal(pdu.channel_id, channel_id);
		assert_int_equal(pdu.data_len, part);
		if (pdu.command == DVC_DATA_FIRST)
			assert_int_equal(pdu.total_bytes, total);
		/* Without Length only a message that is whole. */
		assert_int_equal(pdu.command, first && part < total ? DVC_DATA_FIRST : DVC_DATA);
		assert_true(received + part <= total);
		memcpy(got + received, pdu.data, part);
		received += part;
		done += part;
		first = false;
	} while (done < total);
	assert_int_equal(received, total);
	assert_memory_equal(got, message, total);
	free(message);
	free(got);
}

static void messages_of_any_length_arrive(void **state)
{
	static const uint32_t ids[] = { 0, 255, 256, 65535, 65536, 0xffffffff };

	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		check_message(0, ids[i]);
		check_message(1, ids[i]);
		for (size_t total = DVC_PDU_MAX - 10; total < DVC_PDU_MAX + 10; total++)
			check_message(total, ids[i]);
		check_message(65535, ids[i]);
		check_message(65536, ids[i]);
		check_message(200000, ids[i]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities_response),
		cmocka_unit_test(create_response),
		cmocka_unit_test(data_first),
		cmocka_unit_test(data_and_close),
		cmocka_unit_test(short_pdus_are_malformed),
		cmocka_unit_test(reserved_widths_are_malformed),
		cmocka_unit_test(other_commands_are_told_apart),
		cmocka_unit_test(requests_have_the_bytes_of_the_specification),
		cmocka_unit_test(messages_of_any_length_arrive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
