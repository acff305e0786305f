#include "program.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool executable(char path[PROGRAM_PATH_CAP], const char *dir, const char *kind)
{
	int n = snprintf(path, PROGRAM_PATH_CAP, "%soriel-guest-%s", dir, kind);

	return n < PROGRAM_PATH_CAP && access(path, X_OK) == 0;
}

int program_find(char path[PROGRAM_PATH_CAP], const char *kind)
{
	char own[PROGRAM_PATH_CAP];
	ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);
	char *slash;

	if (len < 0)
		return ERR_MISSING;
	own[len] = 0;
	slash = strrchr(own, '/');
	if (!slash)
		return ERR_MISSING;
	slash[1] = 0;
	return executable(path, own, kind) || executable(path, ORIEL_LIBEXEC_DIR "/", kind) ? 0 : ERR_MISSING;
}
