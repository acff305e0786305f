/* The broker: who has a virtual GPU, on which GPU, and whose turn it is. One loop. */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "vgpu.h"

enum {
	BROKER_USER_MAX = 64,         /* connections of one user but root */
	BROKER_ASKING_MAX = 16,       /* and of root when there are BROKER_ITEMS_MAX virtual GPUs */
	BROKER_TICK_US = 4000,        /* while several compete for a GPU */
	BROKER_REST_TICK_US = 250000, /* while there is a worker at all */
	BROKER_DEMOTE_US = 150000,    /* a batch that used this gets only what others leave */
	BROKER_REBUILD_US = 2000000,  /* but not before a worker that replaces a dead one used this */
	BROKER_BATCH_WALL_US = 10 * 1000 * 1000, /* a batch that waits for ever uses nothing in so long */
	BROKER_MOVED_US = 1000,                  /* more than nothing */
	BROKER_PASSED_MAX_US = 2 *
			BROKER_REST_TICK_US, /* more between two ticks: the broker was kept from looking */
};

struct broker_settings {
	const char *socket_path;
	const char *worker_program;
	uint64_t batch_limit_us; /* GPU time of one batch; then the watchdog ends the worker */
};

struct broker {
	struct broker_settings settings;
	struct profiles profiles;
	struct gpu gpus[GPUS_MAX];
	int gpu_count;
	sd_event *event;
	struct acceptor *acceptor;
	bool inherited;                    /* the listening socket is systemd's */
	struct gpu_clock clocks[GPUS_MAX]; /* of hardware GPUs */
	sd_event_source *tick;
	uint64_t ticked_us, passed_us;   /* at the last tick; since the one before */
	struct worker *spares[GPUS_MAX]; /* spares.h */
	sd_event_source *spares_due;
	TAILQ_HEAD(, vgpu) list;
	size_t count;
	uint64_t last_number; /* vgpu.number */
};

/* broker->settings, profiles, gpus are set. 0, or ERR_* after a log line. */
MUST_USE int broker_start(struct broker *broker);

/* Workers go on without it. Fine after a failed start. */
void broker_stop(struct broker *broker);

/* Index of the GPU for one more: the profile's own, the wanted one, or that with the
 * least weight on it. ERR_MISSING: there is no such GPU. */
MUST_USE int broker_place(const struct broker *broker, const struct profile *profile, uint32_t wanted);

/* How many have joined: those with a worker, and those between two. */
size_t broker_joined(const struct broker *broker);

/* There is a worker more: look at it from now on. */
void broker_wake(struct broker *broker);

#endif
