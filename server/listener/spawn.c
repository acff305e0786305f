#include "spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ABOVE_ALL_PLACES = 16, /* a descriptor there is in nobody's way */
	ENV_MAX = 4,
};

static int place_fds(const struct spawn *spawn)
{
	int moved[SPAWN_FD_COUNT], null;

	for (int i = 0; i < SPAWN_FD_COUNT; i++) {
		moved[i] = fcntl(spawn->fds[i], F_DUPFD, ABOVE_ALL_PLACES);
		if (moved[i] < 0)
			return ERR_IO;
	}
	for (int i = 0; i < SPAWN_FD_COUNT; i++) {
		if (dup2(moved[i], SPAWN_FD_FIRST + i) < 0)
			return ERR_IO;
	}
	null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return ERR_IO;
	return close_range(SPAWN_FD_FIRST + SPAWN_FD_COUNT, ~0U, 0) < 0 ? ERR_IO : 0;
}

static void reset_signals(void)
{
	sigset_t none;

	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int write_pid(const struct spawn *spawn)
{
	uint8_t data[RECORD_LEN];

	spawn->record->pid = (uint32_t)getpid();
	record_write(spawn->record, data);
	return pwrite(SPAWN_FD_FIRST + SPAWN_RECORD, data, sizeof data, 0) == RECORD_LEN ? 0 : ERR_IO;
}

/* JOURNAL_STREAM is how a log line looks, TZ its times. */
static void clean_env(char *env[ENV_MAX])
{
	static const char *const kept[] = { "JOURNAL_STREAM", "TZ" };
	static char texts[2][128];
	int count = 0;

	for (int i = 0; i < 2; i++) {
		const char *value = getenv(kept[i]);

		if (!value || strlen(value) > 100)
			continue;
		snprintf(texts[i], sizeof texts[i], "%s=%s", kept[i], value);
		env[count++] = texts[i];
	}
	env[count] = NULL;
}

static void exec_session(const struct spawn *spawn)
{
	char *env[ENV_MAX];
	const char *args[] = { "oriel-session", "--id", spawn->id, "--address", spawn->address, "--security",
		spawn->security, "--log-level", log_level_text(spawn->log_level),
		spawn->trace ? "--trace" : NULL, NULL };

	clean_env(env);
	execve(spawn->program, (char *const *)args, env);
	log_error("cannot start %s: %s", spawn->program, strerror(errno));
}

pid_t spawn_session(const struct spawn *spawn)
{
	pid_t pid = fork();

	if (pid)
		return pid < 0 ? ERR_IO : pid;
	setsid();
	reset_signals();
	setrlimit(RLIMIT_NOFILE, spawn->files);
	if (place_fds(spawn) < 0 || write_pid(spawn) < 0)
		log_error("cannot prepare session %s: %s", spawn->id, strerror(errno));
	else
		exec_session(spawn);
	_exit(127);
}
