#include "image.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PATH_CAP = 512,
	ARGUMENTS_MAX = 16,
	EXIT_USAGE = 2,
};

/* Beside this program (a build folder), else where it is installed. */
static int find_script(char path[PATH_CAP])
{
	char own[PATH_CAP];
	ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);
	char *slash;

	own[len > 0 ? len : 0] = 0;
	slash = strrchr(own, '/');
	if (slash)
		slash[1] = 0;
	snprintf(path, PATH_CAP, "%.400simage/build", own);
	if (access(path, X_OK) < 0)
		snprintf(path, PATH_CAP, "%s", ORIEL_LIBEXEC_DIR "/image/build");
	return access(path, X_OK);
}

int image_build(char *const *arguments)
{
	char path[PATH_CAP];
	char *argv[ARGUMENTS_MAX + 2] = { path };
	int count = 0;

	while (arguments[count] && count < ARGUMENTS_MAX) {
		argv[count + 1] = arguments[count];
		count++;
	}
	if (arguments[count]) {
		fprintf(stderr, "oriel: too many arguments; see oriel image build --help\n");
		return EXIT_USAGE;
	}
	if (find_script(path) == 0)
		execv(path, argv);
	fprintf(stderr, "oriel: %s: %s\n", path, strerror(errno));
	return EXIT_FAILURE;
}
