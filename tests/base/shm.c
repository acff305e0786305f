#include <base/shm.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	LEN = 10000, /* not a whole number of pages */
};

static void new_memory_is_zero_and_has_its_size(void **state)
{
	int fd = shm_create("test", LEN);
	struct stat st;
	uint8_t *map;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, LEN);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	map = shm_map(fd, LEN);
	assert_non_null(map);
	for (int i = 0; i < LEN; i++)
		assert_int_equal(map[i], 0);
	shm_unmap(map, LEN);
	close(fd);
}

static void memory_can_neither_shrink_nor_grow(void **state)
{
	int fd = shm_create("test", LEN);

	assert_int_equal(ftruncate(fd, LEN - 1), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, LEN + 1), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(pwrite(fd, "x", 1, LEN), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	assert_int_equal(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	close(fd);
}

static void both_ends_see_the_same_bytes(void **state)
{
	int fd = shm_create("test", LEN);
	uint8_t *a = shm_map(fd, LEN), *b = shm_map(fd, LEN);

	assert_non_null(a);
	assert_non_null(b);
	a[LEN - 1] = 77;
	assert_int_equal(b[LEN - 1], 77);
	shm_unmap(a, LEN);
	shm_unmap(b, LEN);
	shm_unmap(NULL, LEN);
	close(fd);
}

static void check_takes_sealed_memory_of_that_size(void **state)
{
	int fd = shm_create("test", LEN);

	assert_int_equal(shm_check(fd, LEN), 0);
	assert_int_equal(shm_check(fd, 1), 0);
	assert_int_equal(shm_check(fd, LEN + 1), ERR_FORMAT);
	assert_int_equal(shm_check(fd, SIZE_MAX), ERR_FORMAT);
	close(fd);
}

static void check_refuses_what_could_shrink(void **state)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(ftruncate(fd, LEN), 0);
	assert_int_equal(shm_check(fd, LEN), ERR_FORMAT);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
	assert_int_equal(shm_check(fd, LEN), ERR_FORMAT);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(shm_check(fd, LEN), 0);
	close(fd);
	fd = memfd_create("test", MFD_CLOEXEC); /* cannot be sealed at all */
	assert_int_equal(ftruncate(fd, LEN), 0);
	assert_int_equal(shm_check(fd, LEN), ERR_FORMAT);
	close(fd);
}

static void check_refuses_what_is_no_memory(void **state)
{
	FILE *file = tmpfile();
	int pipes[2], fd;

	assert_non_null(file);
	assert_int_equal(ftruncate(fileno(file), LEN), 0);
	assert_int_equal(shm_check(fileno(file), LEN), ERR_FORMAT);
	fclose(file);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(shm_check(pipes[0], 0), ERR_FORMAT);
	close(pipes[0]);
	close(pipes[1]);
	assert_int_equal(shm_check(pipes[0], 0), ERR_IO);
	fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	assert_int_equal(shm_check(fd, 0), ERR_FORMAT);
	close(fd);
}

static void sizes_that_cannot_be_are_told(void **state)
{
	assert_true(shm_create("test", SIZE_MAX) < 0);
	assert_null(shm_map(-1, LEN));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_memory_is_zero_and_has_its_size),
		cmocka_unit_test(memory_can_neither_shrink_nor_grow),
		cmocka_unit_test(both_ends_see_the_same_bytes),
		cmocka_unit_test(check_takes_sealed_memory_of_that_size),
		cmocka_unit_test(check_refuses_what_could_shrink),
		cmocka_unit_test(check_refuses_what_is_no_memory),
		cmocka_unit_test(sizes_that_cannot_be_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
