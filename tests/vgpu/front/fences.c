/* When a guest hears that its commands are done: fences, interrupts, the end of a queue. */
#include "driver.h"
#include <unistd.h>

static void fences_come_back_in_order(void **state)
{
	struct machine *m = *state;
	const uint32_t batch[] = { 0 };
	int first = m->avail[VHOST_CONTROL] * 2 + 2; /* the head of the first that is fenced */

	driver_create_context(m, 1);
	m->unfenced = true;
	assert_int_equal(driver_submit(m, DRIVER_FENCE, 1, batch, 1), 0);
	/* A refused command's fence waits for those before it. */
	assert_int_equal(driver_submit(m, DRIVER_FENCE, 2, batch, 1), 0);
	/* What has no fence is not held up. */
	assert_int_equal(driver_create_2d(m, 5, 8, 8), VIRTIO_GPU_OK);
	assert_int_equal(machine_take(m, VHOST_CONTROL), -1);
	m->unfenced = false;
	assert_int_not_equal(driver_submit(m, DRIVER_FENCE, 1, batch, 1), 0); /* takes the first */
	assert_int_equal(machine_take(m, VHOST_CONTROL), first + 2);
	assert_int_equal(machine_take(m, VHOST_CONTROL), first + 6);
	assert_int_equal(machine_take(m, VHOST_CONTROL), -1);
}

/* So that it is known whose drawing does not end. */
static void a_batch_without_a_fence_gets_one(void **state)
{
	struct machine *m = *state;
	const uint32_t batch[] = { 0 };
	uint32_t fence;

	driver_create_context(m, 1);
	m->unfenced = true;
	driver_submit(m, 0, 1, batch, 1);
	fence = machine_sent_last(m, RENDER_FENCE)->id;
	driver_submit(m, 0, 1, batch, 1);
	assert_int_equal(m->front.answers.count, 2);
	machine_fence(m, fence);
	assert_int_equal(m->front.answers.count, 1);
	machine_fence(m, machine_sent_last(m, RENDER_FENCE)->id);
	assert_int_equal(m->front.answers.count, 0);
	assert_int_equal(m->front.answers.batch_bytes, 0);
}

static bool interrupted(const struct machine *m)
{
	uint64_t count;

	return read(m->call[VHOST_CONTROL], &count, sizeof count) == sizeof count;
}

static void a_flush_interrupts_with_what_comes_next(void **state)
{
	struct machine *m = *state;

	vhost_queue(m->front.vhost, VHOST_CONTROL)->event_idx = false; /* always */
	driver_create_2d(m, 1, 64, 64);
	assert_true(interrupted(m));
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_RESOURCE_FLUSH, 0, 0, 0, 0, 64, 64, 1, 0),
			VIRTIO_GPU_OK);
	assert_false(interrupted(m));
	driver_create_2d(m, 2, 64, 64);
	assert_true(interrupted(m));
}

static void a_flush_interrupts_by_itself_when_nothing_comes(void **state)
{
	struct machine *m = *state;
	const uint64_t patience_us = 60000000;

	vhost_queue(m->front.vhost, VHOST_CONTROL)->event_idx = false;
	driver_timers_come = true;
	driver_create_2d(m, 1, 64, 64);
	assert_true(interrupted(m));
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_RESOURCE_FLUSH, 0, 0, 0, 0, 64, 64, 1, 0),
			VIRTIO_GPU_OK);
	while (!interrupted(m))
		assert_true(sd_event_run(m->event, patience_us) > 0);
}

static void a_flush_interrupts_before_its_queue_rests(void **state)
{
	struct machine *m = *state;
	const uint32_t base[] = { 0, 0 };

	vhost_queue(m->front.vhost, VHOST_CONTROL)->event_idx = false;
	driver_create_2d(m, 1, 64, 64);
	assert_true(interrupted(m));
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_RESOURCE_FLUSH, 0, 0, 0, 0, 64, 64, 1, 0),
			VIRTIO_GPU_OK);
	assert_false(interrupted(m));
	machine_request(m, VHOST_USER_GET_VRING_BASE, base, sizeof base, NULL, 0);
	assert_true(interrupted(m));
}

static void a_fence_stands_for_those_before_it_only(void **state)
{
	struct machine *m = *state;
	const uint32_t batch[] = { 0 };
	uint32_t fences[3];

	driver_create_context(m, 1);
	m->unfenced = true;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(driver_submit(m, DRIVER_FENCE, 1, batch, 1), 0);
		fences[i] = machine_sent_last(m, RENDER_FENCE)->id;
	}
	machine_fence(m, fences[1]);
	assert_int_not_equal(machine_take(m, VHOST_CONTROL), -1);
	assert_int_not_equal(machine_take(m, VHOST_CONTROL), -1);
	assert_int_equal(machine_take(m, VHOST_CONTROL), -1);
	machine_fence(m, fences[2]);
	assert_int_not_equal(machine_take(m, VHOST_CONTROL), -1);
}

static void a_queue_rests_only_when_all_is_answered(void **state)
{
	struct machine *m = *state;
	const uint32_t batch[] = { 0 }, base[] = { 0, 0 };

	driver_create_context(m, 1);
	m->unfenced = true;
	driver_submit(m, DRIVER_FENCE, 1, batch, 1);
	machine_request(m, VHOST_USER_GET_VRING_BASE, base, sizeof base, NULL, 0);
	assert_true(vhost_queue(m->front.vhost, VHOST_CONTROL)->enabled);
	m->unfenced = false;
	machine_kill_worker(m); /* the next one does */
	assert_false(vhost_queue(m->front.vhost, VHOST_CONTROL)->enabled);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		DRIVER_TEST(fences_come_back_in_order),
		DRIVER_TEST(a_batch_without_a_fence_gets_one),
		DRIVER_TEST(a_flush_interrupts_with_what_comes_next),
		DRIVER_TEST(a_flush_interrupts_by_itself_when_nothing_comes),
		DRIVER_TEST(a_flush_interrupts_before_its_queue_rests),
		DRIVER_TEST(a_fence_stands_for_those_before_it_only),
		DRIVER_TEST(a_queue_rests_only_when_all_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
