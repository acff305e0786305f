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

int image_build(char *const *arguments)
{
	char path[PROGRAM_PATH_CAP];
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
	if (program_find(path, "image/build", ORIEL_LIBEXEC_DIR) == 0)
		execv(path, argv);
	fprintf(stderr, "oriel: %s: %s\n", path, strerror(errno));
	return EXIT_FAILURE;
}
