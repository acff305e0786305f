#include "registry.h"
#include <base/log.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <server/conf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

static const char suffix[] = ".json";

int registry_open(struct registry *registry, const char *run_dir)
{
	int result;

	*registry = (struct registry){ .dir_fd = -1 };
	snprintf(registry->path, sizeof registry->path, "%s/guests", run_dir);
	/* Users must get through it to their own folders. */
	result = conf_dir_make(registry->path, geteuid() == 0 ? 0755 : 0700, (uid_t)-1, (gid_t)-1);
	if (result == 0) {
		registry->dir_fd = open(registry->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		result = registry->dir_fd < 0 ? ERR_IO : 0;
	}
	if (result < 0)
		log_error("guests: %s: %s", registry->path,
				result == ERR_DENIED ? "is not ours, or others may write in it"
						     : strerror(errno));
	return result;
}

void registry_close(struct registry *registry)
{
	if (registry->dir_fd >= 0)
		close(registry->dir_fd);
	registry->dir_fd = -1;
}

static void entry_file(char file[NAME_CAP + sizeof suffix], const char *name)
{
	snprintf(file, NAME_CAP + sizeof suffix, "%s%s", name, suffix);
}

/* Whether fd is still what the name stands for: its keeper may have removed it
 * between our open and our lock. */
static bool still_there(struct registry *registry, const char *file, int fd)
{
	struct stat named, opened;

	return fstatat(registry->dir_fd, file, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &opened) == 0 &&
			named.st_ino == opened.st_ino;
}

int registry_claim(struct registry *registry, const char *name)
{
	char file[NAME_CAP + sizeof suffix];

	entry_file(file, name);
	for (;;) {
		int fd = openat(registry->dir_fd, file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

		if (fd < 0)
			return ERR_IO;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			close(fd);
			return ERR_BUSY;
		}
		if (still_there(registry, file, fd)) {
			if (ftruncate(fd, 0) == 0)
				return fd;
			close(fd);
			return ERR_IO;
		}
		close(fd);
	}
}

void registry_unclaim(struct registry *registry, const char *name, int fd)
{
	char file[NAME_CAP + sizeof suffix];

	entry_file(file, name);
	unlinkat(registry->dir_fd, file, 0);
	close(fd);
}

int registry_fill(int fd, const struct registry_entry *entry)
{
	char text[REGISTRY_ENTRY_MAX];
	int len = registry_entry_write(entry, text, sizeof text);

	if (len < 0)
		return len;
	return pwrite(fd, text, (size_t)len, 0) == len ? 0 : ERR_IO;
}

int registry_find(struct registry *registry, const char *name, struct registry_entry *entry)
{
	char file[NAME_CAP + sizeof suffix], text[REGISTRY_ENTRY_MAX];
	int fd, result;
	ssize_t len;

	entry_file(file, name);
	fd = openat(registry->dir_fd, file, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return ERR_MISSING;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		/* Its keeper is dead: kill -9, or the machine went down. */
		if (still_there(registry, file, fd) && unlinkat(registry->dir_fd, file, 0) == 0)
			log_info("guests: %s is gone without a word; its entry is removed", name);
		close(fd);
		return ERR_MISSING;
	}
	len = pread(fd, text, sizeof text, 0);
	close(fd);
	if (len <= 0)
		return ERR_AGAIN;
	result = registry_entry_parse(entry, text, (size_t)len);
	return result < 0 || strcmp(entry->name, name) != 0 ? ERR_AGAIN : 0;
}

int registry_list(struct registry *registry, struct registry_entry *entries, size_t cap)
{
	int fd = openat(registry->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *item;
	size_t count = 0;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return ERR_IO;
	}
	while (count < cap && (item = readdir(dir))) {
		char name[NAME_CAP];
		size_t len = strlen(item->d_name), name_len = len - (sizeof suffix - 1);

		if (len < sizeof suffix || name_len >= sizeof name ||
				strcmp(item->d_name + name_len, suffix) != 0)
			continue;
		memcpy(name, item->d_name, name_len);
		name[name_len] = 0;
		if (name_valid(name) && registry_find(registry, name, &entries[count]) == 0)
			count++;
	}
	closedir(dir);
	return (int)count;
}

int registry_end(struct registry *registry, const char *name)
{
	struct registry_entry entry, again;
	int result = registry_find(registry, name, &entry), fd;

	if (result < 0)
		return ERR_MISSING;
	fd = pidfd_open(entry.keeper, 0);
	if (fd < 0)
		return errno == ESRCH ? ERR_MISSING : ERR_IO;
	/* Still alive now that we hold the process: so it is no other with that number. */
	result = registry_find(registry, name, &again);
	if (result == 0 && again.keeper == entry.keeper)
		result = pidfd_send_signal(fd, SIGTERM, NULL, 0) < 0 ? ERR_IO : 0;
	close(fd);
	return result;
}

/* Cuts base/log's "2025-01-31 12:00:00.000 error guest: " off a line. */
static const char *without_time(const char *line)
{
	const char *text = strstr(line, ": ");

	return line[0] >= '0' && line[0] <= '9' && text ? text + 2 : line;
}

void registry_last_words(struct registry *registry, const char *name, char *text, size_t cap)
{
	char file[NAME_CAP + sizeof ".log"], tail[512];
	int fd;
	ssize_t len = 0;
	off_t size;
	char *line;

	text[0] = 0;
	snprintf(file, sizeof file, "%s.log", name);
	fd = openat(registry->dir_fd, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	size = lseek(fd, 0, SEEK_END);
	if (size > 0)
		len = pread(fd, tail, sizeof tail - 1,
				size > (off_t)sizeof tail - 1 ? size - (off_t)sizeof tail + 1 : 0);
	close(fd);
	while (len > 0 && tail[len - 1] == '\n')
		len--;
	if (len <= 0)
		return;
	tail[len] = 0;
	line = memrchr(tail, '\n', (size_t)len);
	snprintf(text, cap, "%s", without_time(line ? line + 1 : tail));
	for (char *p = text; *p; p++) {
		/* It goes into other logs and to the user; a guest's bytes are nobody's word. */
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	}
}
