#include "store.h"
#include <base/log.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char dir[64];

static int make_dir(void **state)
{
	strcpy(dir, "/tmp/oriel-store-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static void path_of(const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", dir, name);
}

static int remove_dir(void **state)
{
	char path[128];

	path_of("users", path);
	unlink(path);
	path_of("users.new", path);
	unlink(path);
	return rmdir(dir);
}

static void write_users(const char *text, mode_t mode)
{
	char path[128];
	int fd;

	path_of("users", path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static const uint8_t hash_a[16] = "0123456789abcde", hash_b[16] = "fedcba987654321";

static void test_keeps_users(void **state)
{
	struct store *store = store_create(dir, NULL);
	struct store_user user;
	struct stat st;
	char path[128];

	assert_non_null(store);
	assert_int_equal(store_count(store), 0);
	assert_int_equal(store_add(store, "alice", hash_a), 0);
	assert_int_equal(store_add(store, "bob", hash_b), 0);
	assert_int_equal(store_add(store, "ALICE", hash_b), ERR_BUSY);
	assert_int_equal(store_add(store, "../x", hash_b), ERR_ARGUMENT);
	store_destroy(store);
	path_of("users", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	store = store_create(dir, NULL);
	assert_non_null(store);
	assert_int_equal(store_count(store), 2);
	assert_true(store_find(store, "Alice", &user));
	assert_string_equal(user.name, "alice");
	assert_memory_equal(user.hash, hash_a, 16);
	assert_int_equal(store_change(store, "alice", hash_b), 0);
	assert_int_equal(store_change(store, "carol", hash_b), ERR_MISSING);
	assert_int_equal(store_remove(store, "bob"), 0);
	assert_int_equal(store_remove(store, "bob"), ERR_MISSING);
	store_destroy(store);

	store = store_create(dir, NULL);
	assert_non_null(store);
	assert_int_equal(store_count(store), 1);
	assert_true(store_find(store, "alice", &user));
	assert_memory_equal(user.hash, hash_b, 16);
	assert_false(store_find(store, "bob", &user));
	assert_int_not_equal(memcmp(user.hash, hash_b, 16), 0);
	store_destroy(store);
}

/* No room on the disk: the old file stays, in memory and on disk. */
static void test_full_disk(void **state)
{
	struct store *store = store_create(dir, NULL);
	struct rlimit old, none;
	struct store_user user;

	assert_non_null(store);
	assert_int_equal(store_add(store, "alice", hash_a), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	none = old;
	none.rlim_cur = 80; /* the comment alone fits */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	int added = store_add(store, "bob", hash_b), changed = store_change(store, "alice", hash_b),
	    removed = store_remove(store, "alice");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(added, ERR_IO);
	assert_int_equal(changed, ERR_IO);
	assert_int_equal(removed, 0); /* an empty store still fits */
	store_destroy(store);
	store = store_create(dir, NULL);
	assert_non_null(store);
	assert_int_equal(store_count(store), 0);
	assert_false(store_find(store, "bob", &user));
	store_destroy(store);
}

static void test_own_user_only(void **state)
{
	struct store *store;

	write_users("alice:00112233445566778899aabbccddeeff\nbob:00112233445566778899AABBCCDDEEFF\n", 0600);
	store = store_create(dir, "bob");
	assert_non_null(store);
	assert_int_equal(store_count(store), 1);
	assert_string_equal(store_name(store, 0), "bob");
	assert_int_equal(store_add(store, "alice", hash_a), ERR_DENIED);
	store_destroy(store);
}

static void test_narrows_the_mode(void **state)
{
	struct store *store;
	struct stat st;
	char path[128];

	write_users("# nothing\n", 0644);
	store = store_create(dir, NULL);
	assert_non_null(store);
	path_of("users", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	store_destroy(store);
}

static void test_refuses_broken_files(void **state)
{
	static const char *const broken[] = { "alice\n", "alice:\n", ":00112233445566778899aabbccddeeff\n",
		"alice:00112233445566778899aabbccddeefg\n", "alice:00112233445566778899aabbccddeeff0\n",
		"al/ce:00112233445566778899aabbccddeeff\n",
		"a:00112233445566778899aabbccddeeff\nA:00112233445566778899aabbccddeeff\n" };
	struct store_user users[4];
	size_t line;

	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		write_users(broken[i], 0600);
		assert_null(store_create(dir, NULL));
	}
	assert_int_equal(store_parse("#\n\nx\n", 5, users, 4, &line), ERR_FORMAT);
	assert_int_equal(line, 3);
	assert_int_equal(store_parse("a:00112233445566778899aabbccddeeff", 34, users, 4, &line), 1);
	assert_int_equal(store_parse("a:00112233445566778899aabbccddeeff", 34, users, 0, &line), ERR_SPACE);
}

static void test_refuses_links(void **state)
{
	char path[128];

	path_of("users", path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_null(store_create(dir, NULL));
	assert_null(store_create("/nonexistent", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_keeps_users, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_full_disk, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_own_user_only, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_narrows_the_mode, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_refuses_broken_files, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_refuses_links, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
