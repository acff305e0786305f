/* A batch that does not end. */
#include "driver.h"
#include "scene.h"
#include <base/shm.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	SIDE_PX = 2048,
	STRIDE = 4 * SIDE_PX,
	TARGET = 9,
	B8G8R8X8 = 2,
	/* Context, its picture and its vertices have one number. */
	HONEST = 1,
	HOSTILE = 2,
	VERTICES = 10,
};

/* Leaves it in the arena. */
static struct render_message make_batch(struct driver *d, uint32_t context)
{
	static const float blue[] = { 0, 0, 1, 1 }, orange[] = { 1, 0.6f, 0.2f, 1 };
	float points[3][2] = { { -1, -1 }, { 1, -1 }, { -1, 1 } };
	struct scene_target picture = { context, B8G8R8X8, SIDE_PX, SIDE_PX };
	uint32_t offset = context * SCENE_WORDS_MAX * 4;
	struct scene scene = { .count = 0 };

	scene_clear(&scene, &picture, 100, blue);
	if (context == HOSTILE)
		scene_endless(&scene, &picture, 100, VERTICES + context, points);
	else
		scene_triangle(&scene, &picture, 100, VERTICES + context, points, orange);
	memcpy(d->arena + offset, scene.words, scene.count * sizeof *scene.words);
	return (struct render_message){ .type = RENDER_SUBMIT,
		.submit = { context, offset, 4 * scene.count } };
}

/* The worker's thread has all commands at hand and never looks up; what was drawn before
 * is told all the same, so that the front knows whose batch it is that does not end. */
static void what_was_drawn_before_is_told(void **state)
{
	struct render_message fence = { .type = RENDER_FENCE, .fence = { HONEST, 0 } }, got;
	struct render_message target = { .type = RENDER_TARGET,
		.target = { TARGET, SIDE_PX, SIDE_PX, STRIDE } };
	struct render_message read = { .type = RENDER_READ,
		.read = { TARGET, HOSTILE, 1, { { 0, 0, 0, 0, 16, 16 } } } };
	int fd = shm_create("target", STRIDE * SIDE_PX), status;
	struct driver d;

	driver_start(&d, 64 << 20, true);
	assert_int_equal(driver_call(&d, target, fd), RENDER_OK);
	driver_canvas(&d, HONEST, driver_picture(HONEST, B8G8R8X8, SIDE_PX, SIDE_PX), VERTICES + HONEST);
	driver_canvas(&d, HOSTILE, driver_picture(HOSTILE, B8G8R8X8, SIDE_PX, SIDE_PX), VERTICES + HOSTILE);
	driver_send(&d, make_batch(&d, HONEST), -1);
	driver_send(&d, fence, -1);
	driver_send(&d, make_batch(&d, HOSTILE), -1);
	fence.fence.fence = HOSTILE;
	driver_send(&d, fence, -1);
	driver_send(&d, read, -1);
	driver_go(&d);
	got = driver_receive(&d);
	assert_int_equal(got.type, RENDER_FENCED);
	assert_int_equal(got.fence.fence, HONEST);
	/* It is told by another thread than the one that begins the next. */
	while (atomic_load(&d.page->busy_since_us) == 0)
		sched_yield();
	assert_false(driver_answers(&d, 0));
	kill(d.pid, SIGKILL);
	status = driver_stop(&d);
	assert_true(WIFSIGNALED(status));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_drawn_before_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
