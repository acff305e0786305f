/* The front's end of the render socket (proto/render.h): sends commands to a worker
 * without ever waiting, lends it the arena, and tells what it answers. A worker may be
 * lost at any moment, and then another one connected. Loop thread only. */
#ifndef FRONT_RENDERER_H
#define FRONT_RENDERER_H

#include <base/err.h>
#include <proto/render.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

struct renderer_ops {
	void (*done)(void *user, uint32_t serial, enum render_result result);
	void (*fenced)(void *user, uint32_t serial);
	void (*caps)(void *user, const struct render_caps_data *caps);
	void (*room)(void *user); /* renderer_full is over, or some of the arena is free again */
	void (*lost)(void *user); /* it is disconnected now; what was under way is not answered */
};

struct renderer;

/* ops is borrowed for ever. Returns owned, without a worker; NULL without memory. */
struct renderer *renderer_create(sd_event *event, const struct renderer_ops *ops, void *user);
void renderer_destroy(struct renderer *renderer);

/* Takes fd, the render socket of a worker that nothing was said to yet, and sends the
 * arena and the files for compiled shaders. 0, ERR_MEMORY, ERR_IO. */
MUST_USE int renderer_connect(struct renderer *renderer, int fd);

/* Forgets the worker; ops->lost is not called. */
void renderer_disconnect(struct renderer *renderer);

bool renderer_connected(const struct renderer *renderer);

/* Sends a command, or keeps it until the socket takes it. pass_fd (-1: none) is
 * borrowed. Sets msg->serial, which is never 0. A fence is named by its serial:
 * msg->fence.fence is set too. 0; ERR_ARGUMENT when msg breaks a bound of render.h
 * (the guest's numbers do); ERR_MEMORY; ERR_CLOSED without a worker. */
MUST_USE int renderer_send(struct renderer *renderer, struct render_message *msg, int pass_fd);

/* The socket is full: better wait for ops->room before sending more. */
bool renderer_full(const struct renderer *renderer);

/* Room for len bytes (at most RENDER_BATCH_MAX_BYTES) in the arena, which the next
 * command sent will name; it becomes free by itself once the worker answers that or a
 * later command. Without an answer asked for it stays taken, so ask. NULL: none now. */
uint8_t *renderer_arena_take(struct renderer *renderer, size_t len, uint32_t *offset);

#endif
