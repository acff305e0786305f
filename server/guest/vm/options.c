#include "options.h"
#include <proto/screen.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	SIZE_MIN_PX = 64,
	MEMORY_MIN_MIB = 256,
	MEMORY_MAX_MIB = 1 << 20,
	CPUS_MAX = 64,
	OPT_SCALE = 1,
	OPT_IMAGE,
	OPT_DISK,
	OPT_TEMPORARY,
	OPT_MEMORY,
	OPT_CPUS,
	OPT_HEADS,
	OPT_PROFILE,
	OPT_BROKER,
	OPT_APPEND,
};

const char options_help[] =
		"usage: oriel-guest-vm --dir DIR [OPTION]...\n"
		"\n"
		"Runs a virtual machine with a virtual GPU. Sessions attach at DIR/link; DIR/console\n"
		"is the machine's serial console.\n"
		"\n"
		"  --dir DIR         folder for the sockets\n"
		"  --size WxH        size of the monitor at start (1920x1080)\n"
		"  --scale PERCENT   size of texts at start, 100 to 500 (100)\n"
		"  --image DIR       what `oriel image build` made; default: its last one\n"
		"  --disk FILE       what this machine changes; made when it is not there, and kept\n"
		"                    ($XDG_STATE_HOME/oriel/machine.qcow2)\n"
		"  --temporary       in place of it, a disk in DIR that is new at each start\n"
		"  --memory MIB      of the machine (2048)\n"
		"  --cpus N          virtual ones (2)\n"
		"  --heads N         monitors that the machine can have, 1 to 4 (4)\n"
		"  --profile NAME    what it may use of the GPU; see oriel-vgpu-broker(8)\n"
		"  --broker PATH     socket of oriel-vgpu-broker (beside the folder that DIR is in)\n"
		"  --append TEXT     a word more for the machine's kernel\n"
		"  --help\n"
		"\n"
		"Exit codes: 0 shut down; 2 wrong usage; 3 QEMU is missing or died; 4 the virtual\n"
		"GPU likewise; 5 the image or the disk; 6 not enough memory; 1 anything else.\n";

static const struct option own[] = {
	{ "scale", required_argument, NULL, OPT_SCALE },
	{ "image", required_argument, NULL, OPT_IMAGE },
	{ "disk", required_argument, NULL, OPT_DISK },
	{ "temporary", no_argument, NULL, OPT_TEMPORARY },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "cpus", required_argument, NULL, OPT_CPUS },
	{ "heads", required_argument, NULL, OPT_HEADS },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "broker", required_argument, NULL, OPT_BROKER },
	{ "append", required_argument, NULL, OPT_APPEND },
	{ NULL, 0, NULL, 0 },
};

static bool take_text(const char **text, const char *value)
{
	*text = value;
	return value[0] != 0;
}

static bool take_option(void *user, int option, const char *value)
{
	struct options *options = user;

	switch (option) {
	case OPT_SCALE: return guest_options_number(value, 100, 500, &options->scale_percent);
	case OPT_IMAGE: return take_text(&options->image, value);
	case OPT_DISK: return take_text(&options->disk, value);
	case OPT_TEMPORARY: options->temporary = true; return true;
	case OPT_MEMORY:
		return guest_options_number(value, MEMORY_MIN_MIB, MEMORY_MAX_MIB, &options->memory_mib);
	case OPT_CPUS: return guest_options_number(value, 1, CPUS_MAX, &options->cpus);
	case OPT_HEADS: return guest_options_number(value, 1, SCREEN_HEADS_MAX, &options->heads);
	case OPT_PROFILE: return take_text(&options->profile, value);
	case OPT_BROKER: return take_text(&options->broker, value);
	case OPT_APPEND: return take_text(&options->append, value);
	default: return false;
	}
}

int options_parse(struct options *options, int argc, char **argv)
{
	static const struct guest_options_program program = { "oriel-guest-vm", SIZE_MIN_PX, own,
		take_option };
	int err;

	*options = (struct options){ .common = { .width_px = 1920, .height_px = 1080 },
		.scale_percent = 100,
		.memory_mib = 2048,
		.cpus = 2,
		.heads = SCREEN_HEADS_MAX };
	err = guest_options_parse(&options->common, &program, options, argc, argv);
	if (err == 0 && options->disk && options->temporary) {
		fputs("oriel-guest-vm: --disk and --temporary exclude each other\n", stderr);
		return ERR_ARGUMENT;
	}
	return err;
}
