#include "image.h"
#include <base/program.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ARGUMENTS_MAX = 16,
	EXIT_USAGE = 2,
};

/* A script of several commands takes which one as its first word. */
static const struct {
	const char *command, *script;
	bool several;
} commands[] = {
	{ "build", "image/build", false },
	{ "list", "image/images", true },
	{ "prune", "image/images", true },
};

static int become(const char *script, char *const *arguments)
{
	char path[PROGRAM_PATH_CAP];
	char *argv[ARGUMENTS_MAX + 2] = { path };
	int count = 0;

	while (arguments[count] && count < ARGUMENTS_MAX) {
		argv[count + 1] = arguments[count];
		count++;
	}
	if (arguments[count]) {
		fprintf(stderr, "oriel: too many arguments; see oriel --help\n");
		return EXIT_USAGE;
	}
	if (program_find(path, script, ORIEL_LIBEXEC_DIR) == 0)
		execv(path, argv);
	fprintf(stderr, "oriel: %s: %s\n", path, strerror(errno));
	return EXIT_FAILURE;
}

int image_run(char *const *arguments)
{
	for (size_t i = 0; arguments[0] && i < sizeof commands / sizeof *commands; i++) {
		if (strcmp(arguments[0], commands[i].command) == 0)
			return become(commands[i].script, arguments + !commands[i].several);
	}
	fprintf(stderr, "oriel: that is build, list or prune, each with a --help of its own\n");
	return EXIT_USAGE;
}
