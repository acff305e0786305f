#include "spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

/* Keeps SIGPIPE ignored and SIGTERM blocked, as the loop has them, out of the child. */
static int set_attributes(posix_spawnattr_t *attributes, bool new_session)
{
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	sigset_t none, ignored;

	sigemptyset(&none);
	sigemptyset(&ignored);
	sigaddset(&ignored, SIGPIPE);
	if (new_session)
		flags |= POSIX_SPAWN_SETSID;
	errno = posix_spawnattr_setflags(attributes, flags) ?: posix_spawnattr_setsigmask(attributes, &none) ?:
			posix_spawnattr_setsigdefault(attributes, &ignored);
	return errno ? ERR_IO : 0;
}

static int set_files(posix_spawn_file_actions_t *actions, const struct spawn *spawn)
{
	errno = 0;
	if (spawn->in < 0)
		errno = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
	else
		errno = posix_spawn_file_actions_adddup2(actions, spawn->in, 0);
	if (!errno && spawn->out >= 0)
		errno = posix_spawn_file_actions_adddup2(actions, spawn->out, 1);
	if (!errno && spawn->err >= 0)
		errno = posix_spawn_file_actions_adddup2(actions, spawn->err, 2);
	if (!errno && spawn->extra >= 0)
		errno = posix_spawn_file_actions_adddup2(actions, spawn->extra, SPAWN_EXTRA_FD);
	return errno ? ERR_IO : 0;
}

pid_t spawn_self(const struct spawn *spawn)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	pid_t pid = ERR_IO;

	errno = posix_spawn_file_actions_init(&actions);
	if (errno)
		return ERR_IO;
	errno = posix_spawnattr_init(&attributes);
	if (errno)
		goto no_attributes;
	if (set_attributes(&attributes, spawn->new_session) < 0 || set_files(&actions, spawn) < 0)
		goto out;
	errno = posix_spawn(
			&pid, "/proc/self/exe", &actions, &attributes, (char *const *)spawn->argv, environ);
	if (errno)
		pid = ERR_IO;
out:
	posix_spawnattr_destroy(&attributes);
no_attributes:
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}
