#include "worker.h"
#include <base/log.h>
#include <base/packet.h>
#include <base/shm.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	FIRST_FD = 3, /* of the worker: page, render socket, control socket */
	FD_COUNT = 3,
	ABOVE_ALL_PLACES = 64, /* a descriptor there is in nobody's way */
};

struct worker {
	struct broker_page *page;
	int page_fd, control_fd;
	pid_t pid;
	bool adopted, ended, demoted;
	sd_event_source *child;
	void (*on_end)(void *user);
	void *user;
};

/* In the child: descriptors 3, 4, 5 and none above. */
static int place_fds(const int fds[FD_COUNT])
{
	int moved[FD_COUNT], null;

	for (int i = 0; i < FD_COUNT; i++) {
		moved[i] = fcntl(fds[i], F_DUPFD, ABOVE_ALL_PLACES);
		if (moved[i] < 0)
			return ERR_IO;
	}
	for (int i = 0; i < FD_COUNT; i++) {
		if (dup2(moved[i], FIRST_FD + i) < 0)
			return ERR_IO;
	}
	null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return ERR_IO;
	return close_range(FIRST_FD + FD_COUNT, ~0U, 0) < 0 ? ERR_IO : 0;
}

static void exec_worker(const struct worker_settings *settings, const int fds[FD_COUNT])
{
	char memory[32];
	const char *args[] = { "oriel-vgpu-worker", "--video-memory", memory, NULL, NULL, NULL };
	sigset_t none;

	if (settings->gpu->path[0]) {
		args[3] = "--render-node";
		args[4] = settings->gpu->path;
	}
	snprintf(memory, sizeof memory, "%llu", (unsigned long long)settings->video_memory_bytes);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (place_fds(fds) == 0)
		execv(settings->program, (char *const *)args);
	log_error("cannot start %s: %s", settings->program, strerror(errno));
	_exit(127);
}

static int on_child(sd_event_source *source, const siginfo_t *info, void *user)
{
	struct worker *worker = user;

	worker->ended = true;
	worker->on_end(worker->user);
	return 0;
}

static struct worker *new_worker(void)
{
	struct worker *worker = calloc(1, sizeof *worker);

	if (worker)
		worker->page_fd = worker->control_fd = -1;
	return worker;
}

static int make_page(struct worker *worker)
{
	worker->page_fd = shm_create("oriel-vgpu-page", sizeof *worker->page);
	if (worker->page_fd < 0)
		return worker->page_fd;
	worker->page = (struct broker_page *)shm_map(worker->page_fd, sizeof *worker->page);
	return worker->page ? 0 : ERR_MEMORY;
}

/* Forks; the parent keeps pair[0] of both. */
static int spawn(struct worker *worker, sd_event *event, const struct worker_settings *settings,
		const int render[2], const int control[2])
{
	const int fds[FD_COUNT] = { worker->page_fd, render[1], control[1] };

	worker->pid = fork();
	if (worker->pid == 0)
		exec_worker(settings, fds);
	if (worker->pid < 0)
		return ERR_IO;
	if (sd_event_add_child(event, &worker->child, worker->pid, WEXITED, on_child, worker) < 0)
		return ERR_MEMORY;
	return 0;
}

struct worker *worker_start(sd_event *event, const struct worker_settings *settings,
		void (*on_end)(void *user), void *user, int *render_fd)
{
	struct worker *worker = new_worker();
	int render[2] = { -1, -1 }, control[2] = { -1, -1 }, err = ERR_IO;

	if (!worker)
		return NULL;
	worker->on_end = on_end;
	worker->user = user;
	if (make_page(worker) < 0 ||
			socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, render) < 0 ||
			socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, control) < 0)
		goto out;
	err = spawn(worker, event, settings, render, control);
	worker->control_fd = control[0];
	*render_fd = render[0];
out:
	if (render[1] >= 0)
		close(render[1]);
	if (control[1] >= 0)
		close(control[1]);
	if (err < 0) {
		if (render[0] >= 0)
			close(render[0]);
		worker_destroy(worker);
		return NULL;
	}
	return worker;
}

