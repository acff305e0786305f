/* The worker's own functions, in this process: what is measured is the copy, not how
 * fast the kernel wakes somebody. Time is the CPU time of the process, so that threads of
 * the renderer count; ours and the peer take turns, after a picture that was drawn and
 * finished. The peer copies what ours copies, into memory of its own with no gap between
 * rows. */
#include "results.h"
#include "vgpu.h"
#include <base/shm.h>
#include <scene.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <worker/contexts.h>
#include <worker/pictures.h>
#include <worker/virgl.h>

enum {
	WIDTH = 1920,
	HEIGHT = 1080,
	STRIDE = 4 * WIDTH,
	PICTURE = 1,
	CONTEXT = 1,
	TARGET = 1,
	B8G8R8X8 = 2,
	WARM_UPS = 10,
	CASES = 3,
};

struct damage {
	struct fences fences;
	struct resources resources;
	struct contexts contexts;
	struct memory memory;
	struct scene scene;
	uint8_t *plain; /* the peer's */
	uint8_t *target;
};

static const struct render_rect rects[CASES] = {
	{ 0, 0, 0, 0, WIDTH, HEIGHT },
	{ 704, 284, 704, 284, 512, 512 },
	{ 640, 512, 640, 512, 64, 64 },
};

static void on_fence(void *user, uint32_t serial, const struct render_fence *fence, uint64_t since_us)
{
}

static void on_busy(void *user, uint64_t since_us, uint32_t queue)
{
}

static const struct fences_ops fences_ops = { on_fence, on_busy };

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static bool make_target(struct damage *d)
{
	struct render_target shape = { TARGET, WIDTH, HEIGHT, STRIDE };
	int fd = shm_create("bench", STRIDE * HEIGHT);
	bool ok = fd >= 0 && memory_add_target(&d->memory, &shape, fd) == RENDER_OK;

	d->target = fd >= 0 ? shm_map(fd, STRIDE * HEIGHT) : NULL;
	d->plain = malloc(STRIDE * HEIGHT);
	if (fd >= 0)
		close(fd);
	if (d->plain)
		memset(d->plain, 0, STRIDE * HEIGHT);
	return ok && d->plain && d->target;
}

static bool make(struct damage *d)
{
	struct render_resource picture = { PICTURE, 2, B8G8R8X8, 1 << 1 | 1 << 3 | 1 << 18, WIDTH, HEIGHT, 1,
		1, 0, 0, 0 };
	struct render_context context = { CONTEXT, 0, "bench" }, pair = { CONTEXT, PICTURE, "" };

	d->resources.quota_bytes = 256 << 20;
	return fences_init(&d->fences, &fences_ops, d) == 0 && virgl_start(-1, &d->fences) == 0 &&
			make_target(d) && resources_create(&d->resources, &picture) == RENDER_OK &&
			contexts_create(&d->contexts, &d->resources, &context) == RENDER_OK &&
			contexts_attach(&d->contexts, &d->resources, &pair, true) == RENDER_OK;
}

/* Another colour each time; drawn to the end. */
static bool draw(struct damage *d, int number)
{
	struct scene_target target = { PICTURE, B8G8R8X8, WIDTH, HEIGHT };
	float color[] = { (float)(number % 256) / 255, 0.2f, 0.4f, 1 };
	struct render_fence fence = { .context = CONTEXT };

	d->scene.count = 0;
	scene_clear(&d->scene, &target, 100, color);
	if (virgl_renderer_submit_cmd(d->scene.words, CONTEXT, (int)d->scene.count) != 0 ||
			fences_add(&d->fences, 0, &fence) != RENDER_OK)
		return false;
	fences_drain(&d->fences);
	return true;
}

static double ours(struct damage *d, const struct render_rect *r)
{
	struct render_read read = { .handle = TARGET, .resource = PICTURE, .count = 1, .rects = { *r } };
	double begin = now_us();

	return pictures_read(&d->memory, &d->resources, &read) == RENDER_OK ? now_us() - begin : -1;
}

static double theirs(struct damage *d, const struct render_rect *r)
{
	struct virgl_box box = { r->src_x, r->src_y, 0, r->width, r->height, 1 };
	struct iovec to = { d->plain, (size_t)r->width * r->height * 4 };
	double begin = now_us();
	int err = virgl_renderer_transfer_read_iov(PICTURE, 0, 0, 4 * r->width, 0, &box, 0, &to, 1);

	return err == 0 ? now_us() - begin : -1;
}

/* Both have the same pixels. */
static bool same(const struct damage *d, const struct render_rect *r)
{
	for (uint32_t y = 0; y < r->height; y++) {
		if (memcmp(d->target + (size_t)(r->dst_y + y) * STRIDE + 4 * r->dst_x,
				    d->plain + (size_t)y * 4 * r->width, 4 * r->width) != 0)
			return false;
	}
	return true;
}

static void tell(bool json, const struct render_rect *r, double *own, double *peer, int samples)
{
	double own_us = results_percentile(own, (size_t)samples, 0.5),
	       peer_us = results_percentile(peer, (size_t)samples, 0.5);
	char name[32];

	snprintf(name, sizeof name, "damage %ux%u", r->width, r->height);
	results_print_peer(json, "vgpu", name, "cpu_p50", own_us, "us", "oriel");
	results_print_peer(json, "vgpu", name, "cpu_p50", peer_us, "us", "virgl readback");
	results_print(json, "vgpu", name, "of_readback", own_us / peer_us, "x");
}

static bool measure(struct damage *d, bool json, const struct render_rect *r, int samples)
{
	double *own = calloc((size_t)samples, sizeof *own), *peer = calloc((size_t)samples, sizeof *peer);
	bool ok = own && peer;

	for (int i = -WARM_UPS; ok && i < samples; i++) {
		double a = -1, b = -1;

		ok = draw(d, i + WARM_UPS);
		/* Whoever comes first finds cold caches: by turns. */
		if (i & 1)
			a = ours(d, r);
		b = theirs(d, r);
		if (!(i & 1))
			a = ours(d, r);
		ok = ok && a >= 0 && b >= 0 && same(d, r);
		if (i >= 0) {
			own[i] = a;
			peer[i] = b;
		}
	}
	if (ok)
		tell(json, r, own, peer, samples);
	free(own);
	free(peer);
	return ok;
}

int vgpu_bench_damage(bool json, int samples)
{
	static struct damage d;
	bool ok = make(&d);

	for (int i = 0; ok && i < CASES; i++)
		ok = measure(&d, json, &rects[i], samples);
	if (!ok)
		fputs("oriel-bench: the renderer does not work here\n", stderr);
	fflush(stdout);
	return ok ? 0 : 1;
}
