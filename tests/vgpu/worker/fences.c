/* Fences, with a renderer that is played: a thread of its own reaches them. */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <worker/fences.h>
#include <worker/virgl.h>

#include <cmocka.h>

enum {
	COUNT = 20000,
	CONTEXT = 7,
};

struct played {
	struct fences fences;
	uint32_t reached[COUNT + 1];
	uint32_t reached_count;
	uint64_t since_us;
	uint32_t queue;
};

/* What the renderer was asked for; numbers go through a pipe to its thread. */
static struct {
	int wanted[2], poll_fd;
	_Atomic int polls;
	bool refuses;
} renderer;

int virgl_renderer_create_fence(int number, uint32_t context)
{
	uint64_t wanted = (uint64_t)(uint32_t)number << 32;

	return renderer.refuses || write(renderer.wanted[1], &wanted, sizeof wanted) < 0;
}

int virgl_renderer_context_create_fence(uint32_t context, uint32_t flags, uint32_t ring, uint64_t number)
{
	uint64_t wanted = number << 32 | context;

	return renderer.refuses || write(renderer.wanted[1], &wanted, sizeof wanted) < 0;
}

int virgl_renderer_get_poll_fd(void)
{
	return renderer.poll_fd;
}

void virgl_renderer_poll(void)
{
	eventfd_t count;

	if (eventfd_read(renderer.poll_fd, &count) == 0)
		atomic_fetch_add(&renderer.polls, 1);
}

static void on_reached(void *user, uint32_t serial, const struct render_fence *fence, uint64_t since_us)
{
	struct played *p = user;

	p->reached[p->reached_count++] = serial;
}

static void on_busy(void *user, uint64_t since_us, uint32_t queue)
{
	struct played *p = user;

	p->since_us = since_us;
	p->queue = queue;
}

static const struct fences_ops ops = { on_reached, on_busy };

static void *reach_each(void *user)
{
	struct played *p = user;
	uint64_t wanted;

	while (read(renderer.wanted[0], &wanted, sizeof wanted) == sizeof wanted) {
		if ((uint32_t)wanted)
			fences_context_done(&p->fences, (uint32_t)wanted, wanted >> 32);
		else
			fences_device_done(&p->fences, (uint32_t)(wanted >> 32));
	}
	return NULL;
}

static struct played *start(void)
{
	static struct played played;

	memset(&played, 0, sizeof played);
	assert_int_equal(pipe(renderer.wanted), 0);
	renderer.poll_fd = eventfd(0, EFD_NONBLOCK);
	atomic_store(&renderer.polls, 0);
	renderer.refuses = false;
	assert_true(renderer.poll_fd >= 0);
	assert_int_equal(fences_init(&played.fences, &ops, &played), 0);
	return &played;
}

static void stop(struct played *p)
{
	close(renderer.wanted[0]);
	close(renderer.wanted[1]);
	close(renderer.poll_fd);
	close(p->fences.reached_fd);
}

static void add(struct played *p, uint32_t serial, uint32_t context)
{
	struct render_fence fence = { .fence = serial, .context = context };

	assert_int_equal(fences_add(&p->fences, serial, &fence), RENDER_OK);
}

/* Many more than there is room for, while the other thread reaches them. */
static void all_are_told_in_order(void **state)
{
	struct played *p = start();
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, reach_each, p), 0);
	for (uint32_t i = 0; i < COUNT; i++)
		add(p, i, CONTEXT);
	fences_drain(&p->fences);
	close(renderer.wanted[1]);
	pthread_join(thread, NULL);
	renderer.wanted[1] = -1;
	assert_int_equal(p->reached_count, COUNT);
	for (uint32_t i = 0; i < COUNT; i++)
		assert_int_equal(p->reached[i], i);
	assert_true(p->since_us == 0 && p->queue == 0);
	stop(p);
}

static void *reach_after_a_look(void *user)
{
	struct played *p = user;

	while (atomic_load(&renderer.polls) == 0)
		sched_yield();
	fences_context_done(&p->fences, CONTEXT, 1);
	return NULL;
}

/* Its thread may want its queries looked at before it goes on. */
static void who_waits_looks_at_the_renderer(void **state)
{
	struct played *p = start();
	pthread_t thread;

	add(p, 1, CONTEXT);
	assert_int_equal(eventfd_write(renderer.poll_fd, 1), 0);
	assert_int_equal(pthread_create(&thread, NULL, reach_after_a_look, p), 0);
	fences_drain(&p->fences);
	pthread_join(thread, NULL);
	assert_int_equal(p->reached_count, 1);
	stop(p);
}

static void one_context_does_not_wait_for_another(void **state)
{
	struct played *p = start();

	add(p, 1, CONTEXT);
	add(p, 2, CONTEXT + 1);
	add(p, 3, 0);
	assert_int_equal(p->queue, 0); /* told when something ends */
	fences_context_done(&p->fences, CONTEXT + 1, 2);
	assert_true(p->reached_count == 1 && p->reached[0] == 2);
	assert_true(p->since_us != 0 && p->queue == 3);
	fences_device_done(&p->fences, 3);
	fences_context_done(&p->fences, CONTEXT, 1);
	assert_true(p->reached_count == 3 && p->reached[2] == 1);
	assert_true(p->since_us == 0 && p->queue == 0);
	stop(p);
}

static void a_refused_fence_is_not_waited_for(void **state)
{
	struct render_fence fence = { .fence = 1, .context = CONTEXT };
	struct played *p = start();

	renderer.refuses = true;
	assert_int_equal(fences_add(&p->fences, 1, &fence), RENDER_FAILED);
	fences_drain(&p->fences);
	assert_int_equal(p->reached_count, 0);
	stop(p);
}

static void the_oldest_says_since_when(void **state)
{
	struct played *p = start();

	fences_command(&p->fences, 5, false);
	assert_true(p->since_us == 5 && p->queue == 0);
	fences_command(&p->fences, 0, true);
	assert_true(p->since_us == 0 && p->queue == 1);
	add(p, 1, CONTEXT);
	fences_command(&p->fences, UINT64_MAX, false);
	assert_true(p->since_us != UINT64_MAX && p->since_us != 0 && p->queue == 1);
	fences_context_done(&p->fences, CONTEXT, 1);
	assert_true(p->since_us == UINT64_MAX && p->queue == 0);
	stop(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_told_in_order),
		cmocka_unit_test(who_waits_looks_at_the_renderer),
		cmocka_unit_test(one_context_does_not_wait_for_another),
		cmocka_unit_test(a_refused_fence_is_not_waited_for),
		cmocka_unit_test(the_oldest_says_since_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
