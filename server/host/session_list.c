#include "session_list.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <server/conf.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_folder(const char *run_dir)
{
	char path[CONF_PATH_CAP + 16];

	snprintf(path, sizeof path, "%s/sessions", run_dir);
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool id_valid(const char *id)
{
	size_t len = strlen(id);

	return len > 0 && len < SESSION_ID_CAP && strspn(id, "0123456789abcdef") == len;
}

/* Returns the record's open file if its session lives, else ERR_MISSING. */
static int open_record(int folder_fd, const char *id, struct record *record)
{
	int fd = openat(folder_fd, id, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	uint8_t data[RECORD_LEN + 1];
	ssize_t len;

	if (fd < 0)
		return ERR_MISSING;
	len = pread(fd, data, sizeof data, 0);
	/* Read before the lock is tried: one that has its text has its lock too, so this
	 * look never stands in the way of a session that is just being made. */
	if (len == RECORD_LEN && record_parse(record, data, RECORD_LEN) == 0 &&
			flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return fd;
	close(fd);
	return ERR_MISSING;
}

struct session_item *session_list(const char *run_dir, size_t *count)
{
	struct session_item *items = NULL, *more;
	int fd = open_folder(run_dir), record_fd;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	size_t cap = 16;

	*count = 0;
	items = malloc(cap * sizeof *items);
	while (items && dir && *count < SESSIONS_MAX && (entry = readdir(dir))) {
		struct session_item *item = &items[*count];

		if (!id_valid(entry->d_name) ||
				(record_fd = open_record(fd, entry->d_name, &item->record)) < 0)
			continue;
		close(record_fd);
		strcpy(item->id, entry->d_name);
		if (++*count < cap)
			continue;
		more = realloc(items, (cap *= 2) * sizeof *items);
		if (!more)
			break; /* enough to see that there are many */
		items = more;
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	return items;
}

static bool is_session(pid_t pid)
{
	char path[64], name[32] = "";
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(name, sizeof name, file))
		name[0] = 0;
	fclose(file);
	return strcmp(name, "oriel-session\n") == 0;
}

/* Only root may look into a session's descriptors: it is not dumpable. An ordinary
 * user can hit nothing but processes of his own anyway. */
static bool has_open(pid_t pid, int record_fd)
{
	char path[64];
	struct stat want, st;
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	if (geteuid() != 0)
		return true;
	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir || fstat(record_fd, &want) < 0)
		goto out;
	while (!found && (entry = readdir(dir)))
		found = fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && st.st_dev == want.st_dev &&
				st.st_ino == want.st_ino;
out:
	if (dir)
		closedir(dir);
	return found;
}

static int signal_session(pid_t pid, int record_fd)
{
	int pidfd, result = ERR_DENIED;

	if (pid <= 1)
		return ERR_DENIED;
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0)
		return errno == ESRCH ? ERR_MISSING : ERR_IO;
	if (is_session(pid) && has_open(pid, record_fd))
		result = pidfd_send_signal(pidfd, SIGTERM, NULL, 0) < 0 ? ERR_IO : 0;
	close(pidfd);
	return result;
}

int session_end(const char *run_dir, const char *id)
{
	int folder_fd = open_folder(run_dir), fd, result;
	struct record record;

	if (folder_fd < 0)
		return ERR_MISSING;
	fd = id_valid(id) ? open_record(folder_fd, id, &record) : ERR_MISSING;
	close(folder_fd);
	if (fd < 0)
		return ERR_MISSING;
	result = signal_session((pid_t)record.pid, fd);
	close(fd);
	return result;
}
