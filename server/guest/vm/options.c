#include "options.h"
#include <errno.h>
#include <getopt.h>
#include <proto/screen.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	SIZE_MIN_PX = 64,
	MEMORY_MIN_MIB = 256,
	MEMORY_MAX_MIB = 1 << 20,
	CPUS_MAX = 64,
	OPT_DIR = 256,
	OPT_SIZE,
	OPT_SCALE,
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

static const struct option known[] = {
	{ "dir", required_argument, NULL, OPT_DIR },
	{ "size", required_argument, NULL, OPT_SIZE },
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
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* A decimal number from min to max, up to the character end. */
static bool parse_number(
		const char *text, char end, uint32_t min, uint32_t max, uint32_t *value, const char **rest)
{
	char *stop;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &stop, 10);
	if (errno || *text < '0' || *text > '9' || *stop != end || n < min || n > max)
		return false;
	*value = (uint32_t)n;
	if (rest)
		*rest = stop + 1;
	return true;
}

static bool parse_size(const char *text, struct options *options)
{
	const char *height;

	return parse_number(text, 'x', SIZE_MIN_PX, LINK_SIZE_MAX_PX, &options->width_px, &height) &&
			parse_number(height, 0, SIZE_MIN_PX, LINK_SIZE_MAX_PX, &options->height_px, NULL);
}

static bool take_text(const char **text, const char *value)
{
	*text = value;
	return value[0] != 0;
}

/* One option; false: its value is wrong. */
static bool take_option(struct options *options, int option, const char *value)
{
	switch (option) {
	case OPT_DIR: return take_text(&options->dir, value);
	case OPT_SIZE: return parse_size(value, options);
	case OPT_SCALE: return parse_number(value, 0, 100, 500, &options->scale_percent, NULL);
	case OPT_IMAGE: return take_text(&options->image, value);
	case OPT_DISK: return take_text(&options->disk, value);
	case OPT_TEMPORARY: options->temporary = true; return true;
	case OPT_MEMORY:
		return parse_number(value, 0, MEMORY_MIN_MIB, MEMORY_MAX_MIB, &options->memory_mib, NULL);
	case OPT_CPUS: return parse_number(value, 0, 1, CPUS_MAX, &options->cpus, NULL);
	case OPT_HEADS: return parse_number(value, 0, 1, SCREEN_HEADS_MAX, &options->heads, NULL);
	case OPT_PROFILE: return take_text(&options->profile, value);
	case OPT_BROKER: return take_text(&options->broker, value);
	case OPT_APPEND: return take_text(&options->append, value);
	default: options->help = true; return true;
	}
}

int options_parse(struct options *options, int argc, char **argv)
{
	int option, index = 0;

	*options = (struct options){ .width_px = 1920,
		.height_px = 1080,
		.scale_percent = 100,
		.memory_mib = 2048,
		.cpus = 2,
		.heads = SCREEN_HEADS_MAX };
	while ((option = getopt_long(argc, argv, "h", known, &index)) != -1) {
		if (option == '?')
			return ERR_ARGUMENT; /* getopt said why */
		if (!take_option(options, option, optarg)) {
			fprintf(stderr, "oriel-guest-vm: --%s does not take \"%s\"\n", known[index].name,
					optarg);
			return ERR_ARGUMENT;
		}
	}
	if (!options->help && (optind < argc || !options->dir)) {
		fputs("oriel-guest-vm: expected --dir DIR; see --help\n", stderr);
		return ERR_ARGUMENT;
	}
	if (options->disk && options->temporary) {
		fputs("oriel-guest-vm: --disk and --temporary exclude each other\n", stderr);
		return ERR_ARGUMENT;
	}
	return 0;
}
