/* A program that draws through Mesa's virpipe driver has the pixels that it has when it
 * draws by itself, also when its worker dies between two frames. How long the next frame
 * takes then is printed:
 *
 *     test-vgpu-vtest-mesa [ROUNDS] */
#include "bed.h"
#include "frames.h"
#include <base/loop.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	FRAMES = 12,
	ROUNDS_MAX = 100,
	/* Between two deaths: the broker has a spare worker again, and the program is not
	 * taken for their cause. */
	FIRST_ROUND_US = 1000 * 1000,
	ROUND_US = 5500 * 1000,
};

static unsigned rounds = 1;

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		_exit(10);
	close(fd);
}

/* The driver connects to /tmp/.virgl_test, so the bed's folder becomes its /tmp. */
static void see_bed_as_tmp(const struct bed *bed)
{
	uid_t uid = getuid();
	char map[64];

	if (unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) < 0)
		_exit(11);
	if (uid != 0) {
		snprintf(map, sizeof map, "%u %u 1", uid, uid);
		write_text("/proc/self/uid_map", map);
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
			mount(bed->dir, "/tmp", NULL, MS_BIND, NULL) < 0)
		_exit(12);
	setenv("GALLIUM_DRIVER", "virpipe", 1);
}

/* Returns a socket that is its input and output. bed NULL: it draws by itself. */
static int start_program(const struct bed *bed, pid_t *pid, const char *argument)
{
	/* Opened now: it may lie below /tmp. */
	int program = open(DRAW_PROGRAM, O_RDONLY | O_CLOEXEC), ends[2];

	assert_true(program >= 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	*pid = fork();
	if (*pid == 0) {
		setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
		setenv("MESA_SHADER_CACHE_DISABLE", "true", 1);
		setenv("GALLIUM_DRIVER", "llvmpipe", 1);
		if (bed)
			see_bed_as_tmp(bed);
		dup2(ends[1], STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		fexecve(program, (char *[]){ (char *)"draw_frames", (char *)argument, NULL }, environ);
		_exit(127);
	}
	assert_true(*pid > 0);
	close(program);
	close(ends[1]);
	return ends[0];
}

static void end_program(int fd, pid_t pid)
{
	int status;

	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void get_frame(int fd, int number, uint8_t *pixels)
{
	uint8_t frame = (uint8_t)number;

	assert_int_equal(send(fd, &frame, 1, MSG_NOSIGNAL), 1);
	program_read(fd, pixels, FRAME_BYTES);
}

static uint8_t reference[FRAMES][FRAME_BYTES], got[FRAME_BYTES];

static int draw_reference(void **state)
{
	char name[64];
	pid_t pid;
	int fd = start_program(NULL, &pid, NULL);

	program_read(fd, name, sizeof name);
	for (int i = 0; i < FRAMES; i++)
		get_frame(fd, i, reference[i]);
	end_program(fd, pid);
	return memcmp(reference[0], reference[1], FRAME_BYTES) == 0;
}

/* One step of a channel is left to whoever rounds. */
static void check_frame(int number)
{
	int wrong = 0;

	for (int i = 0; i < FRAME_BYTES; i++)
		wrong += abs(got[i] - reference[number][i]) > 1;
	if (wrong)
		print_error("frame %d: %d of %d bytes differ\n", number, wrong, FRAME_BYTES);
	assert_int_equal(wrong, 0);
}

static void kill_worker(const struct bed *bed)
{
	struct broker_item before = bed_figures(bed), now;

	assert_true(before.worker_pid > 1);
	assert_int_equal(kill((pid_t)before.worker_pid, SIGKILL), 0);
	do
		now = bed_figures(bed);
	while (now.worker_pid == before.worker_pid);
}

static void draw_frames(int kill_every)
{
	struct bed bed;
	char name[64];
	pid_t pid;
	int fd;

	bed_start(&bed, 256);
	fd = start_program(&bed, &pid, NULL);
	program_read(fd, name, sizeof name);
	assert_non_null(strstr(name, "virgl"));
	for (int i = 0; i < FRAMES; i++) {
		if (kill_every && i % kill_every == kill_every - 1)
			kill_worker(&bed);
		get_frame(fd, i, got);
		check_frame(i);
	}
	assert_int_equal(bed_figures(&bed).resets, kill_every ? FRAMES / kill_every : 0);
	end_program(fd, pid);
	bed_stop(&bed);
}

static void pixels_are_those_of_drawing_by_itself(void **state)
{
	draw_frames(0);
}

static void pixels_are_right_after_the_worker_died(void **state)
{
	draw_frames(6);
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int ms_until_right(const struct bed *bed, int fd)
{
	pid_t worker = (pid_t)bed_figures(bed).worker_pid;
	uint64_t begin_us = loop_now_us();

	assert_true(worker > 1);
	assert_int_equal(kill(worker, SIGKILL), 0);
	get_frame(fd, 0, got);
	check_frame(0);
	return (int)((loop_now_us() - begin_us + 500) / 1000);
}

static void how_long_the_frame_after_a_death_takes(void **state)
{
	int ms[ROUNDS_MAX];
	struct bed bed;
	char name[64];
	pid_t pid;
	int fd;

	bed_start(&bed, 256);
	fd = start_program(&bed, &pid, NULL);
	program_read(fd, name, sizeof name);
	for (unsigned i = 0; i < rounds; i++) {
		uint64_t end_us = loop_now_us() + (i ? ROUND_US : FIRST_ROUND_US);

		for (int frame = 0; loop_now_us() < end_us; frame++)
			get_frame(fd, frame % FRAMES, got);
		ms[i] = ms_until_right(&bed, fd);
	}
	qsort(ms, rounds, sizeof *ms, compare);
	print_message("from a worker's death to the next right frame: %d ms in the middle, %d ms at worst "
		      "(%u rounds)\n",
			ms[rounds / 2], ms[rounds - 1], rounds);
	end_program(fd, pid);
	bed_stop(&bed);
}

static void more_than_the_quota_is_an_error_of_GL(void **state)
{
	struct bed bed;
	uint8_t answer[2];
	pid_t pid;
	int fd;

	bed_start(&bed, 64);
	fd = start_program(&bed, &pid, "fill");
	program_read(fd, answer, sizeof answer);
	assert_true(answer[0] >= 4 && answer[0] < 16); /* 16 would be all of 64 MiB */
	assert_int_equal(answer[1], 1);
	end_program(fd, pid);
	bed_stop(&bed);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pixels_are_those_of_drawing_by_itself),
		cmocka_unit_test(pixels_are_right_after_the_worker_died),
		cmocka_unit_test(how_long_the_frame_after_a_death_takes),
		cmocka_unit_test(more_than_the_quota_is_an_error_of_GL),
	};
	unsigned long wanted = argc > 1 ? strtoul(argv[1], NULL, 10) : rounds;

	if (wanted < 1 || wanted > ROUNDS_MAX)
		return 2;
	rounds = (unsigned)wanted;
	return cmocka_run_group_tests(tests, draw_reference, NULL);
}
