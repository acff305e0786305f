/* oriel-vgpu-vtest: a virtual GPU for programs on this host. Mesa's virpipe driver in
 * each program connects to a socket (proto/vtest.h); all programs of a guest share one
 * worker, one quota and one share of the GPU, each with a context of its own.
 *
 * When the worker is lost the broker gives another one, which is told what the last one
 * knew; programs wait meanwhile, since the driver ends its program when the connection
 * ends. Loop thread only. */
#ifndef VTEST_VTEST_H
#define VTEST_VTEST_H

#include <front/broker_link.h>
#include <front/journal.h>
#include <front/renderer.h>
#include <front/resource.h>
#include <front/snapshots.h>
#include <front/table.h>
#include <proto/vtest.h>
#include <stdbool.h>

enum {
	VTEST_CLIENTS_MAX = 64,
	VTEST_RESOURCES_MAX = 1 << 15, /* of all programs; each may have a descriptor */
	VTEST_CAP_SETS = 2,
};

struct vtest_client;

/* A program's resource. */
struct vtest_resource {
	struct resource made; /* by our name; first, as snapshots.h wants it */
	struct vtest_client *client;
	uint32_t name; /* the program's; 0: it let go of it, but not all that uses it is done */
	int fd;        /* the memory behind it; -1: none */
	uint32_t data_bytes;
};

/* What a program sent and the worker may not have done, nor drawn. */
struct vtest_pending {
	struct vtest_pending *next;
	uint32_t serial;       /* as it was sent to the worker that there is */
	enum render_type type; /* SUBMIT, TRANSFER_TO, TRANSFER_FROM, RESOURCE_UNREF */
	uint32_t resource;     /* of all but SUBMIT: our name */
	struct render_transfer transfer;
	uint32_t held_bytes; /* of RESOURCE_UNREF: the memory behind it, which counts in no quota */
	uint32_t count;      /* of SUBMIT, with our names */
	uint32_t words[];
};

enum vtest_wait {
	VTEST_WAITS_NOT,
	VTEST_WAITS_CONTEXT,  /* until the worker has made it */
	VTEST_WAITS_RESOURCE, /* likewise; then the descriptor is sent */
	VTEST_WAITS_IDLE,     /* until a fence is reached */
};

/* A connection: one program, mostly. */
struct vtest_client {
	struct vtest *server;
	struct vtest_client *next; /* of the strangers */
	int fd;
	sd_event_source *source;
	uint32_t context; /* 0: CREATE_RENDERER has not come yet */
	char name[RENDER_NAME_CAP];
	struct journal *journal;
	struct table resources; /* struct vtest_resource by the program's name */

	uint8_t *in; /* what has come and is not carried out */
	size_t in_len, in_cap;
	uint8_t out[VTEST_ANSWER_MAX_BYTES]; /* what the socket has not taken */
	size_t out_len, out_at;

	enum vtest_wait wait;
	bool failed;                 /* something of what it waits for */
	struct vtest_resource *made; /* what VTEST_WAITS_RESOURCE is for */
	uint32_t last_serial;        /* of what it waits for */
	/* Work is counted as it is sent; a fence covers what was sent before it. */
	uint64_t work, fence_work, done_work;
	uint32_t fence; /* serial; 0: none is pending */
	struct vtest_pending *pending, **last_pending;
	size_t pending_count, pending_bytes;
	size_t pending_drawn; /* of its beginning: what the last fence covered */
	/* Workers that died over what it sent, lately. */
	unsigned strikes;
	uint64_t strike_us;
};

struct vtest_caps {
	bool known;
	uint16_t len;
	uint8_t data[RENDER_CAPS_MAX_BYTES];
};

