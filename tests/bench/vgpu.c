#include "vgpu.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SAMPLES_MAX = 10000,
	ROUNDS_MAX = 100,
};

static const char help[] = "usage: oriel-bench vgpu [OPTION]...\n"
			   "\n"
			   "  damage   from a drawn picture to the memory of the guest link; beside it a\n"
			   "           plain readback of the same picture by virglrenderer\n"
			   "  kmscube, glmark2-build, glmark2-texture\n"
			   "           frames for a second of the host's CPU time, in a virtual machine\n"
			   "           with our virtual GPU and in one with QEMU's own\n"
			   "\n"
			   "  --case TEXT  only those with this text in their names\n"
			   "  --samples N  of each size of damage; default 200\n"
			   "  --rounds N   of each program, both machines in turns; default 5\n"
			   "  --image DIR  of the machines; default: what `oriel image build` made last\n"
			   "  --json       one object a line\n";

struct settings {
	bool json;
	int samples, rounds;
	const char *only, *image;
};

static bool parse(struct settings *settings, int argc, char **argv)
{
	static const struct option names[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "samples", required_argument, NULL, 'n' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "case", required_argument, NULL, 'c' },
		{ "image", required_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};

	for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
		switch (c) {
		case 'j': settings->json = true; break;
		case 'n': settings->samples = atoi(optarg); break;
		case 'r': settings->rounds = atoi(optarg); break;
		case 'c': settings->only = optarg; break;
		case 'i': settings->image = optarg; break;
		case 'h': fputs(help, stdout); exit(0);
		default: return false;
		}
	}
	return optind == argc && settings->samples >= 1 && settings->samples <= SAMPLES_MAX &&
			settings->rounds >= 1 && settings->rounds <= ROUNDS_MAX;
}

int vgpu_bench(int argc, char **argv)
{
	struct settings s = { .samples = 200, .rounds = 5 };
	bool fine = parse(&s, argc, argv), damage = !s.only || strstr("damage", s.only);
	int code = 0;

	if (!fine || (!damage && !vgpu_bench_frames_has(s.only))) {
		fputs(help, stderr);
		return 2;
	}
	if (damage)
		code = vgpu_bench_damage(s.json, s.samples);
	if (code == 0 && vgpu_bench_frames_has(s.only))
		code = vgpu_bench_frames(s.json, s.rounds, s.only, s.image);
	return code;
}
