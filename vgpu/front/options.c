#include "options.h"
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
		"oriel-vgpu: a virtual GPU for one QEMU machine (vhost-user-gpu-pci). Pictures go to\n"
		"whoever started it; drawing is done by a worker that oriel-vgpu-broker starts.\n"
		"\n"
		"  --fd N                the connected socket of QEMU's character device\n"
		"  --socket-path PATH    or listen there for it\n"
		"  --screen-fd N         where pictures are asked for and told; none: nowhere\n"
		"  --broker PATH         default /run/oriel/vgpu\n"
		"  --profile NAME        what the guest may use; default: the broker's default\n"
		"  --name NAME           of the guest, for people; default: its process\n"
		"  --render-node PATH    let pass: which GPU draws is the profile's and the broker's choice\n"
		"  --log-level L         error, warn, info or debug\n"
		"  --print-capabilities  what this program can do, as JSON\n"
		"  --help                this text\n";

/* QEMU docs/interop/vhost-user.json, type gpu. */
static const char capabilities[] = "{\n"
				   "  \"type\": \"gpu\",\n"
				   "  \"features\": [\n"
				   "    \"render-node\",\n"
				   "    \"virgl\"\n"
				   "  ]\n"
				   "}\n";

static const struct option long_options[] = {
	{ "fd", required_argument, NULL, 'f' },
	{ "socket-path", required_argument, NULL, 's' },
	{ "screen-fd", required_argument, NULL, 'S' },
	{ "broker", required_argument, NULL, 'b' },
	{ "profile", required_argument, NULL, 'p' },
	{ "name", required_argument, NULL, 'n' },
	{ "render-node", required_argument, NULL, 'r' },
	{ "virgl", no_argument, NULL, 'v' }, /* QEMU's own program has it to be asked for */
	{ "log-level", required_argument, NULL, 'l' },
	{ "print-capabilities", no_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int parse_fd(int *fd, const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*text && !*end && value >= 0 && value <= INT_MAX) {
		*fd = (int)value;
		return 0;
	}
	fprintf(stderr, "oriel-vgpu: '%s' is no descriptor\n", text);
	return ERR_ARGUMENT;
}

static int parse_level(struct options *options, const char *text)
{
	if (log_level_parse(text, &options->log_level))
		return 0;
	fprintf(stderr, "oriel-vgpu: --log-level is error, warn, info or debug, not '%s'\n", text);
	return ERR_ARGUMENT;
}

static int take(struct options *options, int option)
{
	switch (option) {
	case 'f': return parse_fd(&options->fd, optarg);
	case 's': options->socket_path = optarg; return 0;
	case 'S': return parse_fd(&options->screen_fd, optarg);
	case 'b': options->broker = optarg; return 0;
	case 'p': options->profile = optarg; return 0;
	case 'n': options->name = optarg; return 0;
	case 'r':
	case 'v': return 0;
	case 'l': return parse_level(options, optarg);
	case 'c': fputs(capabilities, stdout); return 1;
	case 'h': fputs(help, stdout); return 1;
	default: return ERR_ARGUMENT; /* getopt said why */
	}
}

int options_parse(struct options *options, int argc, char **argv)
{
	int option, result = 0;

	*options = (struct options){ .fd = -1,
		.screen_fd = -1,
		.broker = "/run/oriel/vgpu",
		.profile = "",
		.name = "",
		.log_level = LOG_LEVEL_INFO };
	while (result == 0 && (option = getopt_long(argc, argv, "f:s:r:vch", long_options, NULL)) != -1)
		result = take(options, option);
	if (result == 0 && optind < argc) {
		fprintf(stderr, "oriel-vgpu: unexpected argument '%s'\n", argv[optind]);
		return ERR_ARGUMENT;
	}
	if (result == 0 && (options->fd < 0) == !options->socket_path) {
		fputs("oriel-vgpu: either --fd or --socket-path is needed\n", stderr);
		return ERR_ARGUMENT;
	}
	return result;
}
