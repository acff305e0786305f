#include <base/loop.h>
#include <base/program.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	END_ROUNDS = 16, /* each may uncover grandchildren */
};

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

/* Sends it to the children there are. Returns to how many; a program of somebody else's
 * (by its set-user-id bit) is not ours to end. */
static int end_round(int signal)
{
	FILE *list = fopen("/proc/thread-self/children", "re");
	int pid, count = 0;

	if (!list)
		return 0;
	while (fscanf(list, "%d", &pid) == 1)
		count += kill(pid, signal) == 0;
	fclose(list);
	return count;
}

void program_end_children(int timeout_ms)
{
	uint64_t until_us = loop_now_us() + (uint64_t)timeout_ms * 1000;
	struct timespec left = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
	sigset_t set;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (end_round(SIGTERM) == 0)
		return;
	/* SIGCHLD is blocked, so none is lost between the look and the wait. */
	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0 && loop_now_us() < until_us) {
		if (pid == 0)
			sigtimedwait(&set, NULL, &left);
	}
	for (int i = 0; i < END_ROUNDS; i++) {
		for (int killed = end_round(SIGKILL); killed > 0; killed--)
			waitpid(-1, NULL, 0);
	}
}
