/* Guests that draw on a simulated GPU, and what each gets of it. */
#include <math.h>
#include <setjmp.h>
#include <share.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
	MEMBERS = 4,
	STEP_US = 1000,
	TICK_STEPS = 4, /* as BROKER_TICK_US */
	RUN_STEPS = 60000,
};

struct guest {
	bool lies; /* it says that it has work, and uses at most little_us in a step */
	uint32_t little_us;
	uint32_t weight;
	uint32_t batch_us, pause_us; /* it draws so long, then it does something else */
	uint32_t left_us, rest_us;
	struct share_member share;
};

/* Those that are not held and have a batch get equal parts of a step, as a scheduler
 * that knows nothing of weights would give. */
static void step(struct guest *guests, size_t count)
{
	size_t drawing = 0;

	for (size_t i = 0; i < count; i++)
		drawing += guests[i].left_us > 0 && !guests[i].share.held;
	for (size_t i = 0; i < count; i++) {
		struct guest *g = &guests[i];
		uint32_t part = drawing ? STEP_US / (uint32_t)drawing : 0;

		if (g->left_us > 0 && !g->share.held) {
			part = part < g->left_us ? part : g->left_us;
			g->left_us -= part;
			g->share.used_us += part;
			if (g->left_us == 0)
				g->rest_us = g->pause_us;
		} else if (g->left_us == 0) {
			g->rest_us -= g->rest_us < STEP_US ? g->rest_us : STEP_US;
		}
		if (g->left_us == 0 && g->rest_us == 0)
			g->left_us = g->batch_us;
		if (g->lies)
			g->share.used_us += g->little_us;
		g->share.has_work = g->left_us > 0 || g->lies;
	}
}

static void run(struct guest *guests, size_t count)
{
	struct share_member *members[MEMBERS];

	for (size_t i = 0; i < count; i++) {
		members[i] = &guests[i].share;
		guests[i].share.weight = guests[i].weight;
	}
	for (int i = 0; i < RUN_STEPS; i++) {
		step(guests, count);
		if (i % TICK_STEPS == 0)
			share_update(members, count, TICK_STEPS * STEP_US);
	}
}

static double part(const struct guest *guests, size_t count, size_t which)
{
	double all = 0;

	for (size_t i = 0; i < count; i++)
		all += (double)guests[i].share.used_us;
	return (double)guests[which].share.used_us / all;
}

static void test_equal_weights(void **state)
{
	/* Batches of very different lengths. */
	struct guest guests[MEMBERS] = { { .weight = 100, .batch_us = 1000 },
		{ .weight = 100, .batch_us = 40000 }, { .weight = 100, .batch_us = 7000 },
		{ .weight = 100, .batch_us = 13000 } };

	run(guests, MEMBERS);
	for (size_t i = 0; i < MEMBERS; i++)
		assert_true(fabs(part(guests, MEMBERS, i) - 0.25) < 0.0025);
}

static void test_weights(void **state)
{
	struct guest guests[MEMBERS] = { { .weight = 400, .batch_us = 16000 },
		{ .weight = 200, .batch_us = 16000 }, { .weight = 100, .batch_us = 16000 },
		{ .weight = 100, .batch_us = 16000 } };
	const double want[MEMBERS] = { 0.5, 0.25, 0.125, 0.125 };

	run(guests, MEMBERS);
	for (size_t i = 0; i < MEMBERS; i++)
		assert_true(fabs(part(guests, MEMBERS, i) - want[i]) < 0.02 * want[i]);
}

/* Pauses between pictures do not cost a guest its share, as long as it could use it. */
static void test_pauses(void **state)
{
	struct guest guests[2] = { { .weight = 200, .batch_us = 60000, .pause_us = 20000 },
		{ .weight = 100, .batch_us = 60000 } };

	run(guests, 2);
	assert_true(fabs(part(guests, 2, 0) - 2 / 3.0) < 0.02);
}

/* Who wants little gets it, and the rest of the GPU goes to who wants more. */
static void test_light_guest(void **state)
{
	struct guest guests[2] = { { .weight = 100, .batch_us = 1000, .pause_us = 15000 },
		{ .weight = 100, .batch_us = 20000 } };

	run(guests, 2);
	assert_true(guests[0].share.used_us > RUN_STEPS * (uint64_t)STEP_US / 18);
	assert_true(guests[0].share.used_us + guests[1].share.used_us >
			RUN_STEPS * (uint64_t)STEP_US * 98 / 100);
}

