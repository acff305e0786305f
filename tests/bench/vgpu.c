#include "vgpu.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	SAMPLES_MAX = 10000,
};

static const char help[] = "usage: oriel-bench vgpu [OPTION]...\n"
			   "\n"
			   "  damage   from a drawn picture to the memory of the guest link; beside it a\n"
			   "           plain readback of the same picture by virglrenderer\n"
			   "\n"
			   "  --samples N  of each size; default 200\n"
			   "  --json       one object a line\n";

int vgpu_bench(int argc, char **argv)
{
	static const struct option names[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "samples", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool json = false, ok = true;
	int samples = 200;

	for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
		switch (c) {
		case 'j': json = true; break;
		case 'n': samples = atoi(optarg); break;
		case 'h': fputs(help, stdout); return 0;
		default: ok = false;
		}
	}
	if (!ok || optind != argc || samples < 1 || samples > SAMPLES_MAX) {
		fputs(help, stderr);
		return 2;
	}
	return vgpu_bench_damage(json, samples);
}
