/* Stands in for oriel-vgpu-worker: the test plays the front and tells it, one letter a
 * packet on the render socket, how to behave.
 *   b  draw batches of 5 ms one after the other, for ever, unless held
 *   h  a batch that never ends and uses the CPU, while the front is there
 *   s  a batch that never ends and uses nothing
 *   l  no batch, but it says that every few seconds another one begins
 *   n  no EGL: say so and end
 *   x  die
 * Answers each with a packet, before it does it. */
#include <base/loop.h>
#include <base/shm.h>
#include <fcntl.h>
#include <poll.h>
#include <proto/broker.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	PAGE_FD = 3,
	RENDER_FD = 4,
	CONTROL_FD = 5,
	BATCH_US = 5000,
	LIE_MS = 4000,
};

static uint64_t used_us(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

/* Ends with the front: a test that was killed leaves nothing that spins. */
static void draw(struct broker_page *page, uint64_t batch_us)
{
	struct pollfd front = { .fd = RENDER_FD };
	uint64_t begin = used_us();

	atomic_store(&page->busy_since_us, loop_now_us());
	while (used_us() - begin < batch_us) {
		if (poll(&front, 1, 0) > 0)
			exit(0);
	}
	atomic_store(&page->busy_since_us, 0);
	atomic_fetch_add(&page->batches, 1);
	atomic_fetch_add(&page->frames, 1);
}

static bool is_held(const struct broker_page *page, bool broker)
{
	return atomic_load(&page->held) &&
			(broker || loop_now_us() - atomic_load(&page->held_us) < BROKER_HELD_US);
}

static void draw_for_ever(struct broker_page *page)
{
	struct pollfd fds[2] = { { .fd = CONTROL_FD, .events = POLLIN },
		{ .fd = RENDER_FD, .events = POLLIN } };
	char go[BROKER_PACKET_MAX];
	bool broker = true; /* the one that started us */

	atomic_store(&page->queue, 1);
	while (poll(&fds[1], 1, 0) == 0) {
		if (!is_held(page, broker))
			draw(page, BATCH_US);
		else if (!broker)
			poll(&fds[1], 1, 2);
		else if (poll(fds, 2, -1) > 0 && fds[0].revents)
			broker = read(CONTROL_FD, go, sizeof go) > 0;
	}
	exit(0);
}

static void lie(struct broker_page *page)
{
	struct pollfd front = { .fd = RENDER_FD, .events = POLLIN };

	while (poll(&front, 1, LIE_MS) == 0)
		atomic_store(&page->busy_since_us, loop_now_us());
	exit(0);
}

/* False: the front is gone. */
static bool next_order(char *order)
{
	struct pollfd fd = { .fd = RENDER_FD, .events = POLLIN };

	return poll(&fd, 1, -1) == 1 && read(RENDER_FD, order, 1) == 1;
}

/* As virglrenderer's that tells of fences. */
static void *tell_fences(void *unused)
{
	pthread_setname_np(pthread_self(), "vrend-sync");
	for (;;)
		pause();
	return NULL;
}

int main(void)
{
	struct broker_page *page = (struct broker_page *)shm_map(PAGE_FD, sizeof *page);
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	pthread_t teller;
	char order;

	if (!page || pthread_create(&teller, NULL, tell_fences, NULL) != 0 ||
			fcntl(PAGE_FD, F_SETLK, &all) < 0)
		return 1;
	atomic_store(&page->ready, 1);
	atomic_store(&page->memory_bytes, 7 << 20);
	while (next_order(&order)) {
		if (order == 'n')
			atomic_store(&page->ready, 2);
		if (order == 's')
			atomic_store(&page->busy_since_us, 1);
		if (write(RENDER_FD, &order, 1) != 1)
			return 1;
		if (order == 'b')
			draw_for_ever(page);
		if (order == 'h')
			draw(page, UINT64_MAX);
		if (order == 'l')
			lie(page);
		if (order == 'n' || order == 'x')
			return 1;
	}
	return 0;
}
