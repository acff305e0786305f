#include "worker.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <base/shm.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	FIRST_FD = 3, /* of the worker: page, render socket, control socket */
	FD_COUNT = 3,
	ABOVE_ALL_PLACES = 64, /* a descriptor there is in nobody's way */
	SLOWLY_NICE = 10,
	/* Its owner, a broker, may open it again to write; fronts are others. */
	PAGE_MODE = 0600,
};

struct worker {
	struct broker_page *page;
	int page_fd;
	int control_fd; /* -1: adopted */
	int render_fd;  /* the front's end, until it is assigned */
	int pidfd;      /* of an adopted one, else -1 */
	pid_t pid;
	bool ended, demoted;
	uint64_t before_us; /* CPU time that is not the guest's */
	sd_event_source *end;
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

static void exec_worker(const char *program, const struct gpu *gpu, const int fds[FD_COUNT])
{
	const char *args[] = { "oriel-vgpu-worker", NULL, NULL, NULL };
	sigset_t none;

	if (gpu_is_hardware(gpu)) {
		args[1] = "--render-node";
		args[2] = gpu->path;
	}
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (place_fds(fds) == 0)
		execv(program, (char *const *)args);
	log_error("cannot start %s: %s", program, strerror(errno));
	_exit(127);
}

static void ended(struct worker *worker)
{
	worker->ended = true;
	worker->on_end(worker->user);
}

static int on_child(sd_event_source *source, const siginfo_t *info, void *user)
{
	ended(user);
	return 0;
}

static int on_pidfd(sd_event_source *source, int fd, uint32_t events, void *user)
{
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	ended(user);
	return 0;
}

static struct worker *new_worker(void (*on_end)(void *user), void *user)
{
	struct worker *worker = calloc(1, sizeof *worker);

	if (!worker)
		return NULL;
	worker->page_fd = worker->control_fd = worker->render_fd = worker->pidfd = -1;
	worker->on_end = on_end;
	worker->user = user;
	return worker;
}

static int map_page(struct worker *worker)
{
	worker->page = (struct broker_page *)shm_map(worker->page_fd, sizeof *worker->page);
	return worker->page ? 0 : ERR_MEMORY;
}

static int make_page(struct worker *worker)
{
	worker->page_fd = shm_create("oriel-vgpu-page", sizeof *worker->page);
	if (worker->page_fd < 0 || fchmod(worker->page_fd, PAGE_MODE) < 0)
		return ERR_IO;
	return map_page(worker);
}

/* Forks; the parent keeps pair[0] of both. */
static int spawn(struct worker *worker, sd_event *event, const char *program, const struct gpu *gpu)
{
	int render[2] = { -1, -1 }, control[2] = { -1, -1 };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, render) < 0)
		return ERR_IO;
	worker->render_fd = render[0];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, control) == 0) {
		const int fds[FD_COUNT] = { worker->page_fd, render[1], control[1] };

		worker->control_fd = control[0];
		worker->pid = fork();
		if (worker->pid == 0)
			exec_worker(program, gpu, fds);
		close(control[1]);
	}
	close(render[1]);
	if (worker->pid <= 0)
		return ERR_IO;
	return sd_event_add_child(event, &worker->end, worker->pid, WEXITED, on_child, worker) < 0
			? ERR_MEMORY
			: 0;
}

struct worker *worker_start(sd_event *event, const char *program, const struct gpu *gpu,
		void (*on_end)(void *user), void *user)
{
	struct worker *worker = new_worker(on_end, user);

	if (worker && make_page(worker) == 0 && spawn(worker, event, program, gpu) == 0)
		return worker;
	worker_destroy(worker);
	return NULL;
}

static uint64_t cpu_us(const struct worker *worker)
{
	struct timespec used;
	clockid_t clock;

	if (worker->ended || clock_getcpuclockid(worker->pid, &clock) != 0 ||
			clock_gettime(clock, &used) != 0)
		return 0;
	return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

/* What one worker has no say in: its page was made by a broker of our user, and no other
 * process than this one can have the lock on it. */
static bool page_is_of(int page_fd, pid_t pid)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct stat st;

	return fstat(page_fd, &st) == 0 && st.st_uid == geteuid() &&
			shm_check(page_fd, sizeof(struct broker_page)) == 0 &&
			fcntl(page_fd, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK && lock.l_pid == pid;
}

/* The front has it to read only. */
static int open_page(int page_fd, int flags)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/self/fd/%d", page_fd);
	return open(path, flags | O_CLOEXEC);
}

