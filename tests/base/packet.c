#include <base/packet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int ends[2], fds_before;
static char dir[64], path[128];

/* Descriptors of this process: each test must leave as many as there were. */
static int count_fds(void)
{
	DIR *list = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(list))
		count++;
	closedir(list);
	return count;
}

static int start(void **state)
{
	fds_before = count_fds();
	snprintf(dir, sizeof dir, "/tmp/oriel-packet-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof path, "%s/socket", dir);
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static int stop(void **state)
{
	close(ends[0]);
	if (ends[1] >= 0)
		close(ends[1]);
	unlink(path);
	rmdir(dir);
	return count_fds() == fds_before ? 0 : -1;
}

static void close_end(void)
{
	close(ends[1]);
	ends[1] = -1;
}

/* A packet with any number of descriptors, as a stranger may send it. */
static void send_fds(const void *data, size_t len, const int *fds, size_t count)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * 16)];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space };
	struct cmsghdr *cmsg = &control.align;

	msg.msg_controllen = CMSG_SPACE(sizeof(int) * count);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * count);
	assert_int_equal(sendmsg(ends[1], &msg, 0), len);
}

static bool same_file(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static void packets_keep_their_borders(void **state)
{
	char got[16];
	int fd = 99;

	assert_int_equal(packet_send(ends[0], "abc", 3, -1), 0);
	assert_int_equal(packet_send(ends[0], "de", 2, -1), 0);
	assert_int_equal(packet_receive(ends[1], got, sizeof got, &fd), 3);
	assert_memory_equal(got, "abc", 3);
	assert_int_equal(fd, -1);
	assert_int_equal(packet_receive(ends[1], got, 2, NULL), 2);
	assert_memory_equal(got, "de", 2);
	assert_int_equal(packet_receive(ends[1], got, sizeof got, NULL), ERR_AGAIN);
}

static void a_descriptor_goes_along(void **state)
{
	char got[4];
	int fd;

	assert_int_equal(packet_send(ends[1], "x", 1, STDIN_FILENO), 0);
	assert_int_equal(packet_receive(ends[0], got, sizeof got, &fd), 1);
	assert_true(fd > STDERR_FILENO);
	assert_true(same_file(fd, STDIN_FILENO));
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(fd);
}

static void an_unwanted_descriptor_is_closed(void **state)
{
	char got[4];

	assert_int_equal(packet_send(ends[1], "x", 1, STDIN_FILENO), 0);
	assert_int_equal(packet_receive(ends[0], got, sizeof got, NULL), 1);
}

static void several_descriptors_are_malformed_and_closed(void **state)
{
	static const int fds[16] = { 0 };
	char got[4];

	/* 4 fill the room for descriptors, 5 and more are cut by the kernel. */
	for (size_t count = 2; count <= 16; count++) {
		int fd = 99;

		send_fds("x", 1, fds, count);
		assert_int_equal(packet_receive(ends[0], got, sizeof got, &fd), ERR_FORMAT);
		assert_int_equal(fd, -1);
		send_fds("x", 1, fds, count);
		assert_int_equal(packet_receive(ends[0], got, sizeof got, NULL), ERR_FORMAT);
	}
	assert_int_equal(packet_receive(ends[0], got, sizeof got, NULL), ERR_AGAIN);
}

static void a_packet_that_is_too_long_is_malformed(void **state)
{
	char got[4];
	int fd = 99;

	assert_int_equal(packet_send(ends[1], "12345", 5, -1), 0);
	assert_int_equal(packet_receive(ends[0], got, sizeof got, NULL), ERR_FORMAT);
	assert_int_equal(packet_send(ends[1], "12345", 5, STDIN_FILENO), 0);
	assert_int_equal(packet_receive(ends[0], got, sizeof got, &fd), ERR_FORMAT);
	assert_int_equal(fd, -1);
	assert_int_equal(packet_send(ends[1], "1234", 4, -1), 0);
	assert_int_equal(packet_receive(ends[0], got, sizeof got, NULL), 4);
}

static void an_empty_packet_closes_and_leaves_no_descriptor(void **state)
{
	static const int fds[1] = { 0 };
	char got[4];
	int fd = 99;

	send_fds("", 0, fds, 1);
	assert_int_equal(packet_receive(ends[0], got, sizeof got, &fd), ERR_CLOSED);
	assert_int_equal(fd, -1);
}

static void the_other_end_is_gone(void **state)
{
	char got[4];

	close_end();
	assert_int_equal(packet_receive(ends[0], got, sizeof got, NULL), ERR_CLOSED);
	assert_int_equal(packet_send(ends[0], "x", 1, -1), ERR_CLOSED);
}

/* What was sent before is still read. */
static void the_last_packet_arrives(void **state)
{
	char got[4];

	assert_int_equal(packet_send(ends[1], "bye", 3, -1), 0);
	close_end();
	assert_int_equal(packet_receive(ends[0], got, sizeof got, NULL), 3);
	assert_int_equal(packet_receive(ends[0], got, sizeof got, NULL), ERR_CLOSED);
}

static void a_full_socket_does_not_wait(void **state)
{
	static const char data[1024];
	char got[1024];
	int err, sent = 0;

	while ((err = packet_send(ends[0], data, sizeof data, -1)) == 0)
		sent++;
	assert_int_equal(err, ERR_AGAIN);
	assert_true(sent > 0);
	while (packet_receive(ends[1], got, sizeof got, NULL) > 0)
		sent--;
	assert_int_equal(sent, 0);
	assert_int_equal(packet_send(ends[0], data, sizeof data, -1), 0);
}

static void a_stream_takes_what_it_has_room_for(void **state)
{
	enum { MUCH = 4 << 20 };
	char *much = calloc(1, MUCH);
	int stream[2], taken;

	assert_non_null(much);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stream), 0);
	taken = packet_send_some(stream[0], much, MUCH, -1);
	assert_true(taken > 0 && taken < MUCH);
	assert_int_equal(packet_send_some(stream[0], much, MUCH, -1), ERR_AGAIN);
	close(stream[1]);
	assert_int_equal(packet_send_some(stream[0], much, MUCH, -1), ERR_CLOSED);
	close(stream[0]);
	free(much);
}

