#include <seats.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
	S = 1000000,
	COUNT = 300,
};

static struct seats seats;
static struct seat taken[COUNT];
static struct seat *victim;
static uint8_t keys[COUNT][PEER_KEY_LEN];

static void start(int max, int max_per_address)
{
	for (int i = 0; i < COUNT; i++)
		memcpy(keys[i], &i, sizeof i);
	seats_init(&seats, max, max_per_address);
	victim = NULL;
}

static void test_limit_in_all(void **unused)
{
	start(3, 2);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(seats_ask(&seats, keys[i], 0, &victim), SEATS_FREE);
		seats_take(&seats, &taken[i], keys[i], 0, false);
	}
	assert_int_equal(seats_ask(&seats, keys[9], 100 * S, &victim), SEATS_FULL);
	seats_leave(&seats, &taken[1]);
	assert_int_equal(seats_ask(&seats, keys[9], 100 * S, &victim), SEATS_FREE);
}

static void test_limit_per_address(void **unused)
{
	start(10, 2);
	seats_take(&seats, &taken[0], keys[0], 0, false);
	seats_take(&seats, &taken[1], keys[0], 0, true);
	assert_int_equal(seats_ask(&seats, keys[0], 100 * S, &victim), SEATS_ADDRESS_FULL);
	assert_int_equal(seats_ask(&seats, keys[1], 0, &victim), SEATS_FREE);
	seats_leave(&seats, &taken[1]);
	assert_int_equal(seats_ask(&seats, keys[0], 0, &victim), SEATS_FREE);
}

static void test_the_greedy_one_makes_room(void **unused)
{
	start(4, 4);
	seats_take(&seats, &taken[0], keys[0], 0, true); /* oldest, but alone */
	for (int i = 1; i < 4; i++)
		seats_take(&seats, &taken[i], keys[1], (uint64_t)i, true);
	assert_int_equal(seats_ask(&seats, keys[2], S, &victim), SEATS_FULL); /* within its first second */
	assert_int_equal(seats_ask(&seats, keys[2], S + 1, &victim), SEATS_EVICT);
	assert_ptr_equal(victim, &taken[1]);
	seats_settle(&seats, &taken[1]); /* it had logged in */
	assert_int_equal(seats_ask(&seats, keys[2], 2 * S, &victim), SEATS_EVICT);
	assert_ptr_equal(victim, &taken[2]);
	seats_leave(&seats, &taken[2]);
	assert_int_equal(seats_ask(&seats, keys[2], 2 * S, &victim), SEATS_FREE);
}

static void test_pending_ones_are_bounded(void **unused)
{
	start(COUNT - 1, COUNT - 1);
	for (int i = 0; i < (COUNT - 1) / 2; i++) {
		assert_int_equal(seats_ask(&seats, keys[i], 0, &victim), SEATS_FREE);
		seats_take(&seats, &taken[i], keys[i], 0, true);
	}
	assert_int_equal(seats_ask(&seats, keys[299], 0, &victim), SEATS_FULL);
	assert_int_equal(seats_ask(&seats, keys[299], S, &victim), SEATS_EVICT);
	assert_ptr_equal(victim, &taken[0]);
	seats_settle(&seats, &taken[7]);
	seats_settle(&seats, &taken[7]);
	assert_int_equal(seats.settled_count, 1);
	assert_int_equal(seats_ask(&seats, keys[299], 0, &victim), SEATS_FREE);
}

static void test_lower_limits_close_nobody(void **unused)
{
	start(10, 10);
	for (int i = 0; i < 5; i++)
		seats_take(&seats, &taken[i], keys[i], 0, false);
	seats.max = 3;
	assert_int_equal(seats_ask(&seats, keys[9], 100 * S, &victim), SEATS_FULL);
	for (int i = 0; i < 5; i++)
		seats_leave(&seats, &taken[i]);
	assert_int_equal(seats_ask(&seats, keys[9], 100 * S, &victim), SEATS_FREE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit_in_all),
		cmocka_unit_test(test_limit_per_address),
		cmocka_unit_test(test_the_greedy_one_makes_room),
		cmocka_unit_test(test_pending_ones_are_bounded),
		cmocka_unit_test(test_lower_limits_close_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
