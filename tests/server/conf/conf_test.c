#include <server/conf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct oriel_conf conf;
static struct conf_error error;

static int parse(const char *text)
{
	conf_defaults(&conf, true);
	error.text[0] = '\0';
	return conf_parse(&conf, text, strlen(text), "f", &error);
}

static void check_refused(const char *text, const char *message)
{
	assert_int_equal(parse(text), ERR_FORMAT);
	assert_string_equal(error.text, message);
}

static void test_defaults_of_the_system(void **unused)
{
	conf_defaults(&conf, true);
	assert_string_equal(conf.run_dir, "/run/oriel");
	assert_string_equal(conf.state_dir, "/var/lib/oriel");
	assert_string_equal(conf.host.server_user, "oriel");
	assert_true(conf.host.pam);
	assert_int_equal(conf.server.listen.count, 2);
	assert_string_equal(conf.server.listen.at[0].text, "0.0.0.0:3389");
	assert_string_equal(conf.server.listen.at[1].text, "[::]:3389");
	assert_int_equal(conf.server.max_sessions, 200);
	assert_int_equal(conf.server.max_sessions_per_address, 20);
	assert_int_equal(conf.server.login_timeout_s, 10);
	assert_true(conf.server.nla && conf.server.tls);
	assert_int_equal(conf.guest.kind, CONF_GUEST_X11);
	assert_int_equal(conf.guest.gpu, CONF_GPU_NONE);
	assert_false(conf.guest.shared);
}

static void test_defaults_of_a_user(void **unused)
{
	char path[CONF_PATH_CAP], expected[CONF_PATH_CAP];

	setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	setenv("XDG_STATE_HOME", "/s", 1);
	setenv("XDG_CONFIG_HOME", "relative", 1);
	setenv("HOME", "/home/u", 1);
	conf_defaults(&conf, false);
	assert_string_equal(conf.run_dir, "/run/user/7/oriel");
	assert_string_equal(conf.state_dir, "/s/oriel");
	assert_false(conf.host.pam);
	assert_int_equal(conf_default_path(path, false), 0);
	assert_string_equal(path, "/home/u/.config/oriel/oriel.conf");
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("XDG_STATE_HOME");
	conf_defaults(&conf, false);
	snprintf(expected, sizeof expected, "/tmp/oriel-%u", (unsigned)geteuid());
	assert_string_equal(conf.run_dir, expected);
	assert_string_equal(conf.state_dir, "/home/u/.local/state/oriel");
}

static void test_every_setting(void **unused)
{
	assert_int_equal(parse("# comment\n"
			       "log_level = debug\n"
			       "run_dir=/r\r\n"
			       "  state_dir  =  /s with blank  \n"
			       "trace = /t\n"
			       "\n"
			       "; comment\n"
			       "[server]\n"
			       "listen = 192.0.2.1, [2001:db8::1]:4000 ::1\n"
			       "max_sessions = 10000\n"
			       "max_sessions_per_address = 1\n"
			       "login_timeout_s = 600\n"
			       "security = tls\n"
			       "[host]\n"
			       "pam = no\n"
			       "server_user = rdp\n"
			       "[guest]\n"
			       "kind = pattern\n"
			       "gpu = virtual\n"
			       "options = --still -x=1 # no comment\n"
			       "shared = yes"),
			0);
	assert_int_equal(conf.log_level, LOG_LEVEL_DEBUG);
	assert_string_equal(conf.run_dir, "/r");
	assert_string_equal(conf.state_dir, "/s with blank");
	assert_string_equal(conf.trace, "/t");
	assert_int_equal(conf.server.listen.count, 3);
	assert_string_equal(conf.server.listen.at[0].text, "192.0.2.1:3389");
	assert_string_equal(conf.server.listen.at[1].text, "[2001:db8::1]:4000");
	assert_string_equal(conf.server.listen.at[2].text, "[::1]:3389");
	assert_int_equal(conf.server.max_sessions, 10000);
	assert_int_equal(conf.server.max_sessions_per_address, 1);
	assert_int_equal(conf.server.login_timeout_s, 600);
	assert_true(conf.server.tls && !conf.server.nla);
	assert_false(conf.host.pam);
	assert_string_equal(conf.host.server_user, "rdp");
	assert_int_equal(conf.guest.kind, CONF_GUEST_PATTERN);
	assert_int_equal(conf.guest.gpu, CONF_GPU_VIRTUAL);
	assert_string_equal(conf.guest.options, "--still -x=1 # no comment");
	assert_true(conf.guest.shared);
}

