/* Worker pool: pure functions over many items, away from the loop. The loop
 * thread submits jobs and runs their on_done; workers run the items. With 0
 * threads (or for a small job) the items run in pool_submit itself. */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

enum {
	POOL_THREADS_MAX = 16,
};

struct pool;

struct pool_job {
	/* Runs in a worker: item is 0..count-1, worker 0..pool_workers-1 (for scratch
	 * memory). Touches nothing but the job's own data. */
	void (*run)(struct pool_job *job, size_t item, int worker);
	/* Runs once in the loop thread after the last item; may free the job. */
	void (*on_done)(struct pool_job *job);
	size_t count;
	/* Private to the pool from submit to on_done. */
	struct pool_job *next;
	size_t taken, finished;
};

/* threads 0..POOL_THREADS_MAX. The event loop is borrowed. NULL on failure. */
struct pool *pool_create(sd_event *event, int threads);

/* Waits for the items that run; on_done of unfinished jobs is not called. NULL is fine. */
void pool_destroy(struct pool *pool);

/* Number of different `worker` values: threads + 1 (the loop thread is the last). */
int pool_workers(const struct pool *pool);

/* The job is borrowed until its on_done. Inline: all items run now, in this
 * thread, and on_done is called before this returns. */
void pool_submit(struct pool *pool, struct pool_job *job, bool run_inline);

#endif