static void waiting_ends_with_a_packet_or_the_time(void **state)
{
	assert_int_equal(packet_wait(ends[0], 0), ERR_TIMEOUT);
	assert_int_equal(packet_send(ends[1], "x", 1, -1), 0);
	assert_int_equal(packet_wait(ends[0], 60000), 0);
}

static void who_connects_is_known(void **state)
{
	int listener = packet_listen(path, 0600), client, server;
	struct stat st;
	uid_t uid = 1234567;
	pid_t pid = 0;

	assert_true(listener >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	client = packet_connect(path);
	assert_true(client >= 0);
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(server >= 0);
	assert_int_equal(packet_peer(server, &uid, &pid), 0);
	assert_int_equal(uid, getuid());
	assert_int_equal(pid, getpid());
	assert_int_equal(fcntl(client, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fcntl(client, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	assert_int_equal(fcntl(listener, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fcntl(listener, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	close(client);
	close(server);
	close(listener);
	assert_int_equal(packet_peer(STDIN_FILENO, &uid, &pid), ERR_IO);
}

static void a_path_is_listened_on_once(void **state)
{
	int listener = packet_listen(path, 0600), again;

	assert_true(listener >= 0);
	assert_int_equal(packet_listen(path, 0600), ERR_BUSY);
	close(listener);
	/* The file stays behind, nobody listens: replaced. */
	assert_int_equal(packet_connect(path), ERR_CLOSED);
	again = packet_listen(path, 0640);
	assert_true(again >= 0);
	close(again);
}

static void a_file_that_is_no_socket_is_not_replaced(void **state)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	struct stat st;

	assert_int_equal(write(fd, "keep", 4), 4);
	close(fd);
	assert_int_equal(packet_listen(path, 0600), ERR_BUSY);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 4);
}

static void missing_and_long_paths_are_told(void **state)
{
	char name[109];

	assert_int_equal(packet_connect(path), ERR_MISSING);
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = 0;
	name[108] = 0; /* one more than the address holds with its NUL */
	assert_int_equal(packet_connect(name), ERR_ARGUMENT);
	name[107] = 0;
	assert_int_equal(packet_connect(name), ERR_MISSING);
	name[107] = 'x';
	assert_int_equal(packet_listen(name, 0600), ERR_ARGUMENT);
	assert_int_equal(packet_listen("/nowhere/at/all", 0600), ERR_IO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(packets_keep_their_borders),
		TEST(a_descriptor_goes_along),
		TEST(an_unwanted_descriptor_is_closed),
		TEST(several_descriptors_are_malformed_and_closed),
		TEST(a_packet_that_is_too_long_is_malformed),
		TEST(an_empty_packet_closes_and_leaves_no_descriptor),
		TEST(the_other_end_is_gone),
		TEST(the_last_packet_arrives),
		TEST(a_full_socket_does_not_wait),
		TEST(a_stream_takes_what_it_has_room_for),
		TEST(waiting_ends_with_a_packet_or_the_time),
		TEST(who_connects_is_known),
		TEST(a_path_is_listened_on_once),
		TEST(a_file_that_is_no_socket_is_not_replaced),
		TEST(missing_and_long_paths_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