/* Is that process a run of our program? */
static bool runs(pid_t pid, const char *program)
{
	char link[64], path[512];
	ssize_t len;

	snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
	len = readlink(link, path, sizeof path - 1);
	if (len <= 0)
		return false;
	path[len] = '\0';
	return strcmp(path, program) == 0;
}

struct worker *worker_adopt(const char *program, pid_t pid, int page_fd)
{
	struct worker *worker = new_worker();

	if (!worker) {
		close(page_fd);
		return NULL;
	}
	worker->page_fd = page_fd;
	worker->pid = pid;
	worker->adopted = true;
	if (runs(pid, program) && shm_check(page_fd, sizeof *worker->page) == 0)
		worker->page = (struct broker_page *)shm_map(page_fd, sizeof *worker->page);
	if (!worker->page) {
		worker_destroy(worker);
		return NULL;
	}
	return worker;
}

void worker_kill(struct worker *worker)
{
	if (!worker->ended)
		kill(worker->pid, SIGKILL);
}

void worker_destroy(struct worker *worker)
{
	if (!worker)
		return;
	if (worker->pid > 0 && !worker->adopted && !worker->ended) {
		worker_kill(worker);
		/* Killed processes end; what it mapped is given back before anybody asks. */
		waitid(P_PID, (id_t)worker->pid, &(siginfo_t){ 0 }, WEXITED);
	}
	sd_event_source_disable_unref(worker->child);
	shm_unmap((uint8_t *)worker->page, sizeof *worker->page);
	if (worker->page_fd >= 0)
		close(worker->page_fd);
	if (worker->control_fd >= 0)
		close(worker->control_fd);
	free(worker);
}

void worker_leave(struct worker *worker)
{
	worker_hold(worker, false);
	worker_demote(worker, false);
	worker->adopted = true;
	worker_destroy(worker);
}

pid_t worker_pid(const struct worker *worker)
{
	return worker->pid;
}

const struct broker_page *worker_page(const struct worker *worker)
{
	return worker->page;
}

int worker_page_fd(const struct worker *worker)
{
	return fcntl(worker->page_fd, F_DUPFD_CLOEXEC, 3);
}

uint64_t worker_used_us(const struct worker *worker)
{
	struct timespec used;
	clockid_t clock;

	if (worker->ended || clock_getcpuclockid(worker->pid, &clock) != 0 ||
			clock_gettime(clock, &used) != 0)
		return 0;
	return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

void worker_hold(struct worker *worker, bool held)
{
	uint8_t go[BROKER_PACKET_MAX];
	int len;

	if (atomic_load(&worker->page->held) == (uint32_t)held)
		return;
	atomic_store(&worker->page->held, held);
	if (held || worker->control_fd < 0)
		return;
	len = broker_write(&(struct broker_message){ .type = BROKER_GO }, go, sizeof go);
	/* A full socket wakes it as well. */
	if (len > 0 && packet_send(worker->control_fd, go, (size_t)len, -1) < 0)
		log_debug("worker %d does not listen", (int)worker->pid);
}

/* Who may lower a nice value may bring a thread back from SCHED_IDLE; sched(7). */
static bool may_promote(void)
{
	struct rlimit nice;

	return geteuid() == 0 || (getrlimit(RLIMIT_NICE, &nice) == 0 && nice.rlim_cur >= 20);
}

void worker_demote(struct worker *worker, bool demoted)
{
	char path[64];
	struct dirent *entry;
	DIR *threads;

	if (worker->demoted == demoted || !may_promote())
		return;
	worker->demoted = demoted;
	snprintf(path, sizeof path, "/proc/%d/task", (int)worker->pid);
	threads = opendir(path);
	while (threads && (entry = readdir(threads))) {
		pid_t thread = (pid_t)atoi(entry->d_name);

		/* One that ended meanwhile needs nothing. */
		if (thread > 0)
			sched_setscheduler(thread, demoted ? SCHED_IDLE : SCHED_OTHER,
					&(struct sched_param){ 0 });
	}
	if (threads)
		closedir(threads);
}
