/* Fences that have not been reached, in the order they were asked for, and since when
 * the renderer is busy. virglrenderer's own thread waits for the GPU and tells of each
 * fence at once, also while a command keeps the worker's thread: the front must know what
 * was drawn when a batch does not end. Thread-safe for these two threads. */
#ifndef VGPU_FENCES_H
#define VGPU_FENCES_H

#include <base/err.h>
#include <proto/render.h>
#include <pthread.h>
#include <stdbool.h>

enum {
	FENCES_MAX = 4096, /* pending; drivers keep some dozens */
};

struct fence_pending {
	uint64_t number;   /* ours, rising */
	uint64_t fence;    /* the front's */
	uint64_t since_us; /* CLOCK_MONOTONIC: when it was asked for */
	uint32_t serial, context;
	bool reached;
};

struct fences_ops;

struct fences {
	pthread_mutex_t mutex; /* for the ring */
	struct fence_pending ring[FENCES_MAX];
	uint32_t first, count;
	int reached_fd; /* an eventfd: fences were reached */
	uint64_t next_number;
	uint64_t command_since_us;
	bool waits;
	const struct fences_ops *ops;
	void *user;
};

/* Called by either thread, never by both at once. */
struct fences_ops {
	/* since_us: when it was asked for. */
	void (*reached)(void *user, uint32_t serial, const struct render_fence *fence, uint64_t since_us);
	/* Since when the renderer is busy (CLOCK_MONOTONIC; 0: it is not), and how much is
	 * to be done, as both are from now on. */
	void (*busy)(void *user, uint64_t since_us, uint32_t queue);
};

/* Borrows ops and user for ever. 0 or ERR_IO. */
MUST_USE int fences_init(struct fences *fences, const struct fences_ops *ops, void *user);

/* RENDER_FAILED; else ops->reached follows. */
enum render_result fences_add(struct fences *fences, uint32_t serial, const struct render_fence *fence);

/* virglrenderer's callbacks: everything up to that number is done, of the device or of
 * one context. */
void fences_device_done(struct fences *fences, uint32_t number);
void fences_context_done(struct fences *fences, uint32_t context, uint64_t number);

/* Returns when none is pending. The worker's thread only. */
void fences_drain(struct fences *fences);

/* What the worker's thread is at: a command since then (0: none), or a batch that waits. */
void fences_command(struct fences *fences, uint64_t since_us, bool waits);

#endif
