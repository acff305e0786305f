/* Programs that the machine needs, and the disk that it starts from. */
#include <base/loop.h>
#include <image.h>
#include <kvm.h>
#include <machine.h>
#include <process.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static sd_event *event;
static struct process process;
static char dir[32];
static int ends;

static void on_end(void *user)
{
	ends++;
	sd_event_exit(event, 0);
}

static int setup(void **state)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	event = loop_create();
	ends = 0;
	process = (struct process){ .name = "test", .on_end = on_end, .output_fd = -1 };
	snprintf(dir, sizeof dir, "/tmp/oriel-vm-XXXXXX");
	assert_non_null(mkdtemp(dir));
	return 0;
}

static int teardown(void **state)
{
	char command[64];

	process_stop(&process, SIGKILL, 0);
	sd_event_unref(event);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);
}

static void shell(const char *script)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	assert_int_equal(process_start(&process, event, argv, NULL, 0), 0);
}

static void its_last_line_says_why(void **state)
{
	char why[300];

	shell("echo one; printf 'two\\n\\nthree'; exit 5");
	sd_event_loop(event);
	assert_int_equal(ends, 1);
	assert_int_equal(process.pid, 0);
	process_why(&process, why, sizeof why);
	assert_string_equal(why, "code 5: three");
}

static void the_time_of_a_line_is_left_out(void **state)
{
	shell("echo '2026-11-22 07:13:28.190 error vgpu: no'");
	sd_event_loop(event);
	assert_string_equal(process.last_line, "error vgpu: no");
}

static void only_a_whole_time_is_one(void **state)
{
	shell("echo '2026-11-22 7:13 b'");
	sd_event_loop(event);
	assert_string_equal(process.last_line, "2026-11-22 7:13 b");
}

static void a_signal_is_named(void **state)
{
	char why[300];

	shell("echo something; kill -9 $$");
	sd_event_loop(event);
	process_why(&process, why, sizeof why);
	assert_string_equal(why, "signal 9");
}

static void failure_shows_before_the_end_is_told(void **state)
{
	siginfo_t info;

	shell("exec sleep 1000");
	assert_false(process_failed(&process));
	process_stop(&process, SIGTERM, 1000);
	assert_true(process_failed(&process));
	shell("exit 0");
	assert_int_equal(waitid(P_PID, (id_t)process.pid, &info, WEXITED | WNOWAIT), 0);
	assert_false(process_failed(&process));
	process_stop(&process, SIGTERM, 1000);
	assert_false(process_failed(&process));
	shell("exit 3");
	assert_int_equal(waitid(P_PID, (id_t)process.pid, &info, WEXITED | WNOWAIT), 0);
	assert_true(process_failed(&process));
	sd_event_loop(event);
	assert_int_equal(ends, 1);
	assert_true(process_failed(&process));
}

static void a_program_may_have_a_lower_priority(void **state)
{
	char want[16];

	snprintf(want, sizeof want, "%d", getpriority(PRIO_PROCESS, 0) + 5);
	process.nice = 5;
	shell("nice");
	process.nice = 0;
	sd_event_loop(event);
	assert_string_equal(process.last_line, want);
}

static void endless_lines_are_cut(void **state)
{
	shell("head -c 100000 /dev/zero | tr '\\0' x; echo; head -c 9 /dev/zero");
	sd_event_loop(event);
	assert_int_equal(strlen(process.last_line), PROCESS_LINE_CAP - 1);
}

static void a_flood_is_left_out(void **state)
{
	shell("seq 5000");
	sd_event_loop(event);
	assert_string_equal(process.last_line, "5000");
	assert_true(process.minute_lines >= 5000 || process.minute_lines == 0);
}

