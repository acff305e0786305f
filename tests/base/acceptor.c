#include <base/acceptor.h>
#include <base/packet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	SECOND_US = 1000 * 1000,
};

static char dir[64], path[128];
static sd_event *event;
static struct acceptor *acceptor;
static int taken;
static bool destroy_at_first;

static void on_connection(void *user, int fd)
{
	assert_ptr_equal(user, &taken);
	taken++;
	close(fd);
	if (destroy_at_first)
		acceptor_destroy(acceptor);
}

static int start(void **state)
{
	snprintf(dir, sizeof dir, "/tmp/oriel-acceptor-XXXXXX");
	if (!mkdtemp(dir) || sd_event_new(&event) < 0)
		return -1;
	snprintf(path, sizeof path, "%s/socket", dir);
	taken = 0;
	destroy_at_first = false;
	acceptor = acceptor_create(event, packet_listen(path, 0600), on_connection, &taken);
	return acceptor ? 0 : -1;
}

static int stop(void **state)
{
	if (!destroy_at_first)
		acceptor_destroy(acceptor);
	sd_event_unref(event);
	unlink(path);
	return rmdir(dir);
}

static void each_connection_is_given_once(void **state)
{
	int fds[3];

	for (int i = 0; i < 3; i++) {
		fds[i] = packet_connect(path);
		assert_true(fds[i] >= 0);
	}
	while (taken < 3)
		assert_true(sd_event_run(event, 10 * SECOND_US) > 0);
	while (sd_event_run(event, 0) > 0)
		;
	assert_int_equal(taken, 3);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static void without_descriptors_it_rests_and_goes_on_later(void **state)
{
	int fd = packet_connect(path);
	struct rlimit files, none;

	assert_true(fd >= 0);
	getrlimit(RLIMIT_NOFILE, &files);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = files.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	assert_true(sd_event_run(event, 10 * SECOND_US) > 0); /* it tries */
	assert_int_equal(sd_event_run(event, 0), 0);          /* and does not spin */
	setrlimit(RLIMIT_NOFILE, &files);
	assert_int_equal(taken, 0);
	while (taken < 1)
		assert_true(sd_event_run(event, 10 * SECOND_US) > 0);
	close(fd);
}

static void it_may_be_destroyed_by_its_own_connection(void **state)
{
	int fd = packet_connect(path), other = packet_connect(path);

	assert_true(fd >= 0 && other >= 0);
	destroy_at_first = true;
	while (taken < 1)
		assert_true(sd_event_run(event, 10 * SECOND_US) > 0);
	assert_int_equal(sd_event_run(event, 0), 0);
	assert_int_equal(taken, 1);
	close(fd);
	close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_connection_is_given_once, start, stop),
		cmocka_unit_test_setup_teardown(without_descriptors_it_rests_and_goes_on_later, start, stop),
		cmocka_unit_test_setup_teardown(it_may_be_destroyed_by_its_own_connection, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
