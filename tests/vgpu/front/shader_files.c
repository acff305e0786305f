#include <base/loop.h>
#include <front/shader_files.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static off_t size_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_size;
}

static void begin(struct shader_files *files)
{
	assert_int_equal(shader_files_init(files), 0);
	assert_int_equal(shader_files_ready(files), 0);
	assert_int_equal(write(files->fds[0], "code", 4), 4);
	assert_int_equal(write(files->fds[1], "index", 5), 5);
}

/* As if the worker had lived for that long. */
static void age(struct shader_files *files, uint64_t us)
{
	files->given_us = loop_now_us() - us;
}

static void what_one_worker_wrote_is_there_for_the_next(void **state)
{
	struct shader_files files;

	begin(&files);
	age(&files, 3 * 1000 * 1000);
	assert_int_equal(shader_files_ready(&files), 0);
	assert_int_equal(size_of(files.fds[0]), 4);
	assert_int_equal(size_of(files.fds[1]), 5);
	shader_files_finish(&files);
}

static void a_worker_that_died_at_once_leaves_nothing(void **state)
{
	struct shader_files files;

	begin(&files);
	assert_int_equal(shader_files_ready(&files), 0);
	assert_int_equal(size_of(files.fds[0]), 0);
	assert_int_equal(size_of(files.fds[1]), 0);
	shader_files_finish(&files);
}

static void full_files_are_emptied_both(void **state)
{
	struct shader_files files;

	begin(&files);
	age(&files, 3 * 1000 * 1000);
	assert_int_equal(ftruncate(files.fds[1], RENDER_SHADERS_MAX_BYTES), 0);
	assert_int_equal(shader_files_ready(&files), 0);
	assert_int_equal(size_of(files.fds[0]), 0);
	assert_int_equal(size_of(files.fds[1]), 0);
	shader_files_finish(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_worker_wrote_is_there_for_the_next),
		cmocka_unit_test(a_worker_that_died_at_once_leaves_nothing),
		cmocka_unit_test(full_files_are_emptied_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
