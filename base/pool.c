/* One queue, one lock. An item is a tile row's worth of encoding (tens of
 * microseconds and more), so the lock is not what limits. Jobs finish in any
 * order; the loop thread hears of it through an eventfd. */
#include <base/pool.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct pool_job *queue, **queue_tail; /* jobs with items not yet taken */
	struct pool_job *done;                /* finished, on_done not yet called */
	bool stop;
	int threads, done_fd;
	sd_event_source *source;
	pthread_t thread[POOL_THREADS_MAX];
};

struct worker {
	struct pool *pool;
	int index;
};

/* Called with the lock held. The item of *job to run, or false to end. */
static bool take_item(struct pool *pool, struct pool_job **job, size_t *item)
{
	while (!pool->queue && !pool->stop)
		pthread_cond_wait(&pool->work, &pool->lock);
	if (pool->stop)
		return false;
	*job = pool->queue;
	*item = (*job)->taken++;
	if ((*job)->taken == (*job)->count) {
		pool->queue = (*job)->next;
		if (!pool->queue)
			pool->queue_tail = &pool->queue;
	}
	return true;
}

/* Called with the lock held. */
static void finish_item(struct pool *pool, struct pool_job *job)
{
	const uint64_t one = 1;

	if (++job->finished < job->count)
		return;
	job->next = pool->done;
	pool->done = job;
	if (write(pool->done_fd, &one, sizeof one) < 0)
		abort(); /* a full eventfd counter: 2^64 unread jobs */
}

static void *work(void *user)
{
	struct worker worker = *(struct worker *)user;
	struct pool *pool = worker.pool;
	struct pool_job *job;
	size_t item;

	free(user);
	pthread_mutex_lock(&pool->lock);
	while (take_item(pool, &job, &item)) {
		pthread_mutex_unlock(&pool->lock);
		job->run(job, item, worker.index);
		pthread_mutex_lock(&pool->lock);
		finish_item(pool, job);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static int on_done_fd(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct pool *pool = user;
	struct pool_job *done;
	uint64_t count;

	if (read(fd, &count, sizeof count) < 0)
		return 0; /* EAGAIN: already collected */
	pthread_mutex_lock(&pool->lock);
	done = pool->done;
	pool->done = NULL;
	pthread_mutex_unlock(&pool->lock);
	while (done) {
		struct pool_job *next = done->next;

		done->on_done(done);
		done = next;
	}
	return 0;
}

static bool start_thread(struct pool *pool, int index)
{
	struct worker *worker = malloc(sizeof *worker);

	if (!worker)
		return false;
	*worker = (struct worker){ .pool = pool, .index = index };
	if (pthread_create(&pool->thread[index], NULL, work, worker) == 0)
		return true;
	free(worker);
	return false;
}

struct pool *pool_create(sd_event *event, int threads)
{
	struct pool *pool = calloc(1, sizeof *pool);

	if (!pool)
		return NULL;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pool->queue_tail = &pool->queue;
	pool->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->done_fd < 0 ||
			sd_event_add_io(event, &pool->source, pool->done_fd, EPOLLIN, on_done_fd, pool) < 0)
		goto fail;
	while (pool->threads < threads && pool->threads < POOL_THREADS_MAX) {
		if (!start_thread(pool, pool->threads))
			goto fail;
		pool->threads++;
	}
	return pool;
fail:
	pool_destroy(pool);
	return NULL;
}

void pool_destroy(struct pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	for (int i = 0; i < pool->threads; i++)
		pthread_join(pool->thread[i], NULL);
	sd_event_source_unref(pool->source);
	if (pool->done_fd >= 0)
		close(pool->done_fd);
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

int pool_workers(const struct pool *pool)
{
	return pool->threads + 1;
}

void pool_submit(struct pool *pool, struct pool_job *job, bool run_inline)
{
	if (run_inline || pool->threads == 0 || job->count == 0) {
		for (size_t item = 0; item < job->count; item++)
			job->run(job, item, pool->threads);
		job->on_done(job);
		return;
	}
	job->next = NULL;
	job->taken = job->finished = 0;
	pthread_mutex_lock(&pool->lock);
	*pool->queue_tail = job;
	pool->queue_tail = &job->next;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
}
