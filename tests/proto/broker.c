#include "exact.h"
#include <proto/broker.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint8_t bytes[BROKER_PACKET_MAX];
static struct broker_message back;

static const struct broker_limits limits = { 4, 16384, 16384, UINT64_MAX, 1000 };

static int parse(const void *data, size_t len)
{
	void *copy = exact_copy(data, len);
	int err = broker_parse(&back, copy, len);

	free(copy);
	return err;
}

/* Cut anywhere or with a byte too many it is malformed. */
static void check_both_ways(const struct broker_message *msg)
{
	int len = broker_write(msg, bytes, sizeof bytes - 1);

	assert_true(len > 0);
	assert_int_equal(parse(bytes, (size_t)len), 0);
	assert_memory_equal(&back, msg, sizeof back);
	bytes[len] = 0;
	assert_int_equal(parse(bytes, (size_t)len + 1), ERR_FORMAT);
	for (int cut = 0; cut < len; cut++) {
		assert_int_equal(parse(bytes, (size_t)cut), ERR_FORMAT);
		assert_int_equal(broker_write(msg, bytes, (size_t)cut), ERR_SPACE);
	}
}

static struct broker_message message(enum broker_type type)
{
	struct broker_message msg;

	memset(&msg, 0, sizeof msg);
	msg.type = type;
	return msg;
}

static void every_message_comes_back_as_it_was(void **state)
{
	static const enum broker_type empty[] = { BROKER_LIST, BROKER_PAGE, BROKER_END, BROKER_GO };
	struct broker_message msg = message(BROKER_JOIN);

	msg.join = (struct broker_join){ 0, 0, "zoë", "large", UINT32_MAX };
	check_both_ways(&msg);
	msg.join = (struct broker_join){ BROKER_JOIN_HAS_WORKER, INT32_MAX, "", "", 3 };
	check_both_ways(&msg);
	msg = message(BROKER_WORKER);
	msg.worker = (struct broker_worker){ BROKER_OK, 12, 1, limits, "renderD128", "" };
	check_both_ways(&msg);
	msg.worker = (struct broker_worker){ BROKER_FAILED, 0, 0, { 0 }, "", "no EGL" };
	check_both_ways(&msg);
	msg = message(BROKER_ITEM);
	msg.item = (struct broker_item){ "a", "b", "software", limits, 7, 8, 9, 10, 11, 12, 1, 60000 };
	check_both_ways(&msg);
	for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
		msg = message(empty[i]);
		check_both_ways(&msg);
	}
}

static void check_refused(const struct broker_message *msg)
{
	assert_int_equal(broker_write(msg, bytes, sizeof bytes), ERR_ARGUMENT);
}

static void every_bound_is_held(void **state)
{
	struct broker_message msg = message(BROKER_JOIN);

	msg.join.flags = 2;
	check_refused(&msg);
	msg.join.flags = BROKER_JOIN_HAS_WORKER;
	check_refused(&msg); /* no pid */
	msg.join.flags = 0, msg.join.worker_pid = 1;
	check_refused(&msg);
	msg = message(BROKER_WORKER);
	msg.worker = (struct broker_worker){ .worker_pid = 1, .limits = limits };
	msg.worker.limits.heads_max = 5;
	check_refused(&msg);
	msg.worker.limits = limits, msg.worker.limits.weight = 0;
	check_refused(&msg);
	msg.worker.limits = limits, msg.worker.limits.width_px = 16385;
	check_refused(&msg);
	msg.worker.limits = limits, msg.worker.status = BROKER_FAILED + 1;
	check_refused(&msg);
	msg.worker.status = BROKER_OK, msg.worker.reason = 2;
	check_refused(&msg);
	msg.worker.reason = 0, msg.worker.worker_pid = 0x80000000;
	check_refused(&msg);
	msg = message(BROKER_ITEM);
	msg.item.limits = limits, msg.item.held = 2;
	check_refused(&msg);
	msg = message(0x7fff);
	check_refused(&msg);
}

static void bad_bytes_are_malformed(void **state)
{
	struct broker_message msg = message(BROKER_JOIN);
	int len = broker_write(&msg, bytes, sizeof bytes);

	bytes[2] = 1; /* must be zero */
	assert_int_equal(parse(bytes, (size_t)len), ERR_FORMAT);
	bytes[2] = 0;
	memset(bytes + 12, 'a', BROKER_NAME_CAP); /* name without NUL */
	assert_int_equal(parse(bytes, (size_t)len), ERR_FORMAT);
	bytes[12] = 0x80, bytes[13] = 0; /* not UTF-8 */
	assert_int_equal(parse(bytes, (size_t)len), ERR_FORMAT);
	bytes[12] = 0, bytes[4] = 4; /* flags */
	assert_int_equal(parse(bytes, (size_t)len), ERR_FORMAT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_comes_back_as_it_was),
		cmocka_unit_test(every_bound_is_held),
		cmocka_unit_test(bad_bytes_are_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
