#include <base/log.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <server/gpu_socket.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	BACKLOG = 64,
};

int gpu_socket_listen(const char *path, uid_t uid, gid_t gid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && strlen(path) < sizeof address.sun_path) {
		strcpy(address.sun_path, path);
		unlink(path);
		/* It is the folder that keeps others out until the mode is set. */
		if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && chmod(path, 0600) == 0 &&
				(geteuid() != 0 || lchown(path, uid, gid) == 0) && listen(fd, BACKLOG) == 0)
			return fd;
	} else if (fd >= 0) {
		errno = ENAMETOOLONG;
	}
	log_warn("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ERR_IO;
}

/* 1: a file that nobody can take away from us is there; 0: nothing; else somebody's trap. */
static int look_at_place(void)
{
	struct stat st;

	if (lstat(GPU_SOCKET_PLACE, &st) < 0)
		return errno == ENOENT ? 0 : ERR_IO;
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return ERR_DENIED;
	return S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode) ? 1 : ERR_DENIED;
}

static int make_place(void)
{
	int found = look_at_place(), fd;

	if (found == ERR_DENIED && geteuid() == 0 && unlink(GPU_SOCKET_PLACE) == 0)
		found = 0;
	if (found == 0) {
		fd = open(GPU_SOCKET_PLACE, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
		if (fd >= 0)
			close(fd);
		found = fd < 0 ? look_at_place() : 1; /* another desktop may have been quicker */
	}
	if (found == 1)
		return 0;
	log_warn(GPU_SOCKET_PLACE " must be a file of root's or of this user's");
	return ERR_DENIED;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return ERR_IO;
	n = write(fd, text, strlen(text));
	close(fd);
	return n < 0 ? ERR_IO : 0;
}

static int enter_namespaces(void)
{
	unsigned uid = geteuid(), gid = getegid();
	char map[32];

	if (unshare(CLONE_NEWNS | (uid ? CLONE_NEWUSER : 0)) < 0)
		return ERR_DENIED;
	if (uid) {
		if (write_file("/proc/self/setgroups", "deny") < 0)
			return ERR_DENIED;
		snprintf(map, sizeof map, "%u %u 1", uid, uid);
		if (write_file("/proc/self/uid_map", map) < 0)
			return ERR_DENIED;
		snprintf(map, sizeof map, "%u %u 1", gid, gid);
		if (write_file("/proc/self/gid_map", map) < 0)
			return ERR_DENIED;
	}
	/* What the machine mounts comes here; ours does not go there. */
	return mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ? ERR_DENIED : 0;
}

static int mount_socket(const char *path)
{
	/* Never through a link: it is in a folder that all can write in. */
	int place_fd = open(GPU_SOCKET_PLACE, O_PATH | O_NOFOLLOW | O_CLOEXEC), result;
	char place[32];

	if (place_fd < 0)
		return ERR_DENIED;
	snprintf(place, sizeof place, "/proc/self/fd/%d", place_fd);
	result = mount(path, place, NULL, MS_BIND, NULL);
	close(place_fd);
	return result < 0 ? ERR_DENIED : 0;
}

int gpu_socket_place(const char *path)
{
	const char *what = "no mount namespace of its own for the desktop";

	if (make_place() < 0)
		return ERR_DENIED;
	if (enter_namespaces() == 0) {
		what = "no mount at " GPU_SOCKET_PLACE;
		if (mount_socket(path) == 0)
			return 0;
	}
	log_warn("%s: %s", what, strerror(errno));
	return ERR_DENIED;
}
