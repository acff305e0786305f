/* Fences that have not been reached, in the order they were asked for, and since when
 * the renderer is busy. Not thread-safe: virglrenderer's own thread waits for the GPU,
 * but tells us from virgl_renderer_poll. */
#ifndef VGPU_FENCES_H
#define VGPU_FENCES_H

#include <proto/render.h>
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

struct fences {
	struct fence_pending ring[FENCES_MAX];
	uint32_t first, count;
	uint64_t next_number;
	/* Says that a fence is reached. */
	void (*on_fence)(void *user, uint32_t serial, const struct render_fence *fence);
	void *user;
};

/* RENDER_FAILED; else on_fence follows from fences_poll. */
enum render_result fences_add(struct fences *fences, uint32_t serial, const struct render_fence *fence);

/* virglrenderer's callbacks: everything up to that number is done, of the device or of
 * one context. */
void fences_device_done(struct fences *fences, uint32_t number);
void fences_context_done(struct fences *fences, uint32_t context, uint64_t number);

/* Lets virglrenderer tell what is done. */
void fences_poll(struct fences *fences);

/* Returns when none is pending. */
void fences_drain(struct fences *fences);

/* When the oldest pending fence was asked for, so since when at least the renderer is
 * drawing; 0: none is pending. */
uint64_t fences_busy_since_us(const struct fences *fences);

#endif
