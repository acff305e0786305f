#include "folder.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int folder_open(const char *path, char *dst)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return ERR_IO;
	if (!realpath(path, dst) || stat(dst, &st) < 0)
		return ERR_IO;
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return ERR_IO;
	}
	return st.st_uid == geteuid() ? 0 : ERR_DENIED;
}

static int make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return ERR_IO;
		*slash = '/';
	}
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return ERR_IO;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int folder_write(const char *dir, const char *name, const void *data, size_t len)
{
	char path[PATH_MAX], fresh[PATH_MAX + 8];
	int fd, err;

	if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path || make_parents(path) < 0)
		return ERR_IO;
	snprintf(fresh, sizeof fresh, "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return ERR_IO;
	err = write_all(fd, data, len);
	if (close(fd) < 0 || err < 0 || rename(fresh, path) < 0)
		return ERR_IO;
	return 0;
}

int folder_create(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
		return ERR_IO;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? ERR_IO : fd;
}
