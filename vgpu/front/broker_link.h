/* The front's connection to oriel-vgpu-broker (proto/broker.h), which is kept up: when
 * the broker goes, the next one is joined, with the worker that is there; one that does
 * not take it on is asked again every 30 seconds. Loop thread only. */
#ifndef FRONT_BROKER_LINK_H
#define FRONT_BROKER_LINK_H

#include <base/err.h>
#include <proto/broker.h>
#include <systemd/sd-event.h>

struct broker_link_ops {
	/* The worker that was wanted; takes render_fd. */
	void (*worker)(void *user, int render_fd, const struct broker_worker *worker);
	/* There is none; asked again by itself. worker->text says why. */
	void (*refused)(void *user, const struct broker_worker *worker);
};

struct broker_link;

struct broker_link_settings {
	int connected_fd; /* to a broker, taken; -1: none yet */
	int connector_fd; /* see connector.h; taken */
	const char *name; /* of the guest; borrowed for ever, as all here */
	const char *profile;
};

/* NULL without memory. */
struct broker_link *broker_link_create(sd_event *event, const struct broker_link_settings *settings,
		const struct broker_link_ops *ops, void *user);
void broker_link_destroy(struct broker_link *link);

/* Asks for a worker (another one: the last is lost), until there is one. */
void broker_link_want(struct broker_link *link);

#endif
