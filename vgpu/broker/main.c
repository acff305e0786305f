/* oriel-vgpu-broker: shares the host's GPUs among virtual GPUs. It starts a worker for
 * each, measures what it uses, holds who is ahead of the others, and replaces a worker
 * whose batch does not end. Exit codes: 0; 1 when it cannot serve; 2 for a command line
 * or profiles that are wrong. */
#include "broker.h"
#include <base/log.h>
#include <base/program.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
	EXIT_USAGE = 2,
	/* Anybody on this host may join, be refused and join again. */
	LINES_PER_MINUTE = 600,
	OPT_SOCKET = 256,
	OPT_PROFILES,
	OPT_BATCH_LIMIT,
	OPT_LOG_LEVEL,
};

#define DEFAULT_PROFILES "/etc/oriel/vgpu.conf"

struct options {
	const char *socket, *profiles;
	long batch_limit_ms;
	enum log_level log_level;
};

static const struct option long_options[] = {
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "profiles", required_argument, NULL, OPT_PROFILES },
	{ "batch-limit", required_argument, NULL, OPT_BATCH_LIMIT },
	{ "log-level", required_argument, NULL, OPT_LOG_LEVEL },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static void print_help(void)
{
	printf("Usage: oriel-vgpu-broker [OPTION]...\n"
	       "Shares the host's GPUs among the virtual GPUs of its guests.\n"
	       "\n"
	       "  --socket PATH       listen there; default /run/oriel/vgpu\n"
	       "  --profiles FILE     what guests may use; default " DEFAULT_PROFILES ", if there\n"
	       "  --batch-limit MS    GPU time of one batch, 100 to 60000; default 2000\n"
	       "  --log-level LEVEL   error, warn, info or debug\n"
	       "  --help, --version\n"
	       "\n"
	       "See oriel-vgpu-broker(8).\n");
}

static int complain(const char *option, const char *value, const char *expected)
{
	fprintf(stderr, "oriel-vgpu-broker: %s %s: expected %s\n", option, value, expected);
	return ERR_ARGUMENT;
}

static int set_batch_limit(struct options *options, const char *value)
{
	char *end;

	options->batch_limit_ms = strtol(value, &end, 10);
	if (*end || end == value || options->batch_limit_ms < 100 || options->batch_limit_ms > 60000)
		return complain("--batch-limit", value, "a number from 100 to 60000");
	return 0;
}

static int take(struct options *options, int option, const char *value)
{
	switch (option) {
	case OPT_SOCKET: options->socket = value; return 0;
	case OPT_PROFILES: options->profiles = value; return 0;
	case OPT_BATCH_LIMIT: return set_batch_limit(options, value);
	case OPT_LOG_LEVEL:
		return log_level_parse(value, &options->log_level)
				? 0
				: complain("--log-level", value, "error, warn, info or debug");
	case 'h': print_help(); exit(EXIT_SUCCESS);
	case 'V': puts("oriel-vgpu-broker " ORIEL_VERSION); exit(EXIT_SUCCESS);
	default: return ERR_ARGUMENT; /* getopt_long has said it */
	}
}

static int parse_options(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){
		.socket = "/run/oriel/vgpu", .batch_limit_ms = 2000, .log_level = LOG_LEVEL_INFO
	};
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (take(options, option, optarg) < 0)
			return ERR_ARGUMENT;
	}
	return optind < argc ? complain("argument", argv[optind], "options only, see --help") : 0;
}

static int load_profiles(struct profiles *profiles, const char *path)
{
	static char text[PROFILES_FILE_MAX];
	int fd = open(path ? path : DEFAULT_PROFILES, O_RDONLY | O_CLOEXEC), line, err;
	ssize_t len;

	profiles_init(profiles);
	if (fd < 0 && !path && errno == ENOENT)
		return 0;
	len = fd < 0 ? -1 : read(fd, text, sizeof text);
	if (fd >= 0)
		close(fd);
	path = path ? path : DEFAULT_PROFILES;
	if (len < 0 || (size_t)len == sizeof text) {
		fprintf(stderr, "oriel-vgpu-broker: %s: %s\n", path, len < 0 ? strerror(errno) : "too long");
		return ERR_IO;
	}
	err = profiles_parse(profiles, text, (size_t)len, &line);
	if (err < 0)
		fprintf(stderr,
				"oriel-vgpu-broker: %s:%d: expected NAME [heads=1..4] [size=WIDTHxHEIGHT] "
				"[memory=MiB] [weight=1..1000] [gpu=NAME]\n",
				path, line);
	return err;
}

int main(int argc, char **argv)
{
	static struct broker broker;
	static char worker[PROGRAM_PATH_CAP];
	struct options options;
	int err;

	if (parse_options(&options, argc, argv) < 0)
		return EXIT_USAGE;
	log_init("vgpu-broker", options.log_level);
	log_limit(LINES_PER_MINUTE);
	if (load_profiles(&broker.profiles, options.profiles) < 0)
		return EXIT_USAGE;
	if (program_find(worker, "oriel-vgpu-worker", ORIEL_BIN_DIR) < 0) {
		fprintf(stderr, "oriel-vgpu-broker: %s: %s\n", worker, strerror(errno));
		return EXIT_FAILURE;
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	broker.settings = (struct broker_settings){ .socket_path = options.socket,
		.worker_program = worker,
		.batch_limit_us = (uint64_t)options.batch_limit_ms * 1000 };
	broker.gpu_count = gpus_find(broker.gpus, "/dev/dri");
	err = broker_start(&broker);
	if (err == 0)
		err = sd_event_loop(broker.event);
	broker_stop(&broker);
	return err < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
