#include <base/pool.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	ITEMS = 100,
	JOBS = 50,
	THREADS = 3,
};

static sd_event *loop;
static pthread_t loop_thread;
static int jobs_done;
/* One for each worker, without a lock: the thread sanitizer sees two at one. */
static uint64_t scratch[POOL_THREADS_MAX + 1];

struct test_job {
	struct pool_job job;
	int workers, done;
	uint8_t runs[ITEMS]; /* by item */
};

static void on_run(struct pool_job *job, size_t item, int worker)
{
	struct test_job *test = (struct test_job *)job;

	if (item >= ITEMS || worker < 0 || worker >= test->workers)
		abort();
	test->runs[item]++;
	scratch[worker]++;
}

static void on_done(struct pool_job *job)
{
	struct test_job *test = (struct test_job *)job;

	assert_true(pthread_equal(pthread_self(), loop_thread));
	for (size_t i = 0; i < ITEMS; i++)
		assert_int_equal(test->runs[i], i < job->count ? 1 : 0);
	test->done++;
	jobs_done++;
}

static void prepare(struct test_job *test, struct pool *pool, size_t count)
{
	memset(test, 0, sizeof *test);
	test->job = (struct pool_job){ .run = on_run, .on_done = on_done, .count = count };
	test->workers = pool_workers(pool);
}

static int start(void **state)
{
	loop_thread = pthread_self();
	jobs_done = 0;
	memset(scratch, 0, sizeof scratch);
	return sd_event_new(&loop) < 0 ? -1 : 0;
}

static int stop(void **state)
{
	loop = sd_event_unref(loop);
	return 0;
}

static void every_item_of_every_job_runs_once(void **state)
{
	static struct test_job jobs[JOBS];
	struct pool *pool = pool_create(loop, THREADS);
	uint64_t items = 0;

	assert_non_null(pool);
	assert_int_equal(pool_workers(pool), THREADS + 1);
	for (size_t i = 0; i < JOBS; i++) {
		prepare(&jobs[i], pool, i % 7 == 0 ? 1 : i * 2 + 1);
		items += jobs[i].job.count;
		pool_submit(pool, &jobs[i].job, false);
	}
	while (jobs_done < JOBS)
		assert_true(sd_event_run(loop, UINT64_MAX) >= 0);
	for (size_t i = 0; i < JOBS; i++)
		assert_int_equal(jobs[i].done, 1);
	for (int i = 0; i < THREADS; i++)
		items -= scratch[i];
	assert_true(items == 0);
	pool_destroy(pool);
}

/* A job may be submitted again, and be freed, in its own on_done. */
static void on_done_again(struct pool_job *job)
{
	struct test_job *test = (struct test_job *)job;
	struct pool *pool = *(struct pool **)(test + 1);

	on_done(job);
	if (test->done == 20) {
		free(job);
		return;
	}
	memset(test->runs, 0, sizeof test->runs);
	pool_submit(pool, job, false);
}

static void a_job_may_come_again_and_be_freed_when_done(void **state)
{
	struct pool *pool = pool_create(loop, THREADS);
	struct test_job *test = malloc(sizeof *test + sizeof pool);

	prepare(test, pool, ITEMS);
	test->job.on_done = on_done_again;
	memcpy(test + 1, &pool, sizeof pool);
	pool_submit(pool, &test->job, false);
	while (jobs_done < 20)
		assert_true(sd_event_run(loop, UINT64_MAX) >= 0);
	pool_destroy(pool);
}

static void without_threads_all_runs_in_submit(void **state)
{
	struct pool *pool = pool_create(loop, 0);
	struct test_job test;

	assert_int_equal(pool_workers(pool), 1);
	prepare(&test, pool, ITEMS);
	pool_submit(pool, &test.job, false);
	assert_int_equal(test.done, 1);
	assert_int_equal(scratch[0], ITEMS);
	pool_destroy(pool);
}

static void inline_jobs_have_a_worker_of_their_own(void **state)
{
	struct pool *pool = pool_create(loop, THREADS);
	struct test_job test;

	prepare(&test, pool, 5);
	pool_submit(pool, &test.job, true);
	assert_int_equal(test.done, 1);
	assert_int_equal(scratch[THREADS], 5);
	pool_destroy(pool);
}

static void a_job_without_items_is_done_at_once(void **state)
{
	struct pool *pool = pool_create(loop, THREADS);
	struct test_job test;

	prepare(&test, pool, 0);
	pool_submit(pool, &test.job, false);
	assert_int_equal(test.done, 1);
	pool_destroy(pool);
}

/* Items of one job run at the same time: each waits until all the others run. */
static pthread_barrier_t together;

static void on_run_together(struct pool_job *job, size_t item, int worker)
{
	pthread_barrier_wait(&together);
	on_run(job, item, worker);
}

static void items_run_side_by_side(void **state)
{
	struct pool *pool = pool_create(loop, THREADS);
	struct test_job test;

	pthread_barrier_init(&together, NULL, THREADS);
	prepare(&test, pool, 4 * THREADS);
	test.job.run = on_run_together;
	pool_submit(pool, &test.job, false);
	while (!test.done)
		assert_true(sd_event_run(loop, UINT64_MAX) >= 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(scratch[i], 4);
	pool_destroy(pool);
	pthread_barrier_destroy(&together);
}

static sem_t started, go;

static void on_run_blocked(struct pool_job *job, size_t item, int worker)
{
	sem_post(&started);
	sem_wait(&go);
	on_run(job, item, worker);
}

static void destroy_waits_for_what_runs_and_calls_nothing(void **state)
{
	struct pool *pool = pool_create(loop, 1);
	struct test_job running, waiting;

	sem_init(&started, 0, 0);
	sem_init(&go, 0, 0);
	prepare(&running, pool, 1);
	prepare(&waiting, pool, ITEMS);
	running.job.run = on_run_blocked;
	pool_submit(pool, &running.job, false);
	pool_submit(pool, &waiting.job, false);
	sem_wait(&started);
	sem_post(&go);
	pool_destroy(pool);
	assert_int_equal(running.runs[0], 1);
	assert_int_equal(sd_event_run(loop, 0), 0);
	assert_int_equal(jobs_done, 0);
	pool_destroy(NULL);
	sem_destroy(&started);
	sem_destroy(&go);
}

static void threads_have_a_greatest_number(void **state)
{
	struct pool *pool = pool_create(loop, POOL_THREADS_MAX + 5);

	assert_non_null(pool);
	assert_int_equal(pool_workers(pool), POOL_THREADS_MAX + 1);
	pool_destroy(pool);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(every_item_of_every_job_runs_once),
		TEST(a_job_may_come_again_and_be_freed_when_done),
		TEST(without_threads_all_runs_in_submit),
		TEST(inline_jobs_have_a_worker_of_their_own),
		TEST(a_job_without_items_is_done_at_once),
		TEST(items_run_side_by_side),
		TEST(destroy_waits_for_what_runs_and_calls_nothing),
		TEST(threads_have_a_greatest_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
