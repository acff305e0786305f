/* Verdicts, back-off and the order of messages, without sockets. */
#include "login.h"
#include "door.h"
#include "nla.h"
#include <base/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
	SECOND = 1000000,
};

static char dir[64];
static struct login login;
static struct control_nla nla;
static struct control_verdict verdict;

static int setup(void **state)
{
	uint8_t hash[16];

	log_init("test", LOG_LEVEL_WARN);
	strcpy(dir, "/tmp/oriel-login-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	login = (struct login){ .store = store_create(dir, NULL), .limit = limit_create() };
	if (!login.store || !login.limit || ntlm_hash("secret", hash) < 0)
		return -1;
	return store_add(login.store, "alice", hash);
}

static int teardown(void **state)
{
	char path[128];

	store_destroy(login.store);
	limit_destroy(login.limit);
	snprintf(path, sizeof path, "%s/users", dir);
	unlink(path);
	return rmdir(dir);
}

static enum login_next try_password(const char *user, const char *password, uint64_t now)
{
	struct control_password try = { 0 };

	snprintf(try.user, sizeof try.user, "%s", user);
	snprintf(try.password, sizeof try.password, "%s", password);
	return login_password(&login, &try, now, &verdict);
}

static void test_nla(void **state)
{
	static const uint8_t zero[16];
	uint8_t hash[16], owf[16];

	nla_make(&nla, "secret", "Alice", "SOMEWHERE");
	assert_int_equal(login_nla(&login, &nla, SECOND, &verdict), LOGIN_DECIDED);
	assert_int_equal(verdict.status, CONTROL_OK);
	assert_string_equal(verdict.user, "alice");
	assert_int_equal(ntlm_hash("secret", hash), 0);
	assert_int_equal(ntlm_owf_v2(hash, "alice", "SOMEWHERE", owf), 0);
	assert_memory_equal(verdict.ntowf_v2, owf, 16);

	nla_make(&nla, "wrong", "alice", "");
	assert_int_equal(login_nla(&login, &nla, SECOND, &verdict), LOGIN_DECIDED);
	assert_int_equal(verdict.status, CONTROL_REFUSED);
	assert_memory_equal(verdict.ntowf_v2, zero, 16);
	nla_make(&nla, "secret", "bob", "");
	assert_int_equal(login_nla(&login, &nla, SECOND, &verdict), LOGIN_DECIDED);
	assert_int_equal(verdict.status, CONTROL_REFUSED);
	assert_string_equal(verdict.user, "");
}

static void test_no_mic_and_mixed_pieces(void **state)
{
	nla_make(&nla, "secret", "alice", "");
	memset(nla.mic, 0, sizeof nla.mic);
	login_nla(&login, &nla, SECOND, &verdict);
	assert_int_equal(verdict.status, CONTROL_NO_MIC);
	nla_make(&nla, "secret", "alice", "");
	nla.mic_input[20] ^= 1; /* of NEGOTIATE: the MIC covers it */
	login_nla(&login, &nla, SECOND, &verdict);
	assert_int_equal(verdict.status, CONTROL_REFUSED);
	nla_make(&nla, "secret", "alice", "");
	strcpy(nla.domain, "OTHER");
	login_nla(&login, &nla, SECOND, &verdict);
	assert_int_equal(verdict.status, CONTROL_REFUSED);
}

static void test_password(void **state)
{
	assert_int_equal(try_password("ALICE", "secret", SECOND), LOGIN_DECIDED);
	assert_int_equal(verdict.status, CONTROL_OK);
	assert_string_equal(verdict.user, "alice");
	assert_int_equal(try_password("alice", "Secret", SECOND), LOGIN_DECIDED);
	assert_int_equal(verdict.status, CONTROL_REFUSED);
	assert_int_equal(try_password("alice", "", SECOND), LOGIN_DECIDED);
	assert_int_equal(verdict.status, CONTROL_REFUSED);
	assert_int_equal(try_password("bob", "secret", SECOND), LOGIN_DECIDED);
	assert_int_equal(verdict.status, CONTROL_REFUSED);
}

static void test_pam_is_asked(void **state)
{
	login.pam = true;
	assert_int_equal(try_password("alice", "secret", SECOND), LOGIN_ASK_ACCOUNT);
	login_finish(&login, CONTROL_EXPIRED, "", &verdict);
	assert_int_equal(verdict.status, CONTROL_EXPIRED);
	assert_string_equal(verdict.user, "");
	assert_int_equal(try_password("bob", "his own", SECOND), LOGIN_ASK_PASSWORD);
	login_finish(&login, CONTROL_OK, "bob", &verdict);
	assert_int_equal(verdict.status, CONTROL_OK);
	assert_string_equal(verdict.user, "bob");
	assert_int_equal(try_password("b/b", "his own", SECOND), LOGIN_DECIDED);
	assert_int_equal(verdict.status, CONTROL_REFUSED);
	nla_make(&nla, "secret", "alice", "");
	assert_int_equal(login_nla(&login, &nla, SECOND, &verdict), LOGIN_ASK_ACCOUNT);
	login_finish(&login, CONTROL_INTERNAL, "", &verdict);
	assert_int_equal(verdict.ntowf_v2[0] | verdict.ntowf_v2[15], 0);

	login.only_user = "alice";
	assert_int_equal(try_password("bob", "his own", SECOND), LOGIN_DECIDED);
	assert_int_equal(verdict.status, CONTROL_REFUSED);
}

/* How many tries of a name get through within that many seconds, one each 0.1 s. */
static int tries_within(const char *name, uint64_t from, int seconds)
{
	int taken = 0;

	for (int i = 0; i < 10 * seconds; i++)
		taken += limit_take(login.limit, name, from + (uint64_t)i * SECOND / 10);
	return taken;
}

static void test_backoff_per_name(void **state)
{
	/* Five at once, then after 1, 2, 4, 8, 16 s and every 30 s. */
	assert_int_equal(tries_within("alice", SECOND, 1), LIMIT_FREE_TRIES);
	assert_false(limit_take(login.limit, "Alice", 2 * SECOND));
	assert_true(limit_take(login.limit, "bob", 2 * SECOND));
	assert_true(limit_take(login.limit, "alice", 3 * SECOND));
	assert_int_equal(tries_within("alice", 100 * SECOND, 300), 13);
	assert_int_equal(tries_within("alice", 5000 * (uint64_t)SECOND, 1), LIMIT_FREE_TRIES);
}

static void test_right_tries_are_free(void **state)
{
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(try_password("alice", "secret", SECOND), LOGIN_DECIDED);
		assert_int_equal(verdict.status, CONTROL_OK);
	}
	for (int i = 0; i < LIMIT_FREE_TRIES; i++)
		try_password("alice", "wrong", SECOND);
	try_password("alice", "secret", SECOND);
	assert_int_equal(verdict.status, CONTROL_LIMIT);
	try_password("alice", "secret", 4 * SECOND);
	assert_int_equal(verdict.status, CONTROL_OK);
}

