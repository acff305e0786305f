/* The conversation with QEMU (proto/vhost_user.h): sets up memory and queues as QEMU
 * says, tells when a queue has work, and when the driver begins anew. Loop thread only. */
#ifndef FRONT_VHOST_H
#define FRONT_VHOST_H

#include "memory.h"
#include "queue.h"
#include <systemd/sd-event.h>

enum {
	VHOST_CONTROL = 0,
	VHOST_CURSOR = 1,
	VHOST_QUEUES = 2,
};

struct vhost_ops {
	/* A queue may have chains now. */
	void (*work)(void *user, unsigned queue);
	/* The guest's memory is another now: regions must be told to the worker. */
	void (*memory)(void *user);
	/* The guest's driver is gone, and with it all that it made. */
	void (*reset)(void *user);
	/* Whether QEMU has to wait: chains are under way that must be handed back before
	 * a queue rests, or a worker is being brought up to date. */
	bool (*busy)(void *user);
	/* QEMU is gone (0), or said what no QEMU says (ERR_FORMAT). */
	void (*closed)(void *user, int err);
};

struct vhost;

/* Takes fd, a connected stream, also after a failure. ops is borrowed for ever. NULL
 * without memory. Nothing is read before vhost_start. */
struct vhost *vhost_create(sd_event *event, int fd, const struct vhost_ops *ops, void *user);
void vhost_destroy(struct vhost *vhost);

/* capsets: how many capability sets the guest shall see; 0: only 2D. 0 or ERR_IO. */
MUST_USE int vhost_start(struct vhost *vhost, uint32_t capsets);

/* ops->busy may say no again, where it said yes. */
void vhost_resume(struct vhost *vhost);

const struct memory *vhost_memory(const struct vhost *vhost);

/* A chain of an enabled queue, as queue_pop. */
MUST_USE int vhost_pop(struct vhost *vhost, unsigned queue, struct queue_chain *chain);

struct queue *vhost_queue(struct vhost *vhost, unsigned queue);

/* Calls queue_tell for each queue: at once, or within some 16 ms. */
void vhost_tell(struct vhost *vhost);
void vhost_tell_soon(struct vhost *vhost);

#endif