static void descriptors_are_in_their_places(void **state)
{
	const char *const argv[] = { "sh", "-c", "echo a >&3; echo b >&4; ls /proc/self/fd | wc -l >&5",
		NULL };
	int fds[3][2];
	char text[8];

	for (int i = 0; i < 3; i++)
		assert_int_equal(pipe2(fds[i], O_CLOEXEC), 0);
	/* In the order 4, 3, 5: as if the numbers had been taken already. */
	assert_int_equal(process_start(&process, event, argv, (int[]){ fds[0][1], fds[1][1], fds[2][1] }, 3),
			0);
	sd_event_loop(event);
	assert_int_equal(read(fds[0][0], text, sizeof text), 2);
	assert_memory_equal(text, "a\n", 2);
	assert_int_equal(read(fds[1][0], text, sizeof text), 2);
	assert_memory_equal(text, "b\n", 2);
	assert_int_equal(read(fds[2][0], text, sizeof text), 2);
	assert_memory_equal(text, "7\n", 2); /* 0 to 5 and ls's own */
	for (int i = 0; i < 3; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
}

static void a_missing_program_is_told(void **state)
{
	const char *const argv[] = { "/nonexistent/program", NULL };

	assert_int_equal(process_start(&process, event, argv, NULL, 0), ERR_MISSING);
	assert_int_equal(process.pid, 0);
	assert_int_equal(process_run(&process, argv, 1000), ERR_MISSING);
}

static void who_does_not_end_is_killed(void **state)
{
	const char *const argv[] = { "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done",
		NULL };

	assert_int_equal(process_start(&process, event, argv, NULL, 0), 0);
	while (strcmp(process.last_line, "ready") != 0)
		sd_event_run(event, UINT64_MAX);
	process_stop(&process, SIGTERM, 50);
	assert_true(WIFSIGNALED(process.status) && WTERMSIG(process.status) == SIGKILL);
	assert_int_equal(ends, 0);
}

static void a_run_has_a_result(void **state)
{
	const char *good[] = { "true", NULL }, *bad[] = { "sh", "-c", "echo no; false", NULL };
	const char *slow[] = { "sleep", "100", NULL };

	assert_int_equal(process_run(&process, good, 10000), 0);
	assert_int_equal(process_run(&process, bad, 10000), ERR_IO);
	assert_string_equal(process.last_line, "no");
	assert_int_equal(process_run(&process, slow, 50), ERR_TIMEOUT);
}

/* ---- images ---- */

static void put(const char *name, const char *text)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static const char *in_dir(const char *name)
{
	static char paths[4][96];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", dir, name);
	return path;
}

static const char manifest[] = "{ \"version\": 1, \"disk\": \"disk.raw\", \"disk_bytes\": 5,\n"
			       "\"kernel\": \"vmlinuz\", \"initrd\": \"initrd\", \"append\": \"root=x\" }";

/* An image, and a qemu-img that says what it was asked and makes the disk. */
static void make_image(void)
{
	put("image.json", manifest);
	put("disk.raw", "12345");
	put("vmlinuz", "k");
	put("initrd", "i");
	put("qemu-img", "#!/bin/sh\nfor last; do :; done\necho \"$*\" >\"$last\"\n");
	chmod(in_dir("qemu-img"), 0755);
	setenv("PATH", dir, 1);
}

static void restore_path(const char *path)
{
	setenv("PATH", path, 1);
}

static int setup_image(void **state)
{
	*state = strdup(getenv("PATH"));
	setup(state);
	make_image();
	return 0;
}

static int teardown_image(void **state)
{
	restore_path(*state);
	free(*state);
	*state = NULL;
	return teardown(state);
}

static void an_image_gets_its_overlay(void **state)
{
	static struct image image;
	char asked[300] = "", want[2 * sizeof image.disk];
	FILE *file;

	assert_int_equal(image_open(&image, dir, in_dir("kept/here/disk"), "/none"), 0);
	assert_string_equal(image.kernel, in_dir("vmlinuz"));
	assert_string_equal(image.initrd, in_dir("initrd"));
	assert_string_equal(image.append, "root=x");
	assert_string_equal(image.disk, in_dir("kept/here/disk"));
	file = fopen(image.disk, "r");
	assert_non_null(file);
	assert_non_null(fgets(asked, sizeof asked, file));
	fclose(file);
	snprintf(want, sizeof want, "create -q -f qcow2 -F raw -b %s/disk.raw %s\n", dir, image.disk);
	assert_string_equal(asked, want);
}

static void the_overlay_stays_with_its_image(void **state)
{
	static struct image image;

	assert_int_equal(image_open(&image, dir, in_dir("disk"), "/none"), 0);
	unlink(in_dir("qemu-img"));
	/* Neither made again nor put onto another image. */
	assert_int_equal(image_open(&image, "/another/image", in_dir("disk"), "/none"), 0);
	assert_string_equal(image.kernel, in_dir("vmlinuz"));
	rename(in_dir("image.json"), in_dir("gone"));
	assert_int_equal(image_open(&image, dir, in_dir("disk"), "/none"), ERR_MISSING);
	assert_non_null(strstr(image.why, "which is gone"));
	unlink(in_dir("disk.image"));
	assert_int_equal(image_open(&image, dir, in_dir("disk"), "/none"), ERR_FORMAT);
}

static void a_temporary_overlay_is_new_each_time(void **state)
{
	static struct image image;

	put("disk.qcow2", "old");
	assert_int_equal(image_open(&image, dir, NULL, dir), 0);
	assert_string_equal(image.disk, in_dir("disk.qcow2"));
	put("disk.qcow2", "old");
	unlink(in_dir("qemu-img"));
	assert_int_equal(image_open(&image, dir, NULL, dir), ERR_MISSING);
	assert_non_null(strstr(image.why, "qemu-img is not installed"));
}

static void what_is_broken_is_named(void **state)
{
	static const struct {
		const char *file, *contents, *why;
	} cases[] = {
		{ "disk.raw", "1234", "has not the size" },
		{ "disk.raw", "", "no file with something in it" },
		{ "vmlinuz", "", "no file with something in it" },
		{ "initrd", NULL, "No such file" },
		{ "image.json", NULL, "no image in" },
		{ "image.json", "", "no JSON" },
		{ "image.json", "[1]", "another version" },
		{ "image.json", "{\"version\":2,\"append\":\"\"}", "another version" },
		{ "image.json", "{\"version\":1,\"append\":\"\"}", "no disk" },
		{ "image.json", "{\"version\":1,\"append\":\"\",\"disk\":\"../x\"}", "no disk" },
		{ "image.json", "{\"version\":1,\"append\":\"\",\"disk\":5}", "no disk" },
		{ "qemu-img", "#!/bin/sh\necho no room\nexit 1\n", "cannot be made: no room" },
	};
	static struct image image;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		make_image();
		if (cases[i].contents)
			put(cases[i].file, cases[i].contents);
		else
			unlink(in_dir(cases[i].file));
		assert_true(image_open(&image, dir, in_dir("disk"), "/none") < 0);
		if (!strstr(image.why, cases[i].why))
			fail_msg("case %zu: %s", i, image.why);
		assert_int_equal(access(in_dir("disk"), F_OK), -1);
	}
}

