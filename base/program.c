#include <base/program.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

static bool executable(char path[PROGRAM_PATH_CAP], const char *dir, const char *name)
{
	int len = snprintf(path, PROGRAM_PATH_CAP, "%s/%s", dir, name);

	return len < PROGRAM_PATH_CAP && access(path, X_OK) == 0;
}

int program_find(char path[PROGRAM_PATH_CAP], const char *name, const char *installed)
{
	char own[PROGRAM_PATH_CAP];
	ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);
	char *slash;

	own[len > 0 ? len : 0] = '\0';
	slash = strrchr(own, '/');
	if (slash) {
		*slash = '\0';
		if (executable(path, own, name))
			return 0;
	}
	return executable(path, installed, name) ? 0 : ERR_MISSING;
}

bool program_ended(pid_t pid, int timeout_ms)
{
	struct pollfd end = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	bool ended;

	if (end.fd < 0)
		return true;
	ended = poll(&end, 1, timeout_ms) > 0;
	close(end.fd);
	return ended;
}
