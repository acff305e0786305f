#include <base/loop.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static sd_event *loop;
static sd_event_source *timer;
static int fired;

static int on_time(sd_event_source *source, uint64_t usec, void *user)
{
	fired++;
	return user ? sd_event_exit(sd_event_source_get_event(source), 5) : 0;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *user)
{
	return sd_event_exit(sd_event_source_get_event(source), 9);
}

static int start(void **state)
{
	fired = 0;
	loop = loop_create();
	return loop ? 0 : -1;
}

static int stop(void **state)
{
	timer = sd_event_source_unref(timer);
	loop = sd_event_unref(loop);
	return 0;
}

static void a_timer_is_off_until_it_is_armed(void **state)
{
	assert_int_equal(loop_timer_add(loop, &timer, on_time, NULL), 0);
	assert_int_equal(sd_event_run(loop, 0), 0);
	loop_timer_arm(timer, 0);
	assert_true(sd_event_run(loop, UINT64_MAX) > 0);
	assert_int_equal(fired, 1);
}

static void a_timer_fires_once_for_each_arming(void **state)
{
	int enabled;

	assert_int_equal(loop_timer_add(loop, &timer, on_time, NULL), 0);
	for (int i = 1; i <= 3; i++) {
		loop_timer_arm(timer, 0);
		assert_true(sd_event_run(loop, UINT64_MAX) > 0);
		assert_int_equal(fired, i);
		assert_int_equal(sd_event_source_get_enabled(timer, &enabled), 0);
		assert_int_equal(enabled, SD_EVENT_OFF);
	}
}

static void a_new_time_replaces_the_old(void **state)
{
	uint64_t hour_us = 3600 * (uint64_t)1000000, before = loop_now_us(), at_us;

	assert_int_equal(loop_timer_add(loop, &timer, on_time, timer), 0);
	loop_timer_arm(timer, 0);
	loop_timer_arm(timer, hour_us);
	assert_int_equal(sd_event_run(loop, 0), 0);
	assert_int_equal(fired, 0);
	assert_int_equal(sd_event_source_get_time(timer, &at_us), 0);
	assert_true(at_us >= before + hour_us && at_us <= loop_now_us() + hour_us);
	loop_timer_arm(timer, 0);
	assert_true(sd_event_run(loop, UINT64_MAX) > 0);
	assert_int_equal(fired, 1);
}

static void a_disarmed_timer_does_not_fire(void **state)
{
	sd_event_source *deadline = NULL;

	assert_int_equal(loop_timer_add(loop, &timer, on_time, loop), 0);
	assert_int_equal(loop_timer_add(loop, &deadline, on_deadline, NULL), 0);
	loop_timer_arm(timer, 1000);
	loop_timer_arm(deadline, 20000);
	loop_timer_disarm(timer);
	assert_int_equal(sd_event_loop(loop), 9);
	assert_int_equal(fired, 0);
	sd_event_source_unref(deadline);
}

static void the_handler_gets_its_user_pointer(void **state)
{
	assert_int_equal(loop_timer_add(loop, &timer, on_time, loop), 0);
	loop_timer_arm(timer, 0);
	assert_int_equal(sd_event_loop(loop), 5);
}

static void termination_ends_the_loop_in_order(void **state)
{
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(sd_event_loop(loop), 0);
}

static void an_interrupt_ends_the_loop_in_order(void **state)
{
	assert_int_equal(kill(getpid(), SIGINT), 0);
	assert_int_equal(sd_event_loop(loop), 0);
}

static void a_broken_pipe_is_an_error_not_a_signal(void **state)
{
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	close(pipes[0]);
	assert_int_equal(write(pipes[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(pipes[1]);
}

static void time_does_not_go_back(void **state)
{
	uint64_t last_us = loop_now_us();

	for (int i = 0; i < 1000; i++) {
		uint64_t now_us = loop_now_us();

		assert_true(now_us >= last_us);
		last_us = now_us;
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_timer_is_off_until_it_is_armed, start, stop),
		cmocka_unit_test_setup_teardown(a_timer_fires_once_for_each_arming, start, stop),
		cmocka_unit_test_setup_teardown(a_new_time_replaces_the_old, start, stop),
		cmocka_unit_test_setup_teardown(a_disarmed_timer_does_not_fire, start, stop),
		cmocka_unit_test_setup_teardown(the_handler_gets_its_user_pointer, start, stop),
		cmocka_unit_test_setup_teardown(termination_ends_the_loop_in_order, start, stop),
		cmocka_unit_test_setup_teardown(an_interrupt_ends_the_loop_in_order, start, stop),
		cmocka_unit_test_setup_teardown(a_broken_pipe_is_an_error_not_a_signal, start, stop),
		cmocka_unit_test(time_does_not_go_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
