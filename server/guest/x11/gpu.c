#include "gpu.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <base/program.h>
#include <base/writer.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <proto/vtest.h>
#include <server/gpu_socket.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define PROGRAM "oriel-vgpu-vtest"

enum {
	JOIN_TIMEOUT_MS = 10000, /* a worker starts in a tenth of a second, on a machine at rest */
	NAMESPACE_TIMEOUT_MS = 5000,
	STOP_TIMEOUT_MS = 1000,
	FIRST_DELAY_US = 1000 * 1000,
	LAST_DELAY_US = 64 * FIRST_DELAY_US, /* a child that lived longer begins with the first again */
};

static int start_child(struct gpu *gpu)
{
	const char *slash = strrchr(gpu->dir, '/');
	char path[PROGRAM_PATH_CAP];
	const char *argv[] = { path, "--fd", "3", "--broker", gpu->broker, "--name",
		slash ? slash + 1 : gpu->dir, NULL };
	int err;

	err = program_find(path, PROGRAM, ORIEL_BIN_DIR);
	if (err == 0)
		err = child_start(&gpu->child, argv, environ, STDERR_FILENO, gpu->listen_fd);
	gpu->started_us = loop_now_us();
	if (err < 0)
		log_warn("cannot start " PROGRAM ": %s", strerror(errno));
	return err;
}

static void start_later(struct gpu *gpu)
{
	if (loop_now_us() - gpu->started_us > LAST_DELAY_US)
		gpu->delay_us = FIRST_DELAY_US;
	loop_timer_arm(gpu->timer, gpu->delay_us);
	if (gpu->delay_us < LAST_DELAY_US)
		gpu->delay_us *= 2;
}

static int on_timer(sd_event_source *source, uint64_t now_us, void *user)
{
	struct gpu *gpu = user;

	if (start_child(gpu) < 0)
		start_later(gpu);
	return 0;
}

/* In a child of ours, which ends after it: the namespaces go on by their descriptors. */
static void send_namespaces(int fd, const char *path)
{
	static const char *const names[] = { "/proc/self/ns/user", "/proc/self/ns/mnt" };

	if (gpu_socket_place(path) < 0)
		_exit(EXIT_FAILURE);
	for (int i = 0; i < 2; i++) {
		int ns_fd = open(names[i], O_RDONLY | O_CLOEXEC);

		if (ns_fd < 0 || packet_send(fd, "", 1, ns_fd) < 0)
			_exit(EXIT_FAILURE);
	}
	_exit(EXIT_SUCCESS);
}

static int receive_namespace(int fd)
{
	int ns_fd = -1;
	char byte;

	if (packet_wait(fd, NAMESPACE_TIMEOUT_MS) < 0 || packet_receive(fd, &byte, 1, &ns_fd) < 0)
		return ERR_IO;
	return ns_fd < 0 ? ERR_IO : ns_fd;
}

/* We ourselves stay outside: in there neither root nor oriel-host's user has a name, by
 * which sessions are known. */
static int make_namespaces(struct gpu *gpu)
{
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return ERR_IO;
	pid = fork();
	if (pid == 0)
		send_namespaces(fds[1], gpu->own_path);
	close(fds[1]);
	if (pid > 0) {
		gpu->users_fd = receive_namespace(fds[0]);
		gpu->mounts_fd = gpu->users_fd < 0 ? -1 : receive_namespace(fds[0]);
	}
	close(fds[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return gpu->mounts_fd < 0 ? ERR_DENIED : 0;
}

static int take_socket(struct gpu *gpu)
{
	if (sd_listen_fds(1) == 1) {
		gpu->listen_fd = SD_LISTEN_FDS_START;
		gpu->path = GPU_SOCKET_PLACE;
		return 0;
	}
	snprintf(gpu->own_path, sizeof gpu->own_path, "%.4000s/vtest", gpu->dir);
	gpu->path = gpu->own_path;
	gpu->listen_fd = gpu_socket_listen(gpu->own_path, geteuid(), getegid());
	return gpu->listen_fd < 0 ? ERR_IO : make_namespaces(gpu);
}

static void give_up(struct gpu *gpu)
{
	log_warn("the desktop is without a virtual GPU; its programs draw by themselves");
	gpu_stop(gpu);
}

void gpu_start(struct gpu *gpu, sd_event *event, const char *dir, const char *broker)
{
	*gpu = (struct gpu)GPU_NONE;
	gpu->delay_us = FIRST_DELAY_US;
	snprintf(gpu->dir, sizeof gpu->dir, "%s", dir);
	snprintf(gpu->broker, sizeof gpu->broker, "%s", broker);
	if (take_socket(gpu) < 0 || loop_timer_add(event, &gpu->timer, on_timer, gpu) < 0 ||
			start_child(gpu) < 0)
		give_up(gpu);
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return ERR_IO;
}

/* As a program begins; what is asked second is answered once a worker knows the first. */
static int send_question(int fd)
{
	static const char name[] = "oriel-guest-x11";
	uint8_t bytes[2 * VTEST_HEADER_BYTES + sizeof name];
	struct writer w = writer_init(bytes, sizeof bytes);

	writer_u32(&w, sizeof name);
	writer_u32(&w, VTEST_CREATE_RENDERER);
	writer_copy(&w, name, sizeof name);
	writer_u32(&w, 0);
	writer_u32(&w, VTEST_PING);
	return send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) == sizeof bytes ? 0 : ERR_IO;
}

/* The connection waits while nobody accepts it, so look whether there is somebody. */
static int await_answer(int fd, const struct child *child)
{
	int child_fd = pidfd_open(child->pid, 0);
	struct pollfd ready[] = { { .fd = fd, .events = POLLIN }, { .fd = child_fd, .events = POLLIN } };
	int count = child_fd < 0 ? -1 : poll(ready, 2, JOIN_TIMEOUT_MS);
	char byte;

	if (child_fd >= 0)
		close(child_fd);
	if (count == 0)
		log_warn("the virtual GPU did not answer within %d s", JOIN_TIMEOUT_MS / 1000);
	return count > 0 && ready[0].revents && recv(fd, &byte, 1, MSG_DONTWAIT) == 1 ? 0 : ERR_IO;
}

void gpu_join(struct gpu *gpu)
{
	int fd, err;

	if (gpu->listen_fd < 0)
		return;
	fd = connect_to(gpu->path);
	err = fd < 0 ? fd : send_question(fd);
	if (err == 0)
		err = await_answer(fd, &gpu->child);
	if (fd >= 0)
		close(fd);
	if (err < 0) {
		give_up(gpu);
		return;
	}
	children_move(gpu->users_fd, gpu->mounts_fd);
	setenv("GALLIUM_DRIVER", "virpipe", 1);
	setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
	setenv("VTEST_SOCKET_NAME", GPU_SOCKET_PLACE, 1); /* what newer drivers look for */
	log_info("the desktop has a virtual GPU");
}

void gpu_on_end(struct gpu *gpu)
{
	char text[32];

	start_later(gpu);
	log_warn(PROGRAM " ended with %s and is started again; programs that drew with it must be too",
			child_status_text(&gpu->child, text));
}

void gpu_stop(struct gpu *gpu)
{
	int *const fds[] = { &gpu->listen_fd, &gpu->users_fd, &gpu->mounts_fd };

	children_move(-1, -1);
	gpu->timer = sd_event_source_disable_unref(gpu->timer);
	child_stop(&gpu->child, SIGTERM, STOP_TIMEOUT_MS);
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}