struct worker *worker_adopt(sd_event *event, pid_t pid, int page_fd, void (*on_end)(void *user), void *user)
{
	struct worker *worker = new_worker(on_end, user);
	bool ok = false;

	if (worker) {
		worker->pid = pid;
		worker->pidfd = pidfd_open(pid, 0);
		/* Before it is opened, with our rights, it must be a page of ours. */
		if (page_is_of(page_fd, pid))
			worker->page_fd = open_page(page_fd, O_RDWR);
		ok = worker->pidfd >= 0 && worker->page_fd >= 0 && map_page(worker) == 0 &&
				sd_event_add_io(event, &worker->end, worker->pidfd, EPOLLIN, on_pidfd,
						worker) >= 0;
	}
	close(page_fd);
	if (ok)
		return worker;
	if (worker)
		worker->ended = true; /* whoever that is is left alone */
	worker_destroy(worker);
	return NULL;
}

int worker_assign(struct worker *worker, uint64_t video_memory_bytes, void (*on_end)(void *user), void *user)
{
	int render_fd = worker->render_fd;

	worker->on_end = on_end;
	worker->user = user;
	worker->render_fd = -1;
	worker->before_us = cpu_us(worker);
	worker->demoted = true; /* by its slow start */
	worker_demote(worker, false);
	atomic_store(&worker->page->video_memory_bytes, video_memory_bytes);
	return render_fd;
}

void worker_kill(struct worker *worker)
{
	if (worker->ended || worker->pid <= 0)
		return;
	if (worker->pidfd >= 0)
		pidfd_send_signal(worker->pidfd, SIGKILL, NULL, 0);
	else
		kill(worker->pid, SIGKILL);
}

static void close_one(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* What it mapped is given back before anybody asks: killed processes end. */
void worker_destroy(struct worker *worker)
{
	if (!worker)
		return;
	worker_kill(worker);
	if (worker->pid > 0 && worker->pidfd < 0 && !worker->ended)
		waitid(P_PID, (id_t)worker->pid, &(siginfo_t){ 0 }, WEXITED);
	worker_leave(worker);
}

void worker_leave(struct worker *worker)
{
	if (worker->page) {
		worker_hold(worker, false);
		worker_demote(worker, false);
	}
	sd_event_source_disable_unref(worker->end);
	shm_unmap((uint8_t *)worker->page, sizeof *worker->page);
	close_one(worker->page_fd);
	close_one(worker->control_fd);
	close_one(worker->render_fd);
	close_one(worker->pidfd);
	free(worker);
}

bool worker_ended(const struct worker *worker)
{
	return worker->ended;
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
	return open_page(worker->page_fd, O_RDONLY);
}

uint64_t worker_used_us(const struct worker *worker)
{
	uint64_t used_us = cpu_us(worker);

	return used_us > worker->before_us ? used_us - worker->before_us : 0;
}

void worker_hold(struct worker *worker, bool held)
{
	uint8_t go[BROKER_PACKET_MAX];
	int len;

	if (worker->control_fd < 0)
		atomic_store(&worker->page->held_us, loop_now_us());
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

	return geteuid() == 0 || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_SYS_NICE, 0, 0) == 1 ||
			(getrlimit(RLIMIT_NICE, &nice) == 0 && nice.rlim_cur >= 20);
}

static int own_nice(void)
{
	return getpriority(PRIO_PROCESS, 0);
}

void worker_start_slowly(const struct worker *worker)
{
	/* It has one thread as yet, and the others will be as that. */
	if (may_promote())
		setpriority(PRIO_PROCESS, (id_t)worker->pid, own_nice() + SLOWLY_NICE);
}

static void set_priority(pid_t thread, bool demoted)
{
	sched_setscheduler(thread, demoted ? SCHED_IDLE : SCHED_OTHER, &(struct sched_param){ 0 });
	setpriority(PRIO_PROCESS, (id_t)thread, own_nice());
}

/* virglrenderer's thread that waits for fences. It uses next to nothing; without the CPU it
 * would not tell what is drawn, which would then look as what is not. */
static bool tells_fences(pid_t worker, pid_t thread)
{
	char path[64], name[32] = "";
	FILE *in;

	snprintf(path, sizeof path, "/proc/%d/task/%d/comm", (int)worker, (int)thread);
	in = fopen(path, "re");
	if (in && !fgets(name, sizeof name, in))
		name[0] = 0;
	if (in)
		fclose(in);
	return strcmp(name, "vrend-sync\n") == 0;
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
			set_priority(thread, demoted && !tells_fences(worker->pid, thread));
	}
	if (threads)
		closedir(threads);
}
