/* The guest's folder belongs to its user, who may put there what he likes: a link to
 * a socket of root or of another user, a link to another folder, something that is
 * exchanged between two looks. So nothing is looked at by name twice: folder and
 * socket are pinned by descriptors, the connect goes to the pinned inode, and what
 * answers must be a process of that user. */
#include "registry.h"
#include <base/packet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A descriptor of dir/name that allows nothing but to name it. */
static int pin(int dir_fd, const char *name, mode_t type, uid_t uid)
{
	int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? ERR_MISSING : ERR_IO;
	if (fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_uid == uid)
		return fd;
	close(fd);
	return ERR_DENIED;
}

static int check_peer(int fd, uid_t uid)
{
	uid_t peer;
	pid_t pid;

	if (packet_peer(fd, &peer, &pid) < 0)
		return ERR_IO;
	return peer == uid ? 0 : ERR_DENIED;
}

int registry_connect(struct registry *registry, const struct registry_entry *entry)
{
	int dir_fd = pin(registry->dir_fd, entry->name, S_IFDIR, entry->uid), socket_fd, fd, result;
	char path[64];

	if (dir_fd < 0)
		return dir_fd;
	socket_fd = pin(dir_fd, "link", S_IFSOCK, entry->uid);
	close(dir_fd);
	if (socket_fd < 0)
		return socket_fd;
	snprintf(path, sizeof path, "/proc/self/fd/%d", socket_fd);
	fd = packet_connect(path);
	close(socket_fd);
	if (fd < 0)
		return fd == ERR_IO && errno == EAGAIN ? ERR_CLOSED : fd;
	result = check_peer(fd, entry->uid);
	if (result == 0)
		return fd;
	close(fd);
	return result;
}