static void without_any_image_the_way_to_one_is_told(void **state)
{
	static struct image image;

	setenv("XDG_CACHE_HOME", dir, 1);
	if (access("/var/cache/oriel/images/default/image.json", R_OK) < 0) {
		assert_int_equal(image_open(&image, NULL, in_dir("disk"), "/none"), ERR_MISSING);
		assert_non_null(strstr(image.why, "oriel image build"));
	}
	assert_int_equal(mkdir(in_dir("oriel"), 0700), 0);
	assert_int_equal(mkdir(in_dir("oriel/images"), 0700), 0);
	assert_int_equal(symlink(dir, in_dir("oriel/images/default")), 0);
	assert_int_equal(image_open(&image, NULL, in_dir("disk"), "/none"), 0);
	assert_string_equal(image.kernel, in_dir("vmlinuz"));
	unsetenv("XDG_CACHE_HOME");
}

static void the_hosts_memory_is_looked_at(void **state)
{
	char why[200];

	assert_true(machine_memory_fits(1, why, sizeof why));
	assert_false(machine_memory_fits(1 << 30, why, sizeof why));
	assert_non_null(strstr(why, "needs 1073741824 MiB of memory"));
}

/* Whether it does is the host's affair; it must say so soon, and why not. */
static void kvm_is_tried(void **state)
{
	char why[200] = "";

	if (!kvm_works(why, sizeof why))
		assert_non_null(strstr(why, "/dev/kvm"));
}

#define TEST(name)       cmocka_unit_test_setup_teardown(name, setup, teardown)
#define IMAGE_TEST(name) cmocka_unit_test_setup_teardown(name, setup_image, teardown_image)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(its_last_line_says_why),
		TEST(the_time_of_a_line_is_left_out),
		TEST(only_a_whole_time_is_one),
		TEST(a_signal_is_named),
		TEST(failure_shows_before_the_end_is_told),
		TEST(a_program_may_have_a_lower_priority),
		TEST(endless_lines_are_cut),
		TEST(a_flood_is_left_out),
		TEST(descriptors_are_in_their_places),
		TEST(a_missing_program_is_told),
		TEST(who_does_not_end_is_killed),
		TEST(a_run_has_a_result),
		IMAGE_TEST(an_image_gets_its_overlay),
		IMAGE_TEST(the_overlay_stays_with_its_image),
		IMAGE_TEST(a_temporary_overlay_is_new_each_time),
		IMAGE_TEST(what_is_broken_is_named),
		IMAGE_TEST(without_any_image_the_way_to_one_is_told),
		TEST(the_hosts_memory_is_looked_at),
		TEST(kvm_is_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
