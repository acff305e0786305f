/* The worker: carries out the commands of the render socket (proto/render.h) with
 * virglrenderer, in order, in one thread. */
#ifndef VGPU_WORKER_H
#define VGPU_WORKER_H

#include "contexts.h"
#include "fences.h"
#include "memory.h"
#include "resources.h"
#include "shaders.h"
#include <proto/broker.h>

struct worker {
	int render_fd, control_fd; /* control_fd -1: the broker is gone */
	struct broker_page *page;
	struct memory memory;
	struct resources resources;
	struct contexts contexts;
	struct fences fences;
	struct shaders shaders;
	uint8_t packet[RENDER_PACKET_MAX];
	struct render_message command;
	bool waits; /* command is a batch that waits for BROKER_GO */
};

/* Both descriptors and the page are borrowed. 0 or ERR_IO. */
MUST_USE int worker_init(struct worker *worker, int render_fd, int control_fd, struct broker_page *page);

/* Serves until the front closes its socket (0) or breaks the protocol (ERR_FORMAT), or
 * the system refuses (ERR_IO). virgl_start first. */
MUST_USE int worker_run(struct worker *worker);

/* Carries out worker->command; fd came along (borrowed) or is -1. What it answers is
 * sent: ERR_CLOSED, ERR_IO, or ERR_FORMAT (a descriptor missing or too many). */
MUST_USE int worker_execute(struct worker *worker, int fd);

/* To the front; waits while its socket is full. */
MUST_USE int worker_send(struct worker *worker, const struct render_message *msg);

#endif
