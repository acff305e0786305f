#include "bed.h"
#include <base/packet.h>
#include <base/writer.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static pid_t spawn(const char *const argv[])
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing behind */
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	assert_true(pid > 0);
	return pid;
}

static int try_connect(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0 && strlen(path) < sizeof address.sun_path);
	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Until somebody listens there, who must not end meanwhile. */
static int connect_to(const char *path, int type, pid_t listener)
{
	struct pollfd end = { .fd = pidfd_open(listener, 0), .events = POLLIN };
	int fd;

	assert_true(end.fd >= 0);
	while ((fd = try_connect(path, type)) < 0)
		assert_int_equal(poll(&end, 1, 2), 0);
	close(end.fd);
	return fd;
}

void bed_start(struct bed *bed, unsigned memory_mb)
{
	char profiles[96], line[64];
	int fd;

	strcpy(bed->dir, "/tmp/oriel-test-vtest-XXXXXX");
	assert_non_null(mkdtemp(bed->dir));
	assert_int_equal(chmod(bed->dir, 0755), 0);
	snprintf(profiles, sizeof profiles, "%s/profiles", bed->dir);
	snprintf(bed->broker, sizeof bed->broker, "%s/broker", bed->dir);
	snprintf(bed->socket, sizeof bed->socket, "%s/.virgl_test", bed->dir);
	fd = open(profiles, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	snprintf(line, sizeof line, "default memory=%u\n", memory_mb);
	assert_true(fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line));
	close(fd);
	bed->broker_pid = spawn((const char *[]){ BROKER_PROGRAM, "--socket", bed->broker, "--profiles",
			profiles, "--log-level", "warn", NULL });
	close(connect_to(bed->broker, SOCK_SEQPACKET, bed->broker_pid));
	bed->server_pid = spawn((const char *[]){ SERVER_PROGRAM, "--socket-path", bed->socket, "--broker",
			bed->broker, "--name", "test", "--log-level", "warn", NULL });
}

static void end(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void remove_file(const struct bed *bed, const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", bed->dir, name);
	unlink(path);
}

void bed_stop(struct bed *bed)
{
	end(bed->server_pid);
	end(bed->broker_pid);
	remove_file(bed, "profiles");
	remove_file(bed, "broker");
	remove_file(bed, ".virgl_test");
	rmdir(bed->dir);
}

static int receive_figures(int fd, struct broker_message *msg)
{
	uint8_t packet[BROKER_PACKET_MAX];
	int len;

	assert_int_equal(packet_wait(fd, BED_WAIT_MS), 0);
	len = packet_receive(fd, packet, sizeof packet, NULL);
	assert_true(len > 0);
	return broker_parse(msg, packet, (size_t)len);
}

struct broker_item bed_figures(const struct bed *bed)
{
	int fd = connect_to(bed->broker, SOCK_SEQPACKET, bed->broker_pid);
	struct broker_message msg = { .type = BROKER_LIST };
	struct broker_item item = { .worker_pid = 0 };
	uint8_t packet[BROKER_PACKET_MAX];
	int len = broker_write(&msg, packet, sizeof packet);

	assert_true(len > 0);
	assert_int_equal(packet_send(fd, packet, (size_t)len, -1), 0);
	for (;;) {
		assert_int_equal(receive_figures(fd, &msg), 0);
		if (msg.type == BROKER_END)
			break;
		assert_int_equal(msg.type, BROKER_ITEM);
		item = msg.item;
	}
	close(fd);
	return item;
}

int bed_connect(const struct bed *bed)
{
	return connect_to(bed->socket, SOCK_STREAM, bed->server_pid);
}

/* At once: who is refused for the header would not take the rest. */
void program_send(int fd, uint32_t len, uint32_t type, const uint32_t *words, size_t count)
{
	uint8_t header[VTEST_HEADER_BYTES];
	struct iovec parts[] = { { header, sizeof header }, { (void *)words, 4 * count } };
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };

	store_u32(header, len);
	store_u32(header + 4, type);
	assert_int_equal(sendmsg(fd, &msg, MSG_NOSIGNAL), sizeof header + 4 * count);
}

static void wait_for_input(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&ready, 1, BED_WAIT_MS), 1);
}

