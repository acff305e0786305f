#include "vgpu.h"
#include "broker.h"
#include "spares.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <errno.h>
#include <proto/screen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	FPS_US = 2000000,
};

static int send_message(struct vgpu *vgpu, const struct broker_message *msg, int fd)
{
	uint8_t packet[BROKER_PACKET_MAX];
	int len = broker_write(msg, packet, sizeof packet);

	return len < 0 ? len : packet_send(vgpu->fd, packet, (size_t)len, fd);
}

/* GPU time of this worker. A software GPU is its CPU time. */
static uint64_t used_us(const struct vgpu *vgpu)
{
	const struct gpu *gpu = &vgpu->broker->gpus[vgpu->gpu];

	return gpu_is_hardware(gpu) ? vgpu->timed.used_us : worker_used_us(vgpu->worker);
}

bool vgpu_draws(const struct vgpu *vgpu)
{
	return vgpu->worker && !worker_ended(vgpu->worker) && !vgpu->killed;
}

/* The page is what is left of the one before: its figures go on in the next. */
static void drop_worker(struct vgpu *vgpu, bool leave)
{
	if (!vgpu->worker)
		return;
	vgpu->ended_used_us = vgpu->share.used_us;
	vgpu->ended_frames += atomic_load(&worker_page(vgpu->worker)->frames);
	if (leave)
		worker_leave(vgpu->worker);
	else
		worker_destroy(vgpu->worker);
	vgpu->worker = NULL;
	gpu_clock_join(&vgpu->timed, NULL);
	share_leave(&vgpu->share);
	vgpu->batch_us = vgpu->stuck_us = vgpu->held_since_us = 0;
}

/* The front notices by itself, at its render socket, and joins again. */
static void on_worker_end(void *user)
{
	struct vgpu *vgpu = user;

	share_leave(&vgpu->share);
	vgpu->frames_per_1000_s = 0;
	if (!vgpu->killed)
		log_warn("%s: its worker %d died", vgpu->name, (int)worker_pid(vgpu->worker));
}

/* A front that is refused asks again all the time, which is no death more. */
static void note_death(struct vgpu *vgpu, uint64_t now_us)
{
	uint64_t oldest = vgpu->deaths_us[vgpu->death];

	vgpu->deaths_us[vgpu->death] = now_us;
	vgpu->death = (vgpu->death + 1) % VGPU_DEATHS_MAX;
	if (oldest && now_us - oldest < VGPU_DEATHS_US)
		vgpu->rests_until_us = oldest + VGPU_DEATHS_US;
}

static void refuse(
		struct broker_worker *answer, enum broker_status status, const char *format, const char *what)
{
	answer->status = status;
	snprintf(answer->text, sizeof answer->text, format, what);
}

/* On its GPU from the first join on: what it has drawn there cannot be moved. */
static int start_worker(struct vgpu *vgpu, struct broker_worker *answer)
{
	vgpu->worker = spares_take(vgpu->broker, vgpu->gpu);
	if (!vgpu->worker) {
		refuse(answer, BROKER_FAILED, "the worker does not start: %s", strerror(errno));
		return -1;
	}
	answer->status = BROKER_OK;
	return worker_assign(vgpu->worker, vgpu->profile->limits.video_memory_bytes, on_worker_end, vgpu);
}

static void send_worker(struct vgpu *vgpu, const struct broker_worker *answer, int render_fd)
{
	struct broker_message msg = { .type = BROKER_WORKER, .worker = *answer };
	int err = send_message(vgpu, &msg, render_fd), page_fd;

	if (render_fd >= 0)
		close(render_fd);
	if (err == 0 && answer->status == BROKER_OK) {
		page_fd = worker_page_fd(vgpu->worker);
		err = send_message(vgpu, &(struct broker_message){ .type = BROKER_PAGE }, page_fd);
		if (page_fd >= 0)
			close(page_fd);
	}
	if (err < 0)
		log_warn("%s: its front does not read", vgpu->name);
}

