#include "carrier.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	MESSAGE_MAX = 5000,
};

struct world {
	struct carrier carrier;
	struct dvc *dvc;
	int opened, refused, closed, messages;
	int answer; /* of on_message */
	uint8_t last[MESSAGE_MAX];
	size_t last_len;
};

static void on_open(void *user, bool opened)
{
	struct world *w = user;

	if (opened)
		w->opened++;
	else
		w->refused++;
}

static int on_message(void *user, const uint8_t *data, size_t len)
{
	struct world *w = user;

	assert_true(len <= sizeof w->last);
	w->messages++;
	memcpy(w->last, data, len);
	w->last_len = len;
	return w->answer;
}

static void on_close(void *user)
{
	((struct world *)user)->closed++;
}

static struct dvc_handler handlers[2];

static int start(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	carrier_init(&w->carrier);
	w->dvc = dvc_create(&w->carrier.ops);
	for (int i = 0; i < 2; i++)
		handlers[i] = (struct dvc_handler){ "test", MESSAGE_MAX, on_open, on_message, on_close, w };
	*state = w;
	return w->dvc ? 0 : -1;
}

static int stop(void **state)
{
	struct world *w = *state;

	dvc_destroy(w->dvc);
	carrier_finish(&w->carrier);
	free(w);
	return 0;
}

/* A world with both channels open. */
static struct world *with_channels(void **state)
{
	struct world *w = *state;

	assert_int_equal(dvc_open(w->dvc, &handlers[0]), 1);
	assert_int_equal(carrier_capabilities(w->dvc), 0);
	assert_int_equal(dvc_open(w->dvc, &handlers[1]), 2);
	assert_int_equal(carrier_create(w->dvc, 1, 0), 0);
	assert_int_equal(carrier_create(w->dvc, 2, 0), 0);
	assert_int_equal(w->opened, 2);
	return w;
}

static void capabilities_come_before_channels(void **state)
{
	struct world *w = *state;

	assert_true(w->carrier.capabilities);
	assert_int_equal(dvc_open(w->dvc, &handlers[0]), 1);
	assert_int_equal(w->carrier.created, 0);
	assert_int_equal(carrier_create(w->dvc, 1, 0), 0); /* unasked */
	assert_int_equal(w->opened, 0);
	assert_int_equal(carrier_capabilities(w->dvc), 0);
	assert_int_equal(w->carrier.created, 1);
	assert_int_equal(carrier_capabilities(w->dvc), 0);
	assert_int_equal(w->carrier.created, 1);
}

static void a_channel_opens_once_or_is_refused(void **state)
{
	struct world *w = *state;

	assert_int_equal(carrier_capabilities(w->dvc), 0);
	assert_int_equal(dvc_open(w->dvc, &handlers[0]), 1);
	assert_int_equal(dvc_open(w->dvc, &handlers[1]), 2);
	assert_int_equal(carrier_create(w->dvc, 1, 0), 0);
	assert_int_equal(carrier_create(w->dvc, 1, 0), 0);
	assert_int_equal(carrier_create(w->dvc, 2, -1), 0);
	assert_int_equal(carrier_create(w->dvc, 2, 0), 0); /* too late */
	assert_int_equal(carrier_create(w->dvc, 77, 0), 0);
	assert_int_equal(w->opened, 1);
	assert_int_equal(w->refused, 1);
	assert_int_equal(dvc_queue(w->dvc, 2, "x", 1), ERR_UNEXPECTED);
}

static void no_more_channels_than_there_is_room_for(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < DVC_CHANNELS_MAX; i++)
		assert_int_equal(dvc_open(w->dvc, &handlers[0]), i + 1);
	assert_int_equal(dvc_open(w->dvc, &handlers[0]), ERR_SPACE);
}

static void fragments_make_a_message(void **state)
{
	struct world *w = with_channels(state);

	assert_int_equal(carrier_data_first(w->dvc, 1, 7, "abc", 3), 0);
	assert_int_equal(carrier_data(w->dvc, 1, "de", 2), 0);
	assert_int_equal(w->messages, 0);
	/* Between them those of another channel. */
	assert_int_equal(carrier_data(w->dvc, 2, "other", 5), 0);
	assert_int_equal(w->messages, 1);
	assert_memory_equal(w->last, "other", 5);
	assert_int_equal(carrier_data(w->dvc, 1, "fg", 2), 0);
	assert_int_equal(w->messages, 2);
	assert_int_equal(w->last_len, 7);
	assert_memory_equal(w->last, "abcdefg", 7);
	assert_int_equal(carrier_data_first(w->dvc, 1, 3, "xyz", 3), 0); /* all at once */
	assert_int_equal(w->messages, 3);
}