static void test_backoff_of_all(void **state)
{
	char name[32];
	int taken = 0;

	for (int i = 0; i < 10 * LIMIT_NAMES_MAX; i++) {
		snprintf(name, sizeof name, "user%d", i);
		taken += limit_take(login.limit, name, SECOND);
	}
	assert_int_equal(taken, LIMIT_ALL_BURST);
	taken = 0;
	for (int i = 0; i < 10 * LIMIT_NAMES_MAX; i++) {
		snprintf(name, sizeof name, "other%d", i);
		taken += limit_take(login.limit, name, 11 * SECOND);
	}
	assert_int_equal(taken, 10 * LIMIT_ALL_PER_S);
}

/* Made-up names do not push a name that is waited for out of the table. */
static void test_table_keeps_the_guessed(void **state)
{
	uint64_t now = SECOND;
	char name[32];

	for (int i = 0; i < 12; i++, now += 31 * (uint64_t)SECOND)
		assert_true(limit_take(login.limit, "alice", now));
	now -= 31 * (uint64_t)SECOND;
	for (int i = 0; i < 3 * LIMIT_NAMES_MAX; i++) {
		snprintf(name, sizeof name, "user%d", i);
		limit_take(login.limit, name, now + (uint64_t)i);
	}
	assert_false(limit_take(login.limit, "alice", now + SECOND));
}

static void test_door(void **state)
{
	const struct control_verdict no = { .status = CONTROL_REFUSED }, yes = { .user = "alice" };
	struct door door = { 0 };

	assert_int_equal(door_message(&door, CONTROL_ATTACH), ERR_UNEXPECTED);
	assert_int_equal(door_message(&door, CONTROL_VERDICT), ERR_UNEXPECTED);
	assert_int_equal(door_message(&door, CONTROL_NLA), 0);
	assert_int_equal(door_message(&door, CONTROL_NLA), ERR_UNEXPECTED); /* not before the answer */
	door_verdict(&door, &no);
	assert_int_equal(door_message(&door, CONTROL_PASSWORD), 0);
	door_verdict(&door, &yes);
	assert_string_equal(door.user, "alice");
	assert_int_equal(door_message(&door, CONTROL_PASSWORD), ERR_UNEXPECTED);
	assert_int_equal(door_message(&door, CONTROL_ATTACH), 0);
	assert_int_equal(door_message(&door, CONTROL_ATTACH), ERR_UNEXPECTED);

	door = (struct door){ 0 };
	for (int i = 0; i < CONTROL_TRIES_MAX; i++) {
		assert_int_equal(door_message(&door, CONTROL_PASSWORD), 0);
		door_verdict(&door, &no);
	}
	assert_int_equal(door_message(&door, CONTROL_PASSWORD), ERR_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nla, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_mic_and_mixed_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_password, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pam_is_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_backoff_per_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_right_tries_are_free, setup, teardown),
		cmocka_unit_test_setup_teardown(test_backoff_of_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_table_keeps_the_guessed, setup, teardown),
		cmocka_unit_test(test_door),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
