/* One virtual GPU as the broker sees it: the connection of its front, and its worker. */
#ifndef BROKER_VGPU_H
#define BROKER_VGPU_H

#include "gpu_clock.h"
#include "profiles.h"
#include "share.h"
#include "worker.h"
#include <sys/queue.h>

enum {
	/* A worker that dies so often within VGPU_DEATHS_US is not started again until
	 * that time is over. */
	VGPU_DEATHS_MAX = 8,
	VGPU_DEATHS_US = 10 * 1000 * 1000,
};

struct broker;

struct vgpu {
	TAILQ_ENTRY(vgpu) entry;
	struct broker *broker;
	int fd;
	uid_t uid;       /* of the front */
	uint64_t number; /* of the connection, counted from 1; the list is in that order */
	/* A list that is being sent: the numbers still to come. 0, 0: none. */
	uint64_t list_from, list_to;
	sd_event_source *readable;
	bool joined;
	char name[BROKER_NAME_CAP];
	const struct profile *profile;
	int gpu;               /* index */
	struct worker *worker; /* NULL: none now */
	struct share_member share;
	struct gpu_clock_member timed; /* on a hardware GPU; its page is the worker's */
	bool killed;                   /* the watchdog did it */
	bool rebuilds; /* the worker is told what a dead one knew, and compiles it all again */
	uint32_t resets;
	uint64_t deaths_us[VGPU_DEATHS_MAX]; /* a ring */
	size_t death;
	uint64_t rests_until_us; /* no worker before; after too many deaths */
	uint64_t ended_used_us;  /* by the workers before this one */
	uint64_t ended_frames;
	uint64_t batch_us;      /* page.busy_since_us when last looked at */
	uint64_t batch_used_us; /* worker's use when that batch was first seen */
	/* For how long a batch was there, was not held, and used nothing, less the time
	 * without one since; and the worker's use when that began. By the broker's clock: a
	 * page can name another batch at each look. */
	uint64_t stuck_us, stuck_at_us;
	uint64_t held_since_us; /* 0: is not */
	uint64_t fps_frames, fps_us;
	uint32_t frames_per_1000_s;
};

/* A connection of that user. Takes fd, which is closed when that fails. */
void vgpu_accept(struct broker *broker, int fd, uid_t uid);

/* It has a worker that lives. A front may be slow to notice that its worker ended: what
 * that one's page says is nothing any more. */
bool vgpu_draws(const struct vgpu *vgpu);

/* What it used by now, its work, its frames; the watchdog. Before share_update. This and
 * vgpu_apply for those that draw. */
void vgpu_measure(struct vgpu *vgpu, uint64_t now_us);

/* Holds or lets go, as share_update said. */
void vgpu_apply(struct vgpu *vgpu, uint64_t now_us);

void vgpu_figures(const struct vgpu *vgpu, struct broker_item *item);

/* leave_worker: it goes on without a broker. */
void vgpu_destroy(struct vgpu *vgpu, bool leave_worker);

#endif
