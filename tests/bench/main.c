/* oriel-bench: one subcommand per area. */
#include "codec.h"
#include "session.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} areas[] = {
	{ "codec", codec_bench },
	{ "session", session_bench },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof areas / sizeof areas[0]; i++) {
		if (strcmp(argv[1], areas[i].name) == 0)
			return areas[i].run(argc - 1, argv + 1);
	}
	fputs("usage: oriel-bench codec|session [OPTION]...; see oriel-bench codec --help\n", stderr);
	return 2;
}