static void test_kinds_of_guests(void **unused)
{
	assert_int_equal(parse("[guest]\nkind = vm\n"), 0);
	assert_int_equal(conf.guest.kind, CONF_GUEST_VM);
	assert_int_equal(parse("[guest]\nkind = x11\n"), 0);
	assert_int_equal(conf.guest.kind, CONF_GUEST_X11);
	check_refused("[guest]\nkind = mv\n", "f:2: kind = mv: expected x11, pattern or vm");
}

static void test_messages(void **unused)
{
	check_refused("[server]\n\nmax_sessions = 0\n",
			"f:3: max_sessions = 0: expected a number from 1 to 10000");
	check_refused("[server]\nmax_sessions=1\nmax_sessions=1\n",
			"f:3: max_sessions: given twice, first in line 2");
	check_refused("[srv]\n", "f:1: [srv]: unknown section, expected one of: server, host, guest");
	check_refused("[server\n", "f:1: [server: expected ] at the end of a section's name");
	check_refused("colour = red\n",
			"f:1: colour: unknown key above the first [section], expected one of: "
			"log_level, run_dir, state_dir, trace");
	check_refused("[host]\ncolour = red\n",
			"f:2: colour: unknown key in [host], expected one of: pam, server_user");
	check_refused("[host]\nlog_level = info\n",
			"f:2: log_level: this key belongs above the first [section]");
	check_refused("shared = yes\n", "f:1: shared: this key belongs below [guest]");
	check_refused("[guest]\nhello\n",
			"f:2: hello: expected `key = value`, `[section]` or a comment with #");
	check_refused("run_dir = run\n", "f:1: run_dir = run: expected an absolute path of at most 63 bytes");
	check_refused("log_level = \033[31m\n",
			"f:1: log_level = ?[31m: expected error, warn, info or debug");
}

static void test_bad_values(void **unused)
{
	static const char *const bad[] = { "max_sessions = 10001", "max_sessions = -1", "max_sessions = +1",
		"max_sessions = 1x", "max_sessions =", "max_sessions = 99999999999999999999",
		"listen =", "listen = ,", "listen = localhost", "listen = 1.2.3.4 1.2.3.4:3389",
		"listen = ::1 [0::1]:3389", "security =", "security = rdp", "security = nla tls rdp",
		"security = verylongword", "login_timeout_s = 0", "listen = 1 2 3", "= 3",
		"[host]\npam = true", "[host]\nserver_user =", "[host]\nserver_user = a b",
		"[guest]\nkind = wayland", "[guest]\nshared = 1", "[guest]\ngpu = yes", "[guest]\ngpu =" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char text[100];

		snprintf(text, sizeof text, "[server]\n%s", bad[i]);
		if (parse(text) != ERR_FORMAT)
			fail_msg("taken: %s", bad[i]);
	}
}

static void test_bounds(void **unused)
{
	char text[3000];

	memset(text, 'x', sizeof text);
	text[2999] = '\0';
	assert_int_equal(parse(text), ERR_FORMAT);
	memcpy(text, "trace = /", 9);
	text[263] = '\0'; /* a path of 255 bytes */
	assert_int_equal(parse(text), 0);
	strcpy(text + 263, "x");
	assert_int_equal(parse(text), ERR_FORMAT);
	assert_int_equal(conf_parse(&conf, "trace = /a\0b", 12, "f", &error), ERR_FORMAT);
	assert_string_equal(error.text, "f:1: zero byte: expected text");
	memset(text, ' ', sizeof text);
	memcpy(text, "[guest]\noptions =", 17);
	for (int i = 0; i < 17; i++)
		memcpy(text + 17 + 8 * i, " 1.2.3.4", 8);
	text[17 + 17 * 8] = '\0';
	assert_int_equal(parse(text), 0);
}

static void check_address(const char *text, const char *expected)
{
	struct conf_address address;

	if (!expected) {
		if (conf_address_parse(&address, text, 1000) != ERR_FORMAT)
			fail_msg("taken: %s", text);
		return;
	}
	assert_int_equal(conf_address_parse(&address, text, 1000), 0);
	assert_string_equal(address.text, expected);
}