static int first_join(struct vgpu *vgpu, const struct broker_join *join, struct broker_worker *answer)
{
	memcpy(vgpu->name, join->name, sizeof vgpu->name);
	if (broker_joined(vgpu->broker) >= BROKER_ITEMS_MAX) {
		refuse(answer, BROKER_FULL, "there are as many virtual GPUs as there can be%s", "");
		return ERR_SPACE;
	}
	vgpu->profile = profiles_find(&vgpu->broker->profiles, join->profile);
	if (!vgpu->profile) {
		refuse(answer, BROKER_NO_PROFILE, "there is no profile %.60s", join->profile);
		return ERR_MISSING;
	}
	vgpu->gpu = broker_place(vgpu->broker, vgpu->profile, join->wanted_gpu);
	if (vgpu->gpu < 0) {
		refuse(answer, BROKER_NO_GPU, "this host has no GPU %.60s", vgpu->profile->gpu);
		return ERR_MISSING;
	}
	vgpu->share.weight = vgpu->profile->limits.weight;
	vgpu->joined = true;
	return 0;
}

/* The worker is lost, or about to be. */
static int join_again(struct vgpu *vgpu, struct broker_worker *answer)
{
	bool no_egl = vgpu->worker && !vgpu->killed && atomic_load(&worker_page(vgpu->worker)->ready) == 2;

	answer->reason = vgpu->killed ? SCREEN_RESET_WATCHDOG : SCREEN_RESET_DIED;
	if (vgpu->worker) {
		note_death(vgpu, loop_now_us());
		drop_worker(vgpu, false);
		vgpu->resets += !no_egl;
	}
	if (no_egl) {
		refuse(answer, BROKER_NO_GPU, "EGL does not start on %s", vgpu->broker->gpus[vgpu->gpu].name);
		return ERR_MISSING;
	}
	vgpu->rebuilds = !vgpu->killed;
	vgpu->killed = false;
	if (loop_now_us() < vgpu->rests_until_us) {
		refuse(answer, BROKER_FAILED, "its worker died too often%s; try again in ten seconds", "");
		return ERR_AGAIN;
	}
	return 0;
}

static int adopt(struct vgpu *vgpu, const struct broker_join *join, int page_fd, struct broker_worker *answer)
{
	vgpu->worker = worker_adopt(
			vgpu->broker->event, (pid_t)join->worker_pid, page_fd, on_worker_end, vgpu);
	if (!vgpu->worker) {
		refuse(answer, BROKER_FAILED, "that is no worker of ours%s", "");
		return ERR_DENIED;
	}
	vgpu->share.used_us = used_us(vgpu);
	spares_review(vgpu->broker);
	return 0;
}

/* passed_fd: taken. */
static void on_join(struct vgpu *vgpu, const struct broker_join *join, int passed_fd)
{
	struct broker_worker answer = { .status = BROKER_OK };
	bool has_worker = join->flags & BROKER_JOIN_HAS_WORKER;
	int render_fd = -1, err;

	err = vgpu->joined ? join_again(vgpu, &answer) : first_join(vgpu, join, &answer);
	if (err == 0 && has_worker && !vgpu->worker && passed_fd >= 0) {
		err = adopt(vgpu, join, passed_fd, &answer);
		passed_fd = -1;
	} else if (err == 0) {
		render_fd = start_worker(vgpu, &answer);
	}
	if (passed_fd >= 0)
		close(passed_fd);
	if (vgpu->worker) {
		answer.worker_pid = (uint32_t)worker_pid(vgpu->worker);
		answer.limits = vgpu->profile->limits;
		memcpy(answer.gpu, vgpu->broker->gpus[vgpu->gpu].name, sizeof answer.gpu);
		gpu_clock_join(&vgpu->timed, worker_page(vgpu->worker));
		vgpu->share.last_us = vgpu->share.used_us;
		log_info("%s: profile %s on %s, worker %u%s", vgpu->name, vgpu->profile->name, answer.gpu,
				answer.worker_pid, render_fd < 0 ? ", found running" : "");
	} else {
		log_warn("%s: %s", join->name, answer.text);
	}
	send_worker(vgpu, &answer, render_fd);
	broker_wake(vgpu->broker);
}

