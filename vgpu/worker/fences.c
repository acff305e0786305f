#include "fences.h"
#include "virgl.h"
#include <base/loop.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

int fences_init(struct fences *fences, const struct fences_ops *ops, void *user)
{
	fences->ops = ops;
	fences->user = user;
	pthread_mutex_init(&fences->mutex, NULL);
	fences->reached_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return fences->reached_fd < 0 ? ERR_IO : 0;
}

static struct fence_pending *at(struct fences *fences, uint32_t i)
{
	return &fences->ring[(fences->first + i) % FENCES_MAX];
}

/* Contexts go on at their own pace, so places in the middle may become free first. */
static void forget_reached(struct fences *fences)
{
	while (fences->count && fences->ring[fences->first].reached) {
		fences->first = (fences->first + 1) % FENCES_MAX;
		fences->count--;
	}
}

/* With the mutex held, so that the last word is the last. The oldest pending fence says
 * since when at least the renderer is drawing. */
static void tell(struct fences *fences)
{
	uint64_t since_us = fences->command_since_us;

	if (fences->count) /* the first is not reached, or it would be forgotten */
		since_us = at(fences, 0)->since_us;
	fences->ops->busy(fences->user, since_us, fences->count + fences->waits);
}

void fences_command(struct fences *fences, uint64_t since_us, bool waits)
{
	pthread_mutex_lock(&fences->mutex);
	fences->command_since_us = since_us;
	fences->waits = waits;
	tell(fences);
	pthread_mutex_unlock(&fences->mutex);
}

static uint32_t count_pending(struct fences *fences)
{
	uint32_t count;

	pthread_mutex_lock(&fences->mutex);
	count = fences->count;
	pthread_mutex_unlock(&fences->mutex);
	return count;
}

static void take_back(struct fences *fences, uint64_t number)
{
	pthread_mutex_lock(&fences->mutex);
	for (uint32_t i = 0; i < fences->count; i++) {
		if (at(fences, i)->number == number)
			at(fences, i)->reached = true;
	}
	forget_reached(fences);
	pthread_mutex_unlock(&fences->mutex);
}

/* It may be reached before virglrenderer returns. */
enum render_result fences_add(struct fences *fences, uint32_t serial, const struct render_fence *fence)
{
	uint64_t number = ++fences->next_number;
	int err;

	if (count_pending(fences) == FENCES_MAX)
		fences_drain(fences);
	pthread_mutex_lock(&fences->mutex);
	*at(fences, fences->count++) = (struct fence_pending){ number, fence->fence, loop_now_us(), serial,
		fence->context, false };
	pthread_mutex_unlock(&fences->mutex);
	if (fence->context == 0)
		err = virgl_renderer_create_fence((int)(uint32_t)number, 0);
	else
		err = virgl_renderer_context_create_fence(fence->context, 0, 0, number);
	if (!err)
		return RENDER_OK;
	take_back(fences, number);
	return RENDER_FAILED;
}

static void reach(struct fences *fences, struct fence_pending *p)
{
	struct render_fence fence = { .fence = p->fence, .context = p->context };

	p->reached = true;
	fences->ops->reached(fences->user, p->serial, &fence, p->since_us);
}

/* With the mutex held, so that fences are told in one order. */
static void reached(struct fences *fences)
{
	forget_reached(fences);
	tell(fences);
	if (eventfd_write(fences->reached_fd, 1) < 0)
		return; /* it is full, so it can be read */
}

void fences_device_done(struct fences *fences, uint32_t number)
{
	pthread_mutex_lock(&fences->mutex);
	for (uint32_t i = 0; i < fences->count; i++) {
		struct fence_pending *p = at(fences, i);

		/* The device's fences have numbers of 32 bits, which may wrap. */
		if (p->context == 0 && !p->reached && (int32_t)(number - (uint32_t)p->number) >= 0)
			reach(fences, p);
	}
	reached(fences);
	pthread_mutex_unlock(&fences->mutex);
}

void fences_context_done(struct fences *fences, uint32_t context, uint64_t number)
{
	pthread_mutex_lock(&fences->mutex);
	for (uint32_t i = 0; i < fences->count; i++) {
		struct fence_pending *p = at(fences, i);

		if (p->context == context && !p->reached && p->number <= number)
			reach(fences, p);
	}
	reached(fences);
	pthread_mutex_unlock(&fences->mutex);
}

/* virglrenderer's thread may want its queries looked at in ours before it goes on. */
void fences_drain(struct fences *fences)
{
	struct pollfd ready[] = { { .fd = fences->reached_fd, .events = POLLIN },
		{ .fd = virgl_renderer_get_poll_fd(), .events = POLLIN } };
	eventfd_t count;

	while (count_pending(fences)) {
		if (poll(ready, 2, -1) < 0)
			continue; /* EINTR */
		if (ready[0].revents && eventfd_read(fences->reached_fd, &count) < 0)
			continue;
		if (ready[1].revents)
			virgl_renderer_poll();
	}
}