static void test_alone(void **state)
{
	struct guest guests[2] = { { .weight = 1, .batch_us = 20000 }, { .weight = 1000 } };

	guests[1].rest_us = UINT32_MAX;
	run(guests, 2);
	assert_int_equal(guests[0].share.used_us,
			(RUN_STEPS - 1) * (uint64_t)STEP_US); /* the first step starts it */
}

/* A guest that slept for long does not hold up the others when it wakes. */
static void test_no_saving_up(void **state)
{
	struct guest guests[2] = { { .weight = 100, .batch_us = 5000 }, { .weight = 100, .batch_us = 5000 } };
	uint64_t before;

	guests[1].rest_us = RUN_STEPS * STEP_US;
	run(guests, 2);
	guests[1].rest_us = 0;
	before = guests[0].share.used_us;
	run(guests, 2);
	assert_true(guests[0].share.used_us - before > RUN_STEPS * (uint64_t)STEP_US * 49 / 100);
}

/* Who was away for long, with or without work until then, neither. */
static void test_leaving(void **state)
{
	struct guest guests[2] = { { .weight = 100, .batch_us = 5000 }, { .weight = 100, .batch_us = 5000 } };
	uint64_t before;

	run(guests, 2);
	share_leave(&guests[1].share);
	run(guests, 1);
	before = guests[0].share.used_us;
	run(guests, 2);
	assert_true(guests[0].share.used_us - before > RUN_STEPS * (uint64_t)STEP_US * 49 / 100);
}

static uint64_t run_with_liar(uint32_t little_us, uint32_t weight)
{
	struct guest guests[3] = { { .weight = 100, .batch_us = 5000 }, { .weight = 100, .batch_us = 5000 },
		{ .weight = weight, .lies = true, .little_us = little_us, .rest_us = UINT32_MAX } };

	run(guests, 3);
	assert_true(guests[2].share.used_us == RUN_STEPS * (uint64_t)little_us);
	return guests[0].share.used_us + guests[1].share.used_us;
}

/* It says that it has work, and does not take the GPU: nobody waits for it. */
static void test_work_that_uses_nothing(void **state)
{
	const uint64_t all_us = RUN_STEPS * (uint64_t)STEP_US;

	assert_true(run_with_liar(0, 100) > all_us * 95 / 100);
	assert_true(run_with_liar(0, 1000) > all_us * 95 / 100);
	assert_true(run_with_liar(15, 100) > all_us * 95 / 100);
}

/* Or it uses very little: the others get on, if not at all of their pace. */
static void test_work_that_uses_little(void **state)
{
	assert_true(run_with_liar(30, 100) > RUN_STEPS * (uint64_t)STEP_US * 30 / 100);
}

/* A guest that a busy host gives a processor only now and then is served as others. */
static void test_late_processor(void **state)
{
	struct guest guests[2] = { { .weight = 100, .batch_us = 5000 }, { .weight = 100, .batch_us = 5000 } };
	struct share_member *members[2] = { &guests[0].share, &guests[1].share };

	for (size_t i = 0; i < 2; i++)
		guests[i].share.weight = guests[i].weight;
	for (int i = 0; i < RUN_STEPS; i++) {
		guests[0].share.has_work = guests[1].share.has_work = true;
		if (!guests[0].share.held)
			guests[0].share.used_us += STEP_US / 2;
		/* It runs in 20 of 100 steps. */
		if (!guests[1].share.held && i / 20 % 5 == 0)
			guests[1].share.used_us += STEP_US;
		if (i % TICK_STEPS == 0)
			share_update(members, 2, TICK_STEPS * STEP_US);
	}
	assert_true(part(guests, 2, 0) < 0.6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_weights),
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_pauses),
		cmocka_unit_test(test_light_guest),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_no_saving_up),
		cmocka_unit_test(test_leaving),
		cmocka_unit_test(test_work_that_uses_nothing),
		cmocka_unit_test(test_work_that_uses_little),
		cmocka_unit_test(test_late_processor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