void vgpu_figures(const struct vgpu *vgpu, struct broker_item *item)
{
	*item = (struct broker_item){ .limits = vgpu->profile->limits,
		.resets = vgpu->resets,
		.gpu_time_us = vgpu->share.used_us,
		.frames = vgpu->ended_frames,
		.held = vgpu->share.held,
		.frames_per_1000_s = vgpu->frames_per_1000_s };
	memcpy(item->name, vgpu->name, sizeof item->name);
	memcpy(item->profile, vgpu->profile->name, sizeof item->profile);
	memcpy(item->gpu, vgpu->broker->gpus[vgpu->gpu].name, sizeof item->gpu);
	if (vgpu->worker)
		item->frames += atomic_load(&worker_page(vgpu->worker)->frames);
	if (vgpu_draws(vgpu)) {
		const struct broker_page *page = worker_page(vgpu->worker);

		item->worker_pid = (uint32_t)worker_pid(vgpu->worker);
		item->memory_bytes = atomic_load(&page->memory_bytes);
		item->queue = atomic_load(&page->queue);
	}
}

static int send_items(struct vgpu *asking)
{
	struct broker_message msg = { .type = BROKER_ITEM };
	struct vgpu *vgpu;
	int err;

	TAILQ_FOREACH(vgpu, &asking->broker->list, entry)
	{
		if (!vgpu->joined || vgpu->number < asking->list_from || vgpu->number > asking->list_to)
			continue;
		vgpu_figures(vgpu, &msg.item);
		err = send_message(asking, &msg, -1);
		if (err < 0)
			return err;
		asking->list_from = vgpu->number + 1;
	}
	return send_message(asking, &(struct broker_message){ .type = BROKER_END }, -1);
}

/* As much of the list as the socket takes; the rest when it takes more. */
static int go_on_with_list(struct vgpu *asking)
{
	int err = send_items(asking);

	if (err == ERR_AGAIN) {
		sd_event_source_set_io_events(asking->readable, EPOLLIN | EPOLLOUT);
		return 0;
	}
	sd_event_source_set_io_events(asking->readable, EPOLLIN);
	asking->list_from = asking->list_to = 0;
	return err;
}

/* For administrators: who has what is nobody else's business. */
static int on_list(struct vgpu *asking)
{
	if (asking->uid != 0 && asking->uid != geteuid())
		return ERR_DENIED;
	if (asking->list_to)
		return ERR_UNEXPECTED;
	asking->list_from = 1;
	asking->list_to = asking->broker->last_number;
	return go_on_with_list(asking);
}

static int on_message(struct vgpu *vgpu, const struct broker_message *msg, int passed_fd)
{
	if (msg->type == BROKER_JOIN) {
		on_join(vgpu, &msg->join, passed_fd);
		return 0;
	}
	if (passed_fd >= 0)
		close(passed_fd);
	return msg->type == BROKER_LIST ? on_list(vgpu) : ERR_UNEXPECTED;
}

static int receive_message(struct vgpu *vgpu)
{
	uint8_t packet[BROKER_PACKET_MAX];
	struct broker_message msg;
	int passed_fd = -1, len = packet_receive(vgpu->fd, packet, sizeof packet, &passed_fd), err;

	if (len == ERR_AGAIN)
		return 0;
	err = len < 0 ? len : broker_parse(&msg, packet, (size_t)len);
	if (err == 0)
		return on_message(vgpu, &msg, passed_fd);
	if (passed_fd >= 0)
		close(passed_fd);
	return err;
}

static int on_ready(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct vgpu *vgpu = user;
	int err = 0;

	if (vgpu->list_to && (events & EPOLLOUT))
		err = go_on_with_list(vgpu);
	if (err == 0 && (events & ~(uint32_t)EPOLLOUT))
		err = receive_message(vgpu);
	if (err == 0)
		return 0;
	if (err != ERR_CLOSED)
		log_warn("%s: %s", vgpu->joined ? vgpu->name : "a connection", err_text(err));
	else if (vgpu->joined)
		log_info("%s: gone", vgpu->name);
	vgpu_destroy(vgpu, false);
	return 0;
}

void vgpu_accept(struct broker *broker, int fd, uid_t uid)
{
	struct vgpu *vgpu = calloc(1, sizeof *vgpu);

	if (!vgpu || sd_event_add_io(broker->event, &vgpu->readable, fd, EPOLLIN, on_ready, vgpu) < 0) {
		log_error("no memory");
		free(vgpu);
		close(fd);
		return;
	}
	vgpu->broker = broker;
	vgpu->fd = fd;
	vgpu->uid = uid;
	vgpu->number = ++broker->last_number;
	vgpu->share.weight = SHARE_WEIGHT_UNIT;
	TAILQ_INSERT_TAIL(&broker->list, vgpu, entry);
	broker->count++;
}