void program_read(int fd, void *data, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n;

		wait_for_input(fd);
		n = recv(fd, (uint8_t *)data + got, len - got, 0);
		assert_true(n > 0);
		got += (size_t)n;
	}
}

void program_expect_end(int fd)
{
	uint8_t bytes[256];
	ssize_t n;

	do {
		wait_for_input(fd);
		n = recv(fd, bytes, sizeof bytes, 0);
	} while (n > 0);
	assert_true(n == 0 || errno == ECONNRESET);
	close(fd);
}

static void expect(int fd, const uint32_t *words, size_t count)
{
	uint32_t got[8];

	program_read(fd, got, 4 * count);
	assert_memory_equal(got, words, 4 * count);
}

static void read_caps(int fd, uint32_t set)
{
	uint32_t header[2];
	uint8_t caps[RENDER_CAPS_MAX_BYTES];

	program_read(fd, header, sizeof header);
	assert_true(header[1] == set && header[0] > 100 && header[0] - 1 <= sizeof caps);
	program_read(fd, caps, header[0] - 1);
}

int program_start(const struct bed *bed)
{
	static const char name[] = "program";
	int fd = bed_connect(bed);

	program_send(fd, sizeof name, VTEST_CREATE_RENDERER, NULL, 0);
	assert_int_equal(send(fd, name, sizeof name, MSG_NOSIGNAL), sizeof name);
	program_send(fd, 0, VTEST_PING, NULL, 0);
	program_send(fd, 2, VTEST_BUSY_WAIT, (uint32_t[]){ 0, 0 }, 2);
	expect(fd, (uint32_t[]){ 0, VTEST_PING }, 2);
	expect(fd, (uint32_t[]){ 1, VTEST_BUSY_WAIT, 0 }, 3);
	program_send(fd, 1, VTEST_VERSION, (uint32_t[]){ 2 }, 1);
	expect(fd, (uint32_t[]){ 1, VTEST_VERSION, 2 }, 3);
	program_send(fd, 0, VTEST_CAPS2, NULL, 0);
	program_send(fd, 0, VTEST_CAPS, NULL, 0);
	read_caps(fd, 2);
	read_caps(fd, 1);
	return fd;
}

static int read_descriptor(int fd)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	uint8_t byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof control.space };
	struct cmsghdr *cmsg;
	int got;

	wait_for_input(fd);
	assert_int_equal(recvmsg(fd, &msg, MSG_CMSG_CLOEXEC), 1);
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg)
		return -1;
	assert_int_equal(cmsg->cmsg_type, SCM_RIGHTS);
	memcpy(&got, CMSG_DATA(cmsg), sizeof got);
	return got;
}

uint8_t *program_create(int fd, uint32_t name, uint32_t target, uint32_t format, uint32_t bind,
		uint32_t width, uint32_t height, uint32_t data_bytes)
{
	uint32_t words[] = { name, target, format, bind, width, height, 1, 1, 0, 0, data_bytes };
	int memory_fd;
	void *map;

	program_send(fd, 11, VTEST_RESOURCE_CREATE, words, 11);
	if (!data_bytes)
		return NULL;
	memory_fd = read_descriptor(fd);
	if (memory_fd < 0)
		return NULL;
	map = mmap(NULL, data_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, 0);
	assert_true(map != MAP_FAILED);
	close(memory_fd);
	return map;
}

void program_submit(int fd, const uint32_t *words, uint32_t count)
{
	program_send(fd, count, VTEST_SUBMIT, words, count);
}

uint32_t program_busy_wait(int fd, uint32_t name, bool wait)
{
	uint32_t answer[3];

	program_send(fd, 2, VTEST_BUSY_WAIT, (uint32_t[]){ name, wait }, 2);
	program_read(fd, answer, sizeof answer);
	assert_true(answer[0] == 1 && answer[1] == VTEST_BUSY_WAIT && answer[2] <= 1);
	return answer[2];
}

void program_get(int fd, uint32_t name, uint32_t width, uint32_t height)
{
	uint32_t words[] = { name, 0, 0, 0, 0, width, height, 1, 4 * width * height, 0 };

	program_send(fd, 10, VTEST_TRANSFER_GET, words, 10);
	assert_int_equal(program_busy_wait(fd, name, true), 0);
}
