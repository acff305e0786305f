/* Files of compiled shaders, lent to one worker after the other. */
#include "driver.h"
#include "scene.h"
#include <base/loop.h>
#include <base/shm.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	SIDE_PX = 32,
	STRIDE = 4 * SIDE_PX,
	CONTEXT = 3,
	PICTURE = 1,
	VERTICES = 2,
	TARGET = 9,
	B8G8R8X8 = 2,
	BLUE = 0x0000ff,
	ORANGE = 0xff9933,
};

struct files {
	int code, index;
};

static int file_create(void)
{
	int fd = memfd_create("shaders", MFD_CLOEXEC);

	assert_true(fd >= 0 && fcntl(fd, F_SETFL, O_APPEND) == 0);
	return fd;
}

static struct files files_create(void)
{
	return (struct files){ file_create(), file_create() };
}

static void files_close(struct files *files)
{
	close(files->code);
	close(files->index);
}

static off_t size_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_size;
}

static void start(struct driver *d, const struct files *files)
{
	struct render_message msg = { .type = RENDER_SHADERS };

	driver_start(d, 64 << 20, false);
	assert_int_equal(driver_call(d, msg, files->code), RENDER_OK);
	msg.shaders.part = 1;
	assert_int_equal(driver_call(d, msg, files->index), RENDER_OK);
}

static void stop(struct driver *d)
{
	int status = driver_stop(d);

	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static uint32_t pixel(const uint8_t *pixels, int x, int y)
{
	uint32_t value;

	memcpy(&value, pixels + y * STRIDE + 4 * x, sizeof value);
	return value & 0xffffff;
}

/* A triangle over the lower left half, looked at where it is and where it is not. */
static void draw(struct driver *d)
{
	static const float blue[] = { 0, 0, 1, 1 }, orange[] = { 1, 0.6f, 0.2f, 1 };
	float points[3][2] = { { -1, -1 }, { 1, -1 }, { -1, 1 } };
	struct scene_target picture = { PICTURE, B8G8R8X8, SIDE_PX, SIDE_PX };
	struct render_message target = { .type = RENDER_TARGET,
		.target = { TARGET, SIDE_PX, SIDE_PX, STRIDE } };
	struct render_message read = { .type = RENDER_READ,
		.read = { TARGET, PICTURE, 1, { { 0, 0, 0, 0, SIDE_PX, SIDE_PX } } } };
	int fd = shm_create("target", STRIDE * SIDE_PX);
	uint8_t *pixels = shm_map(fd, STRIDE * SIDE_PX);
	struct scene scene = { .count = 0 };

	assert_non_null(pixels);
	driver_canvas(d, CONTEXT, driver_picture(PICTURE, B8G8R8X8, SIDE_PX, SIDE_PX), VERTICES);
	assert_int_equal(driver_call(d, target, fd), RENDER_OK);
	scene_clear(&scene, &picture, 100, blue);
	scene_triangle(&scene, &picture, 100, VERTICES, points, orange);
	assert_int_equal(driver_submit(d, CONTEXT, scene.words, scene.count), RENDER_OK);
	assert_int_equal(driver_call(d, read, -1), RENDER_OK);
	assert_int_equal(pixel(pixels, 2, 2), ORANGE);
	assert_int_equal(pixel(pixels, SIDE_PX - 2, SIDE_PX - 2), BLUE);
	shm_unmap(pixels, STRIDE * SIDE_PX);
	close(fd);
}

/* Mesa writes in a thread of its own. */
static void wait_for_entry(int fd, off_t head)
{
	uint64_t end_us = loop_now_us() + DRIVER_WAIT_MS * 1000ull;

	while (size_of(fd) <= head) {
		assert_true(loop_now_us() < end_us);
		poll(NULL, 0, 1);
	}
}

/* Files that one worker has filled; returns how long an empty one is. */
static off_t fill(struct files *files)
{
	struct driver d = { 0 };
	off_t head;

	*files = files_create();
	start(&d, files);
	head = size_of(files->code);
	assert_true(head > 0 && head == size_of(files->index));
	draw(&d);
	wait_for_entry(files->index, head);
	stop(&d);
	assert_true(size_of(files->code) > head);
	return head;
}

/* The place in a file is one for all who have it. */
static void the_next_worker_reads_what_the_last_compiled(void **state)
{
	struct files files;
	struct driver d = { 0 };
	off_t head = fill(&files);

	start(&d, &files);
	assert_int_equal(lseek(files.code, 0, SEEK_CUR), head);
	draw(&d);
	assert_true(lseek(files.code, 0, SEEK_CUR) > head);
	stop(&d);
	files_close(&files);
}

/* The end of the last one's code. */
static void damaged_code_is_compiled_again(void **state)
{
	static const uint8_t garbage[16] = { 0x55, 0xaa };
	struct files files;
	struct driver d = { 0 };
	off_t end;
	uint8_t *code;

	fill(&files);
	end = size_of(files.code);
	code = mmap(NULL, (size_t)end, PROT_READ | PROT_WRITE, MAP_SHARED, files.code, 0);
	assert_ptr_not_equal(code, MAP_FAILED);
	memcpy(code + end - sizeof garbage, garbage, sizeof garbage);
	munmap(code, (size_t)end);
	start(&d, &files);
	draw(&d);
	stop(&d);
	files_close(&files);
}

static void files_of_another_driver_are_left_alone(void **state)
{
	static const char other[] = "SOME OTHER FORMAT, VERSION 7, WITH A LONGER HEAD";
	struct files files = files_create();
	struct driver d = { 0 };

	assert_int_equal(write(files.code, other, sizeof other), sizeof other);
	start(&d, &files);
	draw(&d);
	stop(&d);
	assert_int_equal(size_of(files.code), sizeof other);
	assert_int_equal(size_of(files.index), 0);
	files_close(&files);
}

static void what_is_no_file_is_not_taken(void **state)
{
	int ends[2];
	struct files files;
	struct driver d = { 0 };

	assert_int_equal(pipe(ends), 0);
	files = (struct files){ ends[0], ends[1] };
	start(&d, &files);
	draw(&d);
	stop(&d);
	files_close(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_worker_reads_what_the_last_compiled),
		cmocka_unit_test(damaged_code_is_compiled_again),
		cmocka_unit_test(files_of_another_driver_are_left_alone),
		cmocka_unit_test(what_is_no_file_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
