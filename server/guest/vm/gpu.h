/* The supervisor's end of the screen socket (proto/screen.h): pictures of the machine's
 * virtual GPU into memfds that sessions lend. The front at the other end has the guest
 * before it, so what it says is checked. Loop thread only. */
#ifndef VM_GPU_H
#define VM_GPU_H

#include <proto/screen.h>
#include <systemd/sd-event.h>

struct gpu;
struct gpu_target;

/* Called from the loop only. */
struct gpu_ops {
	void (*scanout)(void *user, const struct screen_scanout *scanout);
	void (*damage)(void *user, const struct screen_damage *damage);
	/* The read into that target (not dropped since) ended: 0, or negative: later. */
	void (*captured)(void *user, struct gpu_target *target, int result);
	/* pixels: width * height * 4 bytes, borrowed; NULL when it is hidden. */
	void (*cursor)(void *user, const struct screen_cursor *cursor, const uint8_t *pixels);
	void (*cursor_moved)(void *user, const struct screen_cursor_moved *moved);
	/* The renderer was replaced: everything may have changed. */
	void (*reset)(void *user, const struct screen_reset *reset);
	/* A read that gpu_read had refused may be tried again. */
	void (*writable)(void *user);
	/* The front is gone, or speaks something else. Nothing comes after it. */
	void (*lost)(void *user);
};

/* Takes fd, also after a failure. ops is borrowed. NULL without memory. */
struct gpu *gpu_create(sd_event *event, int fd, const struct gpu_ops *ops, void *user);
void gpu_destroy(struct gpu *gpu); /* with its targets; NULL is fine */

void gpu_heads(struct gpu *gpu, const struct screen_heads *heads);

/* memfd is borrowed for the call. NULL: no memory, too many, or the front is lost. */
struct gpu_target *gpu_target_add(struct gpu *gpu, int memfd, const struct link_buffer *buffer);

/* Takes target. A read into it that is under way ends unheard. */
void gpu_target_drop(struct gpu *gpu, struct gpu_target *target);

enum {
	GPU_READ_THERE = 1,
};

/* Nothing is being read into that target, and what changes next will be: it may be read at
 * once, before gpu_read asks for it. */
void gpu_await(struct gpu *gpu, const struct gpu_target *target);

/* Begins to read these rectangles of the picture; one read a target at a time.
 * 0: captured follows; GPU_READ_THERE: they are there; ERR_AGAIN: not now. */
MUST_USE int gpu_read(
		struct gpu *gpu, struct gpu_target *target, const struct link_rect *rects, size_t count);

#endif
