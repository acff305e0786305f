#include "fences.h"
#include "virgl.h"
#include <base/loop.h>
#include <poll.h>

static struct fence_pending *at(struct fences *fences, uint32_t i)
{
	return &fences->ring[(fences->first + i) % FENCES_MAX];
}

enum render_result fences_add(struct fences *fences, uint32_t serial, const struct render_fence *fence)
{
	uint64_t number = ++fences->next_number;
	int err;

	if (fences->count == FENCES_MAX)
		fences_drain(fences);
	*at(fences, fences->count++) = (struct fence_pending){ number, fence->fence, loop_now_us(), serial,
		fence->context, false };
	if (fence->context == 0)
		err = virgl_renderer_create_fence((int)(uint32_t)number, 0);
	else
		err = virgl_renderer_context_create_fence(fence->context, 0, 0, number);
	if (err) {
		fences->count--;
		return RENDER_FAILED;
	}
	return RENDER_OK;
}

/* Contexts go on at their own pace, so places in the middle may become free first. */
static void forget_reached(struct fences *fences)
{
	while (fences->count && fences->ring[fences->first].reached) {
		fences->first = (fences->first + 1) % FENCES_MAX;
		fences->count--;
	}
}

static void reach(struct fences *fences, struct fence_pending *p)
{
	struct render_fence fence = { .fence = p->fence, .context = p->context };

	p->reached = true;
	fences->on_fence(fences->user, p->serial, &fence);
}

void fences_device_done(struct fences *fences, uint32_t number)
{
	for (uint32_t i = 0; i < fences->count; i++) {
		struct fence_pending *p = at(fences, i);

		/* The device's fences have numbers of 32 bits, which may wrap. */
		if (p->context == 0 && !p->reached && (int32_t)(number - (uint32_t)p->number) >= 0)
			reach(fences, p);
	}
	forget_reached(fences);
}

void fences_context_done(struct fences *fences, uint32_t context, uint64_t number)
{
	for (uint32_t i = 0; i < fences->count; i++) {
		struct fence_pending *p = at(fences, i);

		if (p->context == context && !p->reached && p->number <= number)
			reach(fences, p);
	}
	forget_reached(fences);
}

void fences_poll(struct fences *fences)
{
	if (fences->count)
		virgl_renderer_poll();
}

void fences_drain(struct fences *fences)
{
	struct pollfd ready = { .fd = virgl_renderer_get_poll_fd(), .events = POLLIN };

	while (fences->count) {
		if (poll(&ready, 1, -1) < 0)
			continue; /* EINTR */
		virgl_renderer_poll();
	}
}

uint64_t fences_busy_since_us(const struct fences *fences)
{
	for (uint32_t i = 0; i < fences->count; i++) {
		const struct fence_pending *p = &fences->ring[(fences->first + i) % FENCES_MAX];

		if (!p->reached)
			return p->since_us;
	}
	return 0;
}
