/* oriel-bench: one subcommand per area. */
#include "codec.h"
#include "session.h"
#include "vgpu.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} areas[] = {
	{ "codec", codec_bench },
	{ "session", session_bench },
	{ "vgpu", vgpu_bench },
};

static const char help[] = "usage: oriel-bench codec|session|vgpu [OPTION]...\n"
			   "\n"
			   "  codec    the codecs, each against FreeRDP's on the same pictures\n"
			   "  session  latency, rest and memory of one session\n"
			   "  vgpu     the virtual GPU, against a plain readback and QEMU's own virgl\n"
			   "\n"
			   "Options of each: oriel-bench codec --help, and so on\n";

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		fputs(help, stdout);
		return 0;
	}
	for (size_t i = 0; argc > 1 && i < sizeof areas / sizeof areas[0]; i++) {
		if (strcmp(argv[1], areas[i].name) == 0)
			return areas[i].run(argc - 1, argv + 1);
	}
	fputs(help, stderr);
	return 2;
}