struct vtest_restore {
	bool running;
	unsigned phase;
	/* Of what the phase goes through, owned; programs may leave meanwhile. */
	uint32_t *ids;
	size_t id_count, at;
	struct vtest_client *client; /* whose context is made again, or whose work is sent again */
	struct vtest_pending *again; /* next */
	/* Its journal's commands, owned. */
	uint32_t *words;
	size_t count, cap, sent;
	uint64_t lost_us; /* 0: no worker was lost yet */
	uint64_t done_us; /* the last restoring */
};

struct vtest {
	sd_event *event;
	struct acceptor *acceptor;
	struct broker_link *link;
	struct renderer *renderer;
	struct vtest_client *strangers; /* that have not said who they are */
	struct table clients;           /* by context */
	struct table resources;         /* by our name */
	struct table waits; /* struct vtest_client by the serial of a command that is not answered */
	struct vtest_caps caps[VTEST_CAP_SETS];
	struct uploads_budget budget;
	struct journal_budget journals;
	struct vtest_restore restore;
	struct snapshots snapshots;
	uint32_t culprit; /* context whose command the lost worker was at; 0: nobody's */
	uint32_t last_context, last_resource, client_count;
};

struct vtest_sockets {
	int listen_fd; /* taken, as are those of broker */
	struct broker_link_settings broker;
};

/* 0, ERR_MEMORY, ERR_IO. */
MUST_USE int vtest_start(struct vtest *server, sd_event *event, const struct vtest_sockets *sockets);
void vtest_stop(struct vtest *server);

/* There is a worker, and it knows all. */
bool vtest_ready(const struct vtest *server);

/* Every program whose turn may have come. */
void vtest_go_on(struct vtest *server);

/* --- client.c --- */

/* Takes fd. */
void client_accept(struct vtest *server, int fd);

/* The program is gone, or must go. */
void client_destroy(struct vtest_client *client);

/* Carries out what has come, as far as that goes now. */
void client_go_on(struct vtest_client *client);

/* Sends; what the socket does not take is kept. pass_fd is borrowed, -1: none. 0,
 * ERR_CLOSED, ERR_SPACE (the program asks and does not read). */
MUST_USE int client_send(struct vtest_client *client, const void *data, size_t len, int pass_fd);

/* It has a context now: no stranger any more. */
void client_leave_strangers(struct vtest_client *client);

/* --- commands.c --- */

/* 0: carried out, or the client waits; ERR_AGAIN: not now, the same again when there is
 * room; other errors: the connection cannot go on. */
MUST_USE int command_run(struct vtest_client *client, const struct vtest_message *msg);

/* What the client waited for has come. */
MUST_USE int command_finish(struct vtest_client *client);

/* Sends a fence behind all that the client has sent. 0, ERR_MEMORY, ERR_CLOSED. */
MUST_USE int command_fence(struct vtest_client *client);

struct vtest_resource *client_resource(const struct vtest_client *client, uint32_t name);

/* The worker is told; or knows. */
void resource_forget(struct vtest_resource *resource);
void resource_destroy_here(struct vtest_resource *resource);

/* By our name; NULL if it is not this client's. */
struct vtest_resource *client_owns(const struct vtest_client *client, uint32_t id);

/* --- pending.c --- */

/* A command was sent with that serial; words are copied. 0 or ERR_MEMORY. */
MUST_USE int pending_add(
		struct vtest_client *client, const struct vtest_pending *what, const uint32_t *words);

/* A fence is reached: all up to that serial is drawn. What the fence before it covered is
 * the journal's and the uploads' now. */
void pending_fenced(struct vtest_client *client, uint32_t serial);

/* All of it is done, or will not be. */
void pending_settle_all(struct vtest_client *client);

/* The client goes. */
void pending_drop(struct vtest_client *client);

/* --- restore.c --- */

/* Another worker is connected, or the first one. */
void vtest_restore_start(struct vtest *server);

/* Goes on; the renderer has room. */
void vtest_restore_step(struct vtest *server);

/* The worker was lost, or (client) a program that is being restored went. NULL: all. */
void vtest_restore_drop(struct vtest *server, const struct vtest_client *client);

#endif
