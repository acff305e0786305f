#include "keeper_log.h"
#include "keeper.h"
#include "registry.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum {
	CHUNK = 4096,
	CHUNKS_PER_TURN = 16, /* a guest that talks without end must not keep us from signals */
};

static void rotate(struct keeper_log *log)
{
	char path[REGISTRY_PATH_CAP + NAME_CAP + 16], old[REGISTRY_PATH_CAP + NAME_CAP + 16];
	int fd;

	snprintf(path, sizeof path, "%s/%s.log", log->dir, log->name);
	snprintf(old, sizeof old, "%s/%s.old.log", log->dir, log->name);
	log->len = 0;
	if (rename(path, old) < 0)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

void keeper_log_copy(struct keeper_log *log)
{
	char chunk[CHUNK];

	for (int i = 0; i < CHUNKS_PER_TURN; i++) {
		ssize_t n = read(log->pipe_fd, chunk, sizeof chunk);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			close(log->pipe_fd);
			log->pipe_fd = -1;
			return;
		}
		if (log->len + (size_t)n > KEEPER_LOG_MAX)
			rotate(log);
		log->len += (size_t)n;
		/* A full disk costs log lines, nothing else. */
		if (write(STDERR_FILENO, chunk, (size_t)n) < 0)
			return;
	}
}