static void both_channels_may_be_in_fragments(void **state)
{
	struct world *w = with_channels(state);

	assert_int_equal(carrier_data_first(w->dvc, 1, 4, "ab", 2), 0);
	assert_int_equal(carrier_data_first(w->dvc, 2, 4, "AB", 2), 0);
	assert_int_equal(carrier_data(w->dvc, 1, "cd", 2), 0);
	assert_memory_equal(w->last, "abcd", 4);
	assert_int_equal(carrier_data(w->dvc, 2, "CD", 2), 0);
	assert_memory_equal(w->last, "ABCD", 4);
}

static void a_message_inside_another_is_malformed(void **state)
{
	struct world *w = with_channels(state);

	assert_int_equal(carrier_data_first(w->dvc, 1, 7, "abc", 3), 0);
	assert_int_equal(carrier_data_first(w->dvc, 1, 7, "abc", 3), ERR_FORMAT);
	assert_int_not_equal(dvc_error(w->dvc)[0], 0);
}

static void no_length_of_the_client_is_believed(void **state)
{
	struct world *w = with_channels(state);
	static uint8_t long_one[MESSAGE_MAX + 1];

	assert_int_equal(carrier_data_first(w->dvc, 1, UINT32_MAX, "abc", 3), ERR_FORMAT);
	assert_int_equal(carrier_data_first(w->dvc, 1, MESSAGE_MAX + 1, "abc", 3), ERR_FORMAT);
	assert_int_equal(carrier_data_first(w->dvc, 1, 2, "abc", 3), ERR_FORMAT);
	assert_int_equal(carrier_data(w->dvc, 1, long_one, sizeof long_one), ERR_FORMAT);
	assert_int_equal(carrier_data(w->dvc, 1, long_one, MESSAGE_MAX), 0);
	assert_int_equal(carrier_data_first(w->dvc, 1, 4, "abc", 3), 0);
	assert_int_equal(carrier_data(w->dvc, 1, "de", 2), ERR_FORMAT);
	assert_int_equal(w->messages, 1);
}

static void data_of_no_open_channel_is_dropped(void **state)
{
	struct world *w = *state;

	assert_int_equal(dvc_open(w->dvc, &handlers[0]), 1);
	assert_int_equal(carrier_data(w->dvc, 1, "a", 1), 0); /* before capabilities */
	assert_int_equal(carrier_capabilities(w->dvc), 0);
	assert_int_equal(carrier_data(w->dvc, 1, "a", 1), 0); /* before open */
	assert_int_equal(carrier_data_first(w->dvc, 1, 9, "a", 1), 0);
	assert_int_equal(carrier_data(w->dvc, 200, "a", 1), 0);
	assert_int_equal(carrier_create(w->dvc, 1, 0), 0);
	assert_int_equal(carrier_close(w->dvc, 1), 0);
	assert_int_equal(carrier_close(w->dvc, 1), 0);
	assert_int_equal(w->closed, 1);
	assert_int_equal(carrier_data(w->dvc, 1, "a", 1), 0);
	assert_int_equal(w->messages, 0);
	assert_int_equal(dvc_queue(w->dvc, 1, "x", 1), ERR_UNEXPECTED);
}

static void an_error_of_the_handler_ends_it(void **state)
{
	struct world *w = with_channels(state);

	w->answer = ERR_FORMAT;
	assert_int_equal(carrier_data(w->dvc, 1, "a", 1), ERR_FORMAT);
	assert_string_equal(dvc_error(w->dvc), "test");
}

static void chunks_of_the_static_channel_make_a_pdu(void **state)
{
	struct world *w = with_channels(state);
	const uint8_t pdu[] = { DVC_DATA << 4, 1, 'a', 'b', 'c' };

	for (int round = 0; round < 2; round++) {
		assert_int_equal(dvc_receive(w->dvc, pdu, 1, true, false), 0);
		assert_int_equal(dvc_receive(w->dvc, pdu + 1, 2, false, false), 0);
		assert_int_equal(dvc_receive(w->dvc, pdu + 3, 2, false, true), 0);
		assert_int_equal(w->messages, round + 1);
		assert_memory_equal(w->last, "abc", 3);
	}
	/* A new first one throws away what was not whole. */
	assert_int_equal(dvc_receive(w->dvc, pdu, 2, true, false), 0);
	assert_int_equal(dvc_receive(w->dvc, pdu, 4, true, false), 0);
	assert_int_equal(dvc_receive(w->dvc, pdu + 4, 1, false, true), 0);
	assert_int_equal(w->messages, 3);
	assert_int_equal(w->last_len, 3);
}

