/* What a program only draws is in no journal, and a compositor draws a window once. So
 * pictures that were drawn into are read back, when they are left alone for a moment, or
 * now and then when they never are, and kept as if they had been uploaded. That costs
 * one read of a picture for each time it changes, at most a few a second, and nothing
 * while nothing is drawn. What was drawn since the last is lost with a worker, until it
 * is drawn again; so are depths, and pictures of rare formats. Loop thread only. */
#ifndef FRONT_SNAPSHOTS_H
#define FRONT_SNAPSHOTS_H

#include "resource.h"
#include <systemd/sd-event.h>

struct renderer;
struct table;

enum {
	SNAPSHOTS_TARGET = UINT32_MAX, /* the handle of RENDER_TARGET; nobody else's */
	SNAPSHOTS_LOOK_MAX = 4096,     /* resources looked at in a tick: a guest may make many more, */
	SNAPSHOTS_READ_MAX = 64,       /* and as small as it likes */
};

/* All borrowed for ever. */
struct snapshots_source {
	struct renderer *renderer;
	const struct table *resources; /* struct resource, or what begins with one, by its id */
	struct uploads_budget *budget;
	/* The worker is there and up to date. */
	bool (*running)(void *user);
	void *user;
};

struct snapshots {
	struct snapshots_source source;
	sd_event_source *tick;
	bool ticking;
	uint64_t tick_bytes; /* read in this tick */
	/* A round through the table, of one or more ticks. */
	size_t at;
	bool any; /* somebody waits */
	/* Whose time has come, and who was not read yet. */
	uint32_t due[SNAPSHOTS_READ_MAX];
	unsigned due_count;
	/* Where the worker reads to. */
	int fd;
	uint8_t *map;
	uint32_t width_px, height_px;
	bool known;                 /* to the worker */
	uint32_t reading;           /* serial of the read under way; 0: none */
	uint32_t resource, command; /* whose it is, and the serial of its creation */
};

MUST_USE int snapshots_init(
		struct snapshots *snapshots, sd_event *event, const struct snapshots_source *source);
void snapshots_finish(struct snapshots *snapshots);

/* A batch drew into it. */
void snapshots_drawn(struct snapshots *snapshots, struct resource *resource);

/* A command was answered, which may have been the read. */
void snapshots_done(struct snapshots *snapshots, uint32_t serial, enum render_result result);

/* The worker is lost. */
void snapshots_lost(struct snapshots *snapshots);

#endif