static void test_addresses(void **unused)
{
	check_address("1.2.3.4", "1.2.3.4:1000");
	check_address("1.2.3.4:65535", "1.2.3.4:65535");
	check_address("::", "[::]:1000");
	check_address("[::]:22", "[::]:22");
	check_address("[::1]", "[::1]:1000");
	check_address("fe80::1%lo", "[fe80::1%lo]:1000");
	check_address("[FE80:0::1%lo]:9", "[fe80::1%lo]:9");
	check_address("", NULL);
	check_address(":3389", NULL);
	check_address("1.2.3.4:", NULL);
	check_address("1.2.3.4:0", NULL);
	check_address("1.2.3.4:65536", NULL);
	check_address("1.2.3.4: 5", NULL);
	check_address("[1.2.3.4]:5", NULL);
	check_address("[::1", NULL);
	check_address("[::1]5", NULL);
	check_address("::1%nosuchlink", NULL);
	check_address("1:2:3:4:5:6:7:8:9", NULL);
}

static void test_port_for_all(void **unused)
{
	conf_defaults(&conf, true);
	conf_listen_set_port(&conf.server.listen, 65535);
	assert_string_equal(conf.server.listen.at[0].text, "0.0.0.0:65535");
	assert_string_equal(conf.server.listen.at[1].text, "[::]:65535");
	assert_int_equal(ntohs(conf.server.listen.at[0].in.sin_port), 65535);
	assert_int_equal(ntohs(conf.server.listen.at[1].in6.sin6_port), 65535);
}

static void test_load(void **state)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof path, "%s/oriel.conf", (char *)*state);
	conf.system = false;
	assert_int_equal(conf_load(path, true, &conf, &error), ERR_MISSING);
	assert_non_null(strstr(error.text, "oriel.conf: cannot read: No such file"));
	assert_int_equal(conf_load(*state, true, &conf, &error), ERR_IO); /* a directory */
	file = fopen(path, "w");
	fputs("[server]\nmax_sessions = 3\n", file);
	fclose(file);
	assert_int_equal(conf_load(path, true, &conf, &error), 0);
	assert_int_equal(conf.server.max_sessions, 3);
	file = fopen(path, "w");
	fputs("[server]\nmax_sessions = 4\nx = 1\n", file);
	fclose(file);
	assert_int_equal(conf_load(path, true, &conf, &error), ERR_FORMAT);
	assert_int_equal(conf.server.max_sessions, 3);
	file = fopen(path, "w");
	for (int i = 0; i < CONF_FILE_MAX; i++)
		fputc('\n', file);
	fputc('\n', file);
	fclose(file);
	assert_int_equal(conf_load(path, true, &conf, &error), ERR_FORMAT);
	setenv("XDG_CONFIG_HOME", *state, 1);
	assert_int_equal(conf_load(NULL, false, &conf, &error), 0); /* missing by default is fine */
	assert_int_equal(conf.server.max_sessions, 200);
	unlink(path);
}

static void test_directories(void **state)
{
	char path[200], trap[200];
	struct stat st;

	snprintf(path, sizeof path, "%s/a/b/c", (char *)*state);
	umask(077);
	assert_int_equal(conf_dir_make(path, 0711, (uid_t)-1, (gid_t)-1), 0);
	assert_int_equal(conf_dir_make(path, 0711, (uid_t)-1, (gid_t)-1), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0711);
	chmod(path, 0777);
	assert_int_equal(conf_dir_make(path, 0711, (uid_t)-1, (gid_t)-1), ERR_DENIED);
	snprintf(trap, sizeof trap, "%s/link", (char *)*state);
	assert_int_equal(symlink("/", trap), 0);
	assert_int_equal(conf_dir_make(trap, 0711, (uid_t)-1, (gid_t)-1), ERR_DENIED);
	if (geteuid() == 0) {
		chmod(path, 0700);
		assert_int_equal(chown(path, 12345, 12345), 0);
		assert_int_equal(conf_dir_make(path, 0711, (uid_t)-1, (gid_t)-1), ERR_DENIED);
		assert_int_equal(conf_dir_make(path, 0711, 12345, 12345), 0);
	}
}

static int make_folder(void **state)
{
	static char path[] = "/tmp/oriel-conf-XXXXXX";

	*state = mkdtemp(path);
	return *state ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[100];

	snprintf(command, sizeof command, "rm -rf %s", (char *)*state);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_of_the_system),
		cmocka_unit_test(test_defaults_of_a_user),
		cmocka_unit_test(test_every_setting),
		cmocka_unit_test(test_kinds_of_guests),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_port_for_all),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_directories),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
