/* One virtual GPU: what its guest made (resources, contexts, scanouts), and who it
 * talks with. The guest's half of the work is in control.c and cursor.c, the worker's
 * end in front.c, what is shown in picture.c, reads of it in reads.c, a lost worker in
 * restore.c. One loop thread. */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

#include "answers.h"
#include "broker_link.h"
#include "context.h"
#include "cursor.h"
#include "picture.h"
#include "reads.h"
#include "renderer.h"
#include "resource.h"
#include "restore.h"
#include "screen.h"
#include "snapshots.h"
#include "vhost.h"

enum {
	FRONT_CAPSETS = 2,            /* virgl and virgl2 */
	FRONT_ENTRIES_MAX = 1 << 21,  /* of all backing lists: 32 MiB here, 8 GiB in pages there */
	FRONT_ATTACHED_MAX = 1 << 20, /* resources of all contexts: some 40 MiB here */
};

struct front_capset {
	uint32_t max_version; /* 0: there is none */
	uint16_t len;
	uint8_t data[RENDER_CAPS_MAX_BYTES];
};

struct front {
	sd_event *event;
	struct vhost *vhost;
	struct renderer *renderer;
	struct broker_link *broker;
	struct screen *screen;
	sd_event_source *work; /* looks at the queues soon */
	struct broker_limits limits;
	struct front_capset capsets[FRONT_CAPSETS]; /* [i] is set i + 1 */
	unsigned capsets_known;
	bool serving; /* the first worker came, and QEMU is listened to */
	struct table resources, contexts;
	uint64_t entries; /* of all backing lists */
	struct uploads_budget uploads;
	struct journal_budget journals;
	uint32_t attached; /* of all contexts */
	struct answers answers;
	struct picture picture;
	struct reads reads;
	struct cursor cursor;
	struct restore restore;
	struct snapshots snapshots;
	uint32_t last_target; /* handles of RENDER_TARGET */
};

struct front_sockets {
	int vhost_fd;
	int screen_fd; /* -1: nobody looks */
	struct broker_link_settings broker;
};

/* Takes the sockets, also after a failure. The loop ends with an exit code when QEMU is
 * gone or there is no worker to begin with. 0 or ERR_*. front is zeroed. */
MUST_USE int front_start(struct front *front, sd_event *event, const struct front_sockets *sockets);
void front_stop(struct front *front);

/* Looks at the queues in the next turn of the loop. */
void front_look(struct front *front);

/* The worker can be given the guest's commands: it is there and up to date. */
bool front_running(const struct front *front);

/* Sends and forgets; what fails is the guest's (bounds of render.h) or the worker's end. */
void front_send(struct front *front, struct render_message *msg, int pass_fd);

uint32_t front_new_target(struct front *front);

/* Tells the worker about the guest's memory. */
void front_send_regions(struct front *front);

/* Tells it what lies behind a resource; ERR_AGAIN: the arena is full. */
MUST_USE int front_send_backing(
		struct front *front, const struct resource *resource, bool want_done, uint32_t *serial);

/* A resource may be used in a context, or no longer. 0, ERR_MEMORY, ERR_SPACE (too many). */
MUST_USE int front_attach(struct front *front, struct context *context, uint32_t resource);
void front_unattach(struct front *front, struct context *context, uint32_t resource);

/* The context of a batch or a detachment; NULL: it is gone, and another may have its id. */
struct context *front_context_of(const struct front *front, const struct answer *answer);

/* The context goes; the worker is told by the caller. */
void front_drop_context(struct front *front, struct context *context);

/* A resource's backing, or the resource, is the guest's no more: the worker is told by
 * the caller. */
void front_detach(struct front *front, struct resource *resource);
void front_drop_resource(struct front *front, uint32_t id);

/* Everything that the guest made goes. */
void front_forget_guest(struct front *front);

#endif
