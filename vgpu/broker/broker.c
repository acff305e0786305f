#include "broker.h"
#include "spares.h"
#include <base/acceptor.h>
#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

int broker_place(const struct broker *broker, const struct profile *profile, uint32_t wanted)
{
	uint64_t load[GPUS_MAX] = { 0 };
	const struct vgpu *vgpu;
	int least = 0;

	for (int i = 0; profile->gpu[0] && i < broker->gpu_count; i++) {
		if (strcmp(broker->gpus[i].name, profile->gpu) == 0)
			return i;
	}
	if (profile->gpu[0])
		return ERR_MISSING;
	if (wanted != UINT32_MAX)
		return wanted < (uint32_t)broker->gpu_count ? (int)wanted : ERR_MISSING;
	TAILQ_FOREACH(vgpu, &broker->list, entry)
	{
		/* One that ended counts too: its front is given another, on the same GPU. */
		if (vgpu->worker)
			load[vgpu->gpu] += vgpu->profile->limits.weight;
	}
	for (int i = 1; i < broker->gpu_count; i++) {
		if (load[i] < load[least])
			least = i;
	}
	return least;
}

size_t broker_joined(const struct broker *broker)
{
	const struct vgpu *vgpu;
	size_t count = 0;

	TAILQ_FOREACH(vgpu, &broker->list, entry)
	count += vgpu->joined;
	return count;
}

/* True: somebody has work that another could be in the way of. */
static bool share_gpu(struct broker *broker, int gpu)
{
	struct share_member *members[BROKER_ITEMS_MAX];
	struct vgpu *vgpu;
	size_t count = 0, busy = 0;

	TAILQ_FOREACH(vgpu, &broker->list, entry)
	{
		if (vgpu_draws(vgpu) && vgpu->gpu == gpu) {
			busy += vgpu->share.has_work;
			members[count++] = &vgpu->share;
		}
	}
	share_update(members, count, broker->passed_us);
	TAILQ_FOREACH(vgpu, &broker->list, entry)
	{
		if (vgpu_draws(vgpu) && vgpu->gpu == gpu)
			vgpu_apply(vgpu, broker->ticked_us);
	}
	return busy > 0 && count > 1;
}

static void read_clock(struct broker *broker, int gpu, uint64_t now_us)
{
	struct gpu_clock_member *members[BROKER_ITEMS_MAX];
	struct vgpu *vgpu;
	size_t count = 0;

	TAILQ_FOREACH(vgpu, &broker->list, entry)
	{
		if (vgpu_draws(vgpu) && vgpu->gpu == gpu)
			members[count++] = &vgpu->timed;
	}
	gpu_clock_read(&broker->clocks[gpu], members, count, now_us);
}

static void note_passed(struct broker *broker, uint64_t now_us)
{
	uint64_t passed_us = now_us - broker->ticked_us;

	broker->passed_us = passed_us < BROKER_PASSED_MAX_US ? passed_us : BROKER_PASSED_MAX_US;
	broker->ticked_us = now_us;
}

static int on_tick(sd_event_source *source, uint64_t now_us, void *user)
{
	struct broker *broker = user;
	bool shared = false, workers = false;
	struct vgpu *vgpu;

	now_us = loop_now_us();
	note_passed(broker, now_us);
	for (int i = 0; i < broker->gpu_count; i++) {
		if (gpu_is_hardware(&broker->gpus[i]))
			read_clock(broker, i, now_us);
	}
	TAILQ_FOREACH(vgpu, &broker->list, entry)
	{
		if (vgpu_draws(vgpu)) {
			workers = true;
			vgpu_measure(vgpu, now_us);
		}
	}
	for (int i = 0; i < broker->gpu_count; i++)
		shared = share_gpu(broker, i) || shared;
	if (workers)
		loop_timer_arm(broker->tick, shared ? BROKER_TICK_US : BROKER_REST_TICK_US);
	return 0;
}

void broker_wake(struct broker *broker)
{
	loop_timer_arm(broker->tick, 0);
}

/* One user must not have them all. */
static bool may_connect(const struct broker *broker, uid_t uid)
{
	const struct vgpu *vgpu;
	int own = 0;

	TAILQ_FOREACH(vgpu, &broker->list, entry)
	own += vgpu->uid == uid;
	if (uid == 0)
		return broker->count < BROKER_ITEMS_MAX + BROKER_ASKING_MAX;
	return broker->count < BROKER_ITEMS_MAX && own < BROKER_USER_MAX;
}

static void on_connection(void *user, int fd)
{
	struct broker *broker = user;
	uid_t uid;
	pid_t pid;

	if (packet_peer(fd, &uid, &pid) == 0 && may_connect(broker, uid)) {
		vgpu_accept(broker, fd, uid);
		return;
	}
	log_warn("a connection of user %d is refused: there are too many", (int)uid);
	close(fd);
}

/* sd_event_add_child wants that. */
static void block_sigchld(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* What systemd listens at (oriel-vgpu.socket), else a socket of our own. */
static int listen_at(struct broker *broker)
{
	if (sd_listen_fds(1) == 1) {
		broker->inherited = true;
		return SD_LISTEN_FDS_START;
	}
	/* Fronts run as their guests' users. */
	return packet_listen(broker->settings.socket_path, 0666);
}

int broker_start(struct broker *broker)
{
	int fd;

	block_sigchld();
	TAILQ_INIT(&broker->list);
	broker->event = loop_create();
	if (!broker->event || loop_timer_add(broker->event, &broker->tick, on_tick, broker) < 0 ||
			spares_init(broker) < 0) {
		log_error("no event loop");
		return ERR_MEMORY;
	}
	fd = listen_at(broker);
	if (fd < 0) {
		log_error("%s: %s", broker->settings.socket_path,
				fd == ERR_BUSY ? "another broker listens there" : err_text(fd));
		return fd;
	}
	broker->acceptor = acceptor_create(broker->event, fd, on_connection, broker);
	if (!broker->acceptor)
		return ERR_MEMORY;
	sd_notify(0, "READY=1");
	log_info("ready; %s; %d GPU%s, the first is %s", broker->settings.socket_path, broker->gpu_count,
			broker->gpu_count == 1 ? "" : "s", broker->gpus[0].name);
	return 0;
}

void broker_stop(struct broker *broker)
{
	struct vgpu *vgpu;

	while ((vgpu = TAILQ_FIRST(&broker->list)))
		vgpu_destroy(vgpu, true);
	spares_finish(broker);
	if (broker->acceptor && !broker->inherited)
		unlink(broker->settings.socket_path);
	acceptor_destroy(broker->acceptor);
	sd_event_source_disable_unref(broker->tick);
	sd_event_unref(broker->event);
}
