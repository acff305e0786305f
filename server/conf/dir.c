#include <errno.h>
#include <fcntl.h>
#include <server/conf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_parents(const char *path)
{
	char part[CONF_PATH_CAP];

	if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
		return ERR_IO;
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return ERR_IO;
		*slash = '/';
	}
	return 0;
}

static int check(int fd, uid_t owner)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return ERR_IO;
	if (st.st_uid != owner && st.st_uid != geteuid() && st.st_uid != 0)
		return ERR_DENIED;
	return st.st_mode & (S_IWGRP | S_IWOTH) ? ERR_DENIED : 0;
}

int conf_dir_make(const char *path, mode_t mode, uid_t owner, gid_t group)
{
	bool made;
	int fd, result;

	if (make_parents(path) < 0)
		return ERR_IO;
	made = mkdir(path, mode) == 0;
	if (!made && errno != EEXIST)
		return ERR_IO;
	/* O_PATH needs no permission: root without its capabilities checks others' directories too. */
	fd = open(path, (made ? O_RDONLY : O_PATH) | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP || errno == ENOTDIR || errno == EACCES ? ERR_DENIED : ERR_IO;
	if (made && fchmod(fd, mode) < 0) /* whatever the umask */
		result = ERR_IO;
	else if (made && geteuid() == 0 && owner != (uid_t)-1 && fchown(fd, owner, group) < 0)
		result = ERR_IO;
	else
		result = check(fd, owner);
	close(fd);
	return result;
}