void vgpu_destroy(struct vgpu *vgpu, bool leave_worker)
{
	TAILQ_REMOVE(&vgpu->broker->list, vgpu, entry);
	vgpu->broker->count--;
	drop_worker(vgpu, leave_worker);
	if (!leave_worker)
		spares_review(vgpu->broker);
	sd_event_source_disable_unref(vgpu->readable);
	close(vgpu->fd);
	free(vgpu);
}

static bool is_rebuilding(const struct vgpu *vgpu)
{
	return vgpu->rebuilds && worker_used_us(vgpu->worker) < BROKER_REBUILD_US;
}

static void count_stuck(struct vgpu *vgpu, bool busy)
{
	uint64_t passed_us = vgpu->broker->passed_us;

	if (vgpu->share.used_us - vgpu->stuck_at_us >= BROKER_MOVED_US) {
		vgpu->stuck_at_us = vgpu->share.used_us;
		vgpu->stuck_us = 0;
	} else if (!busy) {
		vgpu->stuck_us -= passed_us < vgpu->stuck_us ? passed_us : vgpu->stuck_us;
	} else if (!vgpu->share.held) {
		vgpu->stuck_us += passed_us;
	}
}

/* A batch is judged by the time it used itself: on a busy host a slow one may wait
 * long for its turn. */
static void watch_batch(struct vgpu *vgpu)
{
	uint64_t since = atomic_load(&worker_page(vgpu->worker)->busy_since_us), used;

	if (since != vgpu->batch_us) {
		vgpu->batch_us = since;
		vgpu->batch_used_us = vgpu->share.used_us;
		worker_demote(vgpu->worker, false);
	}
	count_stuck(vgpu, since);
	if (!since)
		return;
	used = vgpu->share.used_us - vgpu->batch_used_us;
	worker_demote(vgpu->worker, used > BROKER_DEMOTE_US && !is_rebuilding(vgpu));
	if (used < vgpu->broker->settings.batch_limit_us && vgpu->stuck_us < BROKER_BATCH_WALL_US)
		return;
	log_warn("%s: a batch did not end in time (%llu ms); its worker %d is replaced", vgpu->name,
			(unsigned long long)used / 1000, (int)worker_pid(vgpu->worker));
	vgpu->killed = true;
	share_leave(&vgpu->share);
	worker_kill(vgpu->worker);
}

static void count_frames(struct vgpu *vgpu, uint64_t now_us)
{
	uint64_t frames = vgpu->ended_frames + atomic_load(&worker_page(vgpu->worker)->frames);

	if (now_us - vgpu->fps_us < FPS_US)
		return;
	if (vgpu->fps_us && frames >= vgpu->fps_frames)
		vgpu->frames_per_1000_s = (uint32_t)((frames - vgpu->fps_frames) * 1000000000 /
				(now_us - vgpu->fps_us));
	vgpu->fps_frames = frames;
	vgpu->fps_us = now_us;
}

void vgpu_measure(struct vgpu *vgpu, uint64_t now_us)
{
	const struct broker_page *page = worker_page(vgpu->worker);
	uint64_t used = vgpu->ended_used_us + used_us(vgpu);

	/* One that ends at this moment has no clock any more. */
	if (used > vgpu->share.used_us)
		vgpu->share.used_us = used;
	vgpu->share.has_work = atomic_load(&page->queue) > 0 || atomic_load(&page->busy_since_us) > 0;
	watch_batch(vgpu);
	count_frames(vgpu, now_us);
}

void vgpu_apply(struct vgpu *vgpu, uint64_t now_us)
{
	if (!vgpu->share.held)
		vgpu->held_since_us = 0;
	else if (!vgpu->held_since_us)
		vgpu->held_since_us = now_us;
	vgpu->timed.doubted = vgpu->share.held &&
			now_us - vgpu->held_since_us > vgpu->broker->settings.batch_limit_us;
	worker_hold(vgpu->worker, vgpu->share.held);
}