static void chunks_without_end_are_malformed(void **state)
{
	struct world *w = with_channels(state);
	static const uint8_t chunk[1600];
	int err = dvc_receive(w->dvc, chunk, sizeof chunk, true, false), count = 1;

	for (; err == 0; count++)
		err = dvc_receive(w->dvc, chunk, sizeof chunk, false, false);
	assert_int_equal(err, ERR_FORMAT);
	assert_in_range(count, 2, 64);
}

/* --- sending --- */

static void queue_pattern(struct world *w, int channel, size_t len, uint8_t seed)
{
	uint8_t *data = malloc(len);

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(seed + i * 7);
	assert_int_equal(dvc_queue(w->dvc, channel, data, len), 0);
	free(data);
}

static void check_pattern(const struct carrier_message *m, int channel, size_t len, uint8_t seed)
{
	assert_int_equal(m->channel, channel);
	assert_int_equal(m->len, len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(m->data[i], (uint8_t)(seed + i * 7));
}

static void a_blocked_carrier_gets_nothing_and_loses_nothing(void **state)
{
	static const size_t lens[] = { 1, 1590, 1595, 1596, 1600, 3200, 40000, 70000, 5 };
	enum { COUNT = sizeof lens / sizeof *lens };
	struct world *w = with_channels(state);
	size_t total = 0;
	int pdus;

	w->carrier.blocked = true;
	for (int i = 0; i < COUNT; i++) {
		queue_pattern(w, 1 + i % 2, lens[i], (uint8_t)i);
		total += lens[i];
	}
	pdus = w->carrier.pdus;
	assert_int_equal(dvc_flush(w->dvc), 0);
	assert_int_equal(w->carrier.pdus, pdus);
	assert_int_equal(dvc_queued_bytes(w->dvc), total);
	/* Three PDUs at a time. */
	while (dvc_queued_bytes(w->dvc) > 0) {
		pdus = w->carrier.pdus;
		w->carrier.blocked = false;
		w->carrier.allowed = 3;
		assert_int_equal(dvc_flush(w->dvc), 0);
		assert_in_range(w->carrier.pdus - pdus, 1, 3);
	}
	assert_int_equal(w->carrier.count, COUNT);
	for (int i = 0; i < COUNT; i++)
		check_pattern(&w->carrier.messages[i], 1 + i % 2, lens[i], (uint8_t)i);
}

static void the_queue_is_bounded(void **state)
{
	struct world *w = with_channels(state);
	static uint8_t large[1 << 20];
	int messages = 0, err = 0;

	w->carrier.blocked = true;
	for (; err == 0 && messages < 1000; messages++)
		err = dvc_queue(w->dvc, 1, large, sizeof large);
	assert_int_equal(err, ERR_SPACE);
	assert_true(dvc_queued_bytes(w->dvc) <= 64u << 20);
	w->carrier.blocked = false;
	assert_int_equal(dvc_flush(w->dvc), 0);
	w->carrier.blocked = true;
	for (err = messages = 0; err == 0 && messages < 100000; messages++)
		err = dvc_queue(w->dvc, 1, "x", 1);
	assert_int_equal(err, ERR_SPACE);
}

static void a_lost_carrier_is_told(void **state)
{
	struct world *w = with_channels(state);

	queue_pattern(w, 1, 10, 0);
	w->carrier.broken = true;
	assert_int_equal(dvc_flush(w->dvc), ERR_CLOSED);
	assert_int_equal(dvc_open(w->dvc, &handlers[0]), ERR_CLOSED);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(capabilities_come_before_channels),
		TEST(a_channel_opens_once_or_is_refused),
		TEST(no_more_channels_than_there_is_room_for),
		TEST(fragments_make_a_message),
		TEST(both_channels_may_be_in_fragments),
		TEST(a_message_inside_another_is_malformed),
		TEST(no_length_of_the_client_is_believed),
		TEST(data_of_no_open_channel_is_dropped),
		TEST(an_error_of_the_handler_ends_it),
		TEST(chunks_of_the_static_channel_make_a_pdu),
		TEST(chunks_without_end_are_malformed),
		TEST(a_blocked_carrier_gets_nothing_and_loses_nothing),
		TEST(the_queue_is_bounded),
		TEST(a_lost_carrier_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
