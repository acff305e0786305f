/* One worker of the broker: oriel-vgpu-worker as a child process, the page shared with
 * it, what it used, and its end. */
#ifndef BROKER_WORKER_H
#define BROKER_WORKER_H

#include "gpus.h"
#include <proto/broker.h>
#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

struct worker_settings {
	const char *program; /* path of oriel-vgpu-worker */
	const struct gpu *gpu;
	uint64_t video_memory_bytes;
};

struct worker;

/* Starts one. *render_fd is the front's end of its render socket, owned by the caller.
 * on_end is called from the loop when the process has ended; not after
 * worker_destroy. NULL when that fails, errno says why. */
struct worker *worker_start(sd_event *event, const struct worker_settings *settings,
		void (*on_end)(void *user), void *user, int *render_fd);

/* Takes one over that an earlier broker started, with the page its front kept
 * (page_fd: takes it, also on failure). It ends without on_end. NULL: that pid is not
 * one of our workers, or the page is not one. */
struct worker *worker_adopt(const char *program, pid_t pid, int page_fd);

/* Kills it unless it was adopted: that one ends with its front. NULL is fine. */
void worker_destroy(struct worker *worker);

/* Frees this, and the process goes on, not held. */
void worker_leave(struct worker *worker);

pid_t worker_pid(const struct worker *worker);
const struct broker_page *worker_page(const struct worker *worker);

/* A descriptor of the page, owned by the caller; negative when there is none left. */
int worker_page_fd(const struct worker *worker);

/* CPU time of all its threads so far, microseconds. 0 once it has ended. */
uint64_t worker_used_us(const struct worker *worker);

void worker_hold(struct worker *worker, bool held);

/* Lets its threads run only when nobody else wants the CPU, or as all others. Does
 * nothing where the broker may not undo it. */
void worker_demote(struct worker *worker, bool demoted);

void worker_kill(struct worker *worker);

#endif
