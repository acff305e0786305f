#include "registry.h"
#include <base/packet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char run_dir[64];
static struct registry registry;

static int setup(void **state)
{
	strcpy(run_dir, "/tmp/oriel-registry-XXXXXX");
	return mkdtemp(run_dir) ? registry_open(&registry, run_dir) : -1;
}

static int teardown(void **state)
{
	char command[128];

	registry_close(&registry);
	snprintf(command, sizeof command, "rm -r %s", run_dir);
	return system(command);
}

static struct registry_entry entry_of(const char *name)
{
	struct registry_entry entry = {
		.kind = "pattern", .uid = getuid(), .keeper = getpid(), .started_us = 7
	};

	snprintf(entry.name, sizeof entry.name, "%s", name);
	snprintf(entry.user, sizeof entry.user, "%s", name);
	return entry;
}

static void path_in(char path[REGISTRY_PATH_CAP + 16], const char *name)
{
	snprintf(path, REGISTRY_PATH_CAP + 16, "%s/%s", registry.path, name);
}

static void test_locked_is_alive(void **state)
{
	struct registry_entry entry = entry_of("alice"), found, list[4];
	char path[REGISTRY_PATH_CAP + 16];
	int fd;

	assert_int_equal(registry_find(&registry, "alice", &found), ERR_MISSING);
	fd = registry_claim(&registry, "alice");
	assert_true(fd >= 0);
	assert_int_equal(registry_claim(&registry, "alice"), ERR_BUSY);
	assert_int_equal(registry_find(&registry, "alice", &found), ERR_AGAIN);
	assert_int_equal(registry_list(&registry, list, 4), 0);
	assert_int_equal(registry_fill(fd, &entry), 0);
	assert_int_equal(registry_find(&registry, "alice", &found), 0);
	assert_string_equal(found.kind, "pattern");
	assert_int_equal(found.keeper, getpid());
	assert_int_equal(registry_list(&registry, list, 4), 1);
	assert_string_equal(list[0].name, "alice");
	close(fd); /* the keeper dies */
	path_in(path, "alice.json");
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(registry_find(&registry, "alice", &found), ERR_MISSING);
	assert_int_equal(access(path, F_OK), -1);
	fd = registry_claim(&registry, "alice");
	assert_true(fd >= 0);
	registry_unclaim(&registry, "alice", fd);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_connects_to_the_user_only(void **state)
{
	struct registry_entry entry = entry_of("alice");
	char folder[REGISTRY_PATH_CAP + 16], path[REGISTRY_PATH_CAP + 16], elsewhere[REGISTRY_PATH_CAP + 16];
	int listener, fd;

	path_in(folder, "alice");
	path_in(path, "alice/link");
	path_in(elsewhere, "elsewhere");
	assert_int_equal(registry_connect(&registry, &entry), ERR_MISSING);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(registry_connect(&registry, &entry), ERR_MISSING);

	assert_true((listener = packet_listen(elsewhere, 0700)) >= 0);
	assert_int_equal(symlink(elsewhere, path), 0);
	assert_int_equal(registry_connect(&registry, &entry), ERR_DENIED); /* a link to a socket */
	close(listener);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(registry_connect(&registry, &entry), ERR_DENIED);
	assert_int_equal(unlink(path), 0);

	assert_true((listener = packet_listen(path, 0700)) >= 0);
	assert_true((fd = registry_connect(&registry, &entry)) >= 0);
	close(fd);
	entry.uid++; /* everything there is somebody else's */
	assert_int_equal(registry_connect(&registry, &entry), ERR_DENIED);
	entry.uid--;
	close(listener);
	assert_int_equal(registry_connect(&registry, &entry), ERR_CLOSED); /* stale */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(symlink(registry.path, folder), 0);
	assert_int_equal(registry_connect(&registry, &entry), ERR_DENIED); /* a link to a folder */
}

static void test_last_words(void **state)
{
	static const struct {
		const char *log, *words;
	} cases[] = {
		{ "", "" },
		{ "one\ntwo\n", "two" },
		{ "one\n2026-01-31 12:00:00.000 error guest: no Xorg\n\n", "no Xorg" },
		{ "a\x1b[2J\xff", "a?[2J?" },
	};
	char path[REGISTRY_PATH_CAP + 16], text[128];

	registry_last_words(&registry, "alice", text, sizeof text);
	assert_string_equal(text, "");
	path_in(path, "alice.log");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		fputs(cases[i].log, file);
		fclose(file);
		registry_last_words(&registry, "alice", text, sizeof text);
		assert_string_equal(text, cases[i].words);
	}
}

static void test_entry_text(void **state)
{
	static const char *const broken[] = {
		"", "[]", "{}", "{\"name\":\"a\"}",
		"{\"name\":\"..\",\"user\":\"a\",\"kind\":\"x11\",\"uid\":1,\"keeper\":2,\"started_us\":3}",
		"{\"name\":\"a\",\"user\":\"a\",\"kind\":\"x11\",\"uid\":-1,\"keeper\":2,\"started_us\":3}",
		"{\"name\":\"a\",\"user\":\"a\",\"kind\":\"x11\",\"uid\":1,\"keeper\":1,\"started_us\":3}",
		"{\"name\":\"a\",\"user\":\"a\",\"kind\":\"much too long a kind\",\"uid\":1,\"keeper\":2,\"started_us\":3}"
	};
	struct registry_entry entry = entry_of("alice"), back;
	char text[REGISTRY_ENTRY_MAX];
	int len = registry_entry_write(&entry, text, sizeof text);

	assert_true(len > 0);
	assert_int_equal(registry_entry_parse(&back, text, (size_t)len), 0);
	assert_memory_equal(&entry, &back, sizeof back);
	assert_int_equal(registry_entry_write(&entry, text, 20), ERR_SPACE);
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		assert_int_equal(registry_entry_parse(&back, broken[i], strlen(broken[i])), ERR_FORMAT);
}

static void test_names(void **state)
{
	static const char *const good[] = { "a", "john.doe", "_apt", "user@example.org", "x-1",
		"abcdefghijklmnopqrstuvwxyz012345" };
	static const char *const bad[] = { "", ".", "..", "a/b", "-x", ".x", "a b", "\xc3\xa4", "a.json",
		"a.log", "abcdefghijklmnopqrstuvwxyz0123456" };

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(name_valid(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(name_valid(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_locked_is_alive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_connects_to_the_user_only, setup, teardown),
		cmocka_unit_test_setup_teardown(test_last_words, setup, teardown),
		cmocka_unit_test(test_entry_text),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
