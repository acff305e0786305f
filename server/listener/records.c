#include "records.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum {
	LOCK_TRIES = 20,
	LOCK_PAUSE_NS = 100 * 1000 * 1000,
	ID_TRIES = 16,
};

/* A process lock and no flock: a child between fork and exec must not keep it. */
static int lock_folder(int fd)
{
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE_NS };

	for (int i = 0; i < LOCK_TRIES; i++) {
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

		if (fcntl(fd, F_SETLK, &lock) == 0)
			return 0;
		if (errno != EAGAIN && errno != EACCES)
			return ERR_IO;
		nanosleep(&pause, NULL);
	}
	return ERR_BUSY;
}

int records_open(struct records *records, const char *path)
{
	int err = ERR_IO, saved;

	records->lock_fd = -1;
	records->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (records->dir_fd < 0)
		return ERR_IO;
	records->lock_fd =
			openat(records->dir_fd, ".server", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (records->lock_fd >= 0)
		err = lock_folder(records->lock_fd);
	if (err < 0) {
		saved = errno;
		records_close(records);
		errno = saved;
	}
	return err;
}

void records_close(struct records *records)
{
	if (records->lock_fd >= 0)
		close(records->lock_fd);
	if (records->dir_fd >= 0)
		close(records->dir_fd);
	records->lock_fd = records->dir_fd = -1;
}

static int create_file(struct records *records, char id[RECORDS_ID_CAP])
{
	for (int i = 0; i < ID_TRIES; i++) {
		uint32_t number;
		int fd;

		if (getrandom(&number, sizeof number, 0) != sizeof number)
			return -1;
		snprintf(id, RECORDS_ID_CAP, "%08x", number);
		fd = openat(records->dir_fd, id, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

int records_create(struct records *records, char id[RECORDS_ID_CAP], const struct record *rec)
{
	uint8_t data[RECORD_LEN];
	int fd = create_file(records, id), saved;
	ssize_t written = -1;

	if (fd < 0)
		return ERR_IO;
	record_write(rec, data);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		written = pwrite(fd, data, sizeof data, 0);
	if (written == RECORD_LEN)
		return fd;
	saved = written < 0 ? errno : ENOSPC;
	records_remove(records, id);
	close(fd);
	errno = saved;
	return ERR_IO;
}

/* O_NONBLOCK and O_NOFOLLOW: whatever lies there, opening it has no effect. */
static int open_record(struct records *records, const char *id)
{
	return openat(records->dir_fd, id, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

int records_read(struct records *records, const char *id, struct record *rec)
{
	uint8_t data[RECORD_LEN + 1];
	int fd = open_record(records, id);
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? ERR_MISSING : ERR_IO;
	n = pread(fd, data, sizeof data, 0);
	close(fd);
	if (n < 0)
		return ERR_IO;
	return record_parse(rec, data, (size_t)n);
}

bool records_is_held(struct records *records, const char *id)
{
	int fd = open_record(records, id);
	bool held;

	if (fd < 0)
		return false;
	held = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return held;
}

void records_remove(struct records *records, const char *id)
{
	unlinkat(records->dir_fd, id, 0);
}

static bool is_id(const char *name)
{
	return strlen(name) == RECORDS_ID_CAP - 1 && strspn(name, "0123456789abcdef") == RECORDS_ID_CAP - 1;
}

int records_list(struct records *records, void (*on_id)(void *user, const char *id), void *user)
{
	int fd = openat(records->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return ERR_IO;
	}
	while ((entry = readdir(dir))) {
		if (is_id(entry->d_name))
			on_id(user, entry->d_name);
	}
	closedir(dir);
	return 0;
}
