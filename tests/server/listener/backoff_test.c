#include <arpa/inet.h>
#include <backoff.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
	S = 1000000,
};

static struct backoff table;

static struct peer peer_of(const char *text)
{
	struct peer peer;

	assert_int_equal(peer_parse(&peer, text), 0);
	return peer;
}

static int clear(void **unused)
{
	memset(&table, 0, sizeof table);
	return 0;
}

static void test_fifth_failure_begins_a_wait(void **unused)
{
	struct peer a = peer_of("192.0.2.1"), b = peer_of("192.0.2.2");

	for (int i = 0; i < 4; i++) {
		assert_int_equal(backoff_fail(&table, a.key, (uint64_t)i * S), 0);
		assert_false(backoff_waits(&table, a.key, (uint64_t)i * S));
	}
	assert_int_equal(backoff_fail(&table, a.key, 4 * S), 1);
	assert_true(backoff_waits(&table, a.key, 4 * S));
	assert_true(backoff_waits(&table, a.key, 5 * S - 1));
	assert_false(backoff_waits(&table, a.key, 5 * S));
	assert_false(backoff_waits(&table, b.key, 4 * S));
}

static void test_waits_double_up_to_a_minute(void **unused)
{
	static const uint32_t waits[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
	struct peer a = peer_of("192.0.2.1");
	uint64_t now = 0;

	for (int i = 0; i < 4; i++)
		assert_int_equal(backoff_fail(&table, a.key, now), 0);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(backoff_fail(&table, a.key, now), waits[i]);
		assert_int_equal(backoff_fail(&table, a.key, now + 1), 0); /* was on its way already */
		now += (uint64_t)waits[i] * S;
		assert_false(backoff_waits(&table, a.key, now));
	}
}

static void test_slow_failures_are_forgiven(void **unused)
{
	struct peer a = peer_of("192.0.2.1");

	for (int i = 0; i < 50; i++) /* four in any minute */
		assert_int_equal(backoff_fail(&table, a.key, (uint64_t)i * 16 * S), 0);
}

static void test_a_minute_without_failure_forgets(void **unused)
{
	struct peer a = peer_of("192.0.2.1");
	uint64_t now = 0;

	for (int i = 0; i < 4; i++)
		assert_int_equal(backoff_fail(&table, a.key, now), 0);
	assert_int_equal(backoff_fail(&table, a.key, now), 1);
	now = 61 * S;
	for (int i = 0; i < 4; i++)
		assert_int_equal(backoff_fail(&table, a.key, now), 0);
	assert_int_equal(backoff_fail(&table, a.key, now), 1);
	assert_int_equal(backoff_fail(&table, a.key, now + 60 * S), 2);
}

static void test_a_full_table_forgets_the_soonest(void **unused)
{
	struct peer guesser = peer_of("192.0.2.1");
	uint64_t now = 0;

	for (int i = 0; i < 6; i++, now += S)
		(void)backoff_fail(&table, guesser.key, now); /* waits 2 s from 5 s on */
	for (uint32_t i = 0; i < 3 * BACKOFF_SLOTS; i++) {
		struct peer other = { .text = "" };

		memcpy(other.key, &i, sizeof i);
		other.key[15] = 1;
		assert_int_equal(backoff_fail(&table, other.key, 5 * S), 0);
	}
	assert_true(backoff_waits(&table, guesser.key, 6 * S));
}

static void test_peers(void **unused)
{
	struct peer a = peer_of("2001:db8:0:1::1"), b = peer_of("2001:db8:0:1:ffff::"),
		    c = peer_of("2001:db8:0:2::1");
	struct sockaddr_in6 mapped = { .sin6_family = AF_INET6 };
	struct sockaddr other = { .sa_family = AF_UNIX };
	struct peer d;

	assert_true(peer_same(a.key, b.key));
	assert_false(peer_same(a.key, c.key));
	inet_pton(AF_INET6, "::ffff:192.0.2.1", &mapped.sin6_addr);
	peer_init(&d, (struct sockaddr *)&mapped);
	assert_string_equal(d.text, "192.0.2.1");
	a = peer_of("192.0.2.1");
	assert_true(peer_same(a.key, d.key));
	b = peer_of("192.0.2.2");
	assert_false(peer_same(a.key, b.key));
	peer_init(&d, &other);
	assert_string_equal(d.text, "unknown");
	assert_int_equal(peer_parse(&d, "192.0.2"), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_fifth_failure_begins_a_wait, clear),
		cmocka_unit_test_setup(test_waits_double_up_to_a_minute, clear),
		cmocka_unit_test_setup(test_slow_failures_are_forgiven, clear),
		cmocka_unit_test_setup(test_a_minute_without_failure_forgets, clear),
		cmocka_unit_test_setup(test_a_full_table_forgets_the_soonest, clear),
		cmocka_unit_test(test_peers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
