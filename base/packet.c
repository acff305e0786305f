#include <base/packet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	BACKLOG = 64,
};

static int io_error(void)
{
	switch (errno) {
	case EAGAIN: return ERR_AGAIN;
	case EPIPE:
	case ECONNRESET: return ERR_CLOSED;
	default: return ERR_IO;
	}
}

int packet_send_some(int fd, const void *data, size_t len, int pass_fd)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;
	ssize_t n;

	if (pass_fd >= 0) {
		msg.msg_control = control.space;
		msg.msg_controllen = sizeof control.space;
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &pass_fd, sizeof pass_fd);
	}
	do
		n = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n < 0 ? io_error() : (int)n;
}

int packet_send(int fd, const void *data, size_t len, int pass_fd)
{
	int n = packet_send_some(fd, data, len, pass_fd);

	return n < 0 ? n : 0;
}

/* Takes the first descriptor and closes any others. Returns how many came. */
static int collect_fds(struct msghdr *msg, int *first_fd)
{
	int count = 0;

	*first_fd = -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++, count++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (*first_fd < 0)
				*first_fd = fd;
			else
				close(fd);
		}
	}
	return count;
}

int packet_receive(int fd, void *data, size_t cap, int *passed_fd)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * 4)];
	} control;
	struct iovec iov = { .iov_base = data, .iov_len = cap };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof control.space };
	int first_fd, fds;
	ssize_t n;

	if (passed_fd)
		*passed_fd = -1;
	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return io_error();
	fds = collect_fds(&msg, &first_fd);
	if (n > 0 && fds == 1 && passed_fd && !(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		*passed_fd = first_fd;
	else if (first_fd >= 0)
		close(first_fd);
	if (n == 0)
		return ERR_CLOSED;
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || fds > 1)
		return ERR_FORMAT;
	return (int)n;
}

int packet_wait(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return ERR_IO;
	return n ? 0 : ERR_TIMEOUT;
}

static int fill_address(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address->sun_path)
		return ERR_ARGUMENT;
	strcpy(address->sun_path, path);
	return 0;
}

int packet_connect(const char *path)
{
	struct sockaddr_un address;
	int fd, saved;

	if (fill_address(&address, path) < 0)
		return ERR_ARGUMENT;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ERR_IO;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return saved == ENOENT ? ERR_MISSING : saved == ECONNREFUSED ? ERR_CLOSED : ERR_IO;
}

int packet_listen(const char *path, mode_t mode)
{
	struct sockaddr_un address;
	struct stat st;
	int fd, saved;

	if (fill_address(&address, path) < 0)
		return ERR_ARGUMENT;
	fd = packet_connect(path);
	if (fd >= 0) {
		close(fd);
		return ERR_BUSY;
	}
	/* Connecting to a file of any other kind looks the same as to a stale socket. */
	if (fd == ERR_CLOSED && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ERR_IO;
	/* Nobody can connect before listen, so the mode is in force in time. */
	if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && chmod(path, mode) == 0 &&
			listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return saved == EADDRINUSE ? ERR_BUSY : ERR_IO;
}

int packet_peer(int fd, uid_t *uid, pid_t *pid)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return ERR_IO;
	*uid = cred.uid;
	*pid = cred.pid;
	return 0;
}
