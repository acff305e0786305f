/* One worker of the broker: oriel-vgpu-worker as a child process, the page shared with
 * it, what it used, and its end. */
#ifndef BROKER_WORKER_H
#define BROKER_WORKER_H

#include "gpus.h"
#include <proto/broker.h>
#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

struct worker;

/* Starts one that draws for nobody yet. on_end is called from the loop when the process
 * has ended; not after worker_destroy. NULL when that fails, errno says why. */
struct worker *worker_start(sd_event *event, const char *program, const struct gpu *gpu,
		void (*on_end)(void *user), void *user);

/* Gives it to a guest, once: what it uses counts from now on. Returns the front's end of
 * its render socket, owned by the caller. */
int worker_assign(struct worker *worker, uint64_t video_memory_bytes, void (*on_end)(void *user), void *user);

/* Takes one over that an earlier broker started, with the page its front kept
 * (page_fd: takes it, also on failure). NULL: the page is not one of ours, or not that
 * of this process. */
struct worker *worker_adopt(sd_event *event, pid_t pid, int page_fd, void (*on_end)(void *user), void *user);

/* Kills it. NULL is fine. */
void worker_destroy(struct worker *worker);

/* Frees this, and the process goes on, not held. */
void worker_leave(struct worker *worker);

bool worker_ended(const struct worker *worker);
pid_t worker_pid(const struct worker *worker);
const struct broker_page *worker_page(const struct worker *worker);

/* A descriptor of the page, to read only, owned by the caller; negative when there is none
 * left. */
int worker_page_fd(const struct worker *worker);

/* CPU time of all its threads since it was assigned, microseconds. 0 once it has ended. */
uint64_t worker_used_us(const struct worker *worker);

/* Again and again, also when it is the same: an adopted one is held only while somebody
 * says so. */
void worker_hold(struct worker *worker, bool held);

/* A spare's start is in nobody's way. Does nothing where the broker may not undo it. */
void worker_start_slowly(const struct worker *worker);

/* Lets its threads run only when nobody else wants the CPU, or as all others; but for the
 * one that tells which fences were reached. Does nothing where the broker may not undo it. */
void worker_demote(struct worker *worker, bool demoted);

void worker_kill(struct worker *worker);

#endif
