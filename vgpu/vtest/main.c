/* oriel-vgpu-vtest: the virtual GPU of a guest whose programs run on this host. It lives
 * as long as whoever started it lets it. */
#include "vtest.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <errno.h>
#include <fcntl.h>
#include <front/connector.h>
#include <front/sandbox.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	BACKLOG = 64,
	EXIT_USAGE = 2,
	LINES_PER_MINUTE = 60, /* programs can make us complain as often as they like */
	FILES_MAX = VTEST_RESOURCES_MAX + 1024,
};

#ifdef __SANITIZE_ADDRESS__
__attribute__((visibility("default"))) const char *__asan_default_options(void);

/* Looking for leaks at the end traces the process, which the sandbox refuses. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

struct options {
	int listen_fd; /* -1: make one */
	const char *socket_path, *broker, *profile, *name;
	enum log_level log_level;
};

static const char help[] =
		"oriel-vgpu-vtest: a virtual GPU for programs on this host. They draw with Mesa's\n"
		"driver for it (GALLIUM_DRIVER=virpipe LIBGL_ALWAYS_SOFTWARE=1), which connects to\n"
		"/tmp/.virgl_test; mount the socket there for them.\n"
		"\n"
		"  --socket-path PATH  where programs connect\n"
		"  --fd N              the socket, which listens; in place of --socket-path\n"
		"  --broker PATH       default /run/oriel/vgpu\n"
		"  --profile NAME      what they may use, all together; default: the broker's default\n"
		"  --name NAME         of the guest, for people\n"
		"  --log-level L       error, warn, info or debug\n"
		"  --help              this text\n";

static const struct option long_options[] = {
	{ "socket-path", required_argument, NULL, 's' },
	{ "fd", required_argument, NULL, 'f' },
	{ "broker", required_argument, NULL, 'b' },
	{ "profile", required_argument, NULL, 'p' },
	{ "name", required_argument, NULL, 'n' },
	{ "log-level", required_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int take_fd(struct options *options, const char *value)
{
	char *end;
	long fd = strtol(value, &end, 10);
	int listens = 0;

	if (*end || end == value || fd <= STDERR_FILENO || fd > INT_MAX ||
			getsockopt((int)fd, SOL_SOCKET, SO_ACCEPTCONN, &listens,
					&(socklen_t){ sizeof listens }) < 0 ||
			!listens || fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0 ||
			fcntl((int)fd, F_SETFL, O_NONBLOCK) < 0) {
		fprintf(stderr, "oriel-vgpu-vtest: --fd is a socket that listens, not '%s'\n", value);
		return ERR_ARGUMENT;
	}
	options->listen_fd = (int)fd;
	return 0;
}

static int take(struct options *options, int option)
{
	switch (option) {
	case 's': options->socket_path = optarg; return 0;
	case 'f': return take_fd(options, optarg);
	case 'b': options->broker = optarg; return 0;
	case 'p': options->profile = optarg; return 0;
	case 'n': options->name = optarg; return 0;
	case 'l':
		if (log_level_parse(optarg, &options->log_level))
			return 0;
		fprintf(stderr, "oriel-vgpu-vtest: --log-level is error, warn, info or debug, not '%s'\n",
				optarg);
		return ERR_ARGUMENT;
	case 'h': fputs(help, stdout); return 1;
	default: return ERR_ARGUMENT; /* getopt said why */
	}
}

/* 0; 1: ends well; ERR_ARGUMENT. */
static int parse_options(struct options *options, int argc, char **argv)
{
	int option, result = 0;

	while (result == 0 && (option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		result = take(options, option);
	if (result == 0 && (optind < argc || (options->socket_path != NULL) == (options->listen_fd >= 0))) {
		fputs("oriel-vgpu-vtest: --socket-path or --fd is needed, and options only\n", stderr);
		return ERR_ARGUMENT;
	}
	return result;
}

/* Whoever may look into its folder may connect. */
static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && chmod(path, 0666) == 0 &&
			listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

static int open_sockets(struct vtest_sockets *sockets, const struct options *options)
{
	int err = packet_connect(options->broker);

	if (err < 0) {
		log_error("no broker at %s (%s); is oriel-vgpu-broker running?", options->broker,
				err_text(err));
		return err;
	}
	sockets->broker.connected_fd = err;
	sockets->broker.name = options->name;
	sockets->broker.profile = options->profile;
	sockets->broker.connector_fd = connector_start(options->broker);
	if (sockets->broker.connector_fd < 0)
		return ERR_IO;
	sockets->listen_fd = options->socket_path ? listen_at(options->socket_path) : options->listen_fd;
	if (sockets->listen_fd >= 0)
		return 0;
	log_error("%s: %s", options->socket_path, strerror(errno));
	return ERR_IO;
}

/* Each resource has a descriptor; where there may not be so many, programs hear of it. */
static uint64_t most_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max > FILES_MAX)
		return FILES_MAX;
	return limit.rlim_max;
}

int main(int argc, char **argv)
{
	static struct vtest server;
	struct options options = { .listen_fd = -1,
		.broker = "/run/oriel/vgpu",
		.profile = "",
		.name = "",
		.log_level = LOG_LEVEL_INFO };
	struct vtest_sockets sockets;
	int result = parse_options(&options, argc, argv), code = EXIT_FAILURE;
	sd_event *event;

	if (result != 0)
		return result < 0 ? EXIT_USAGE : 0;
	log_init("vgpu-vtest", options.log_level);
	log_limit(LINES_PER_MINUTE);
	log_set_tag(options.name);
	if (open_sockets(&sockets, &options) < 0)
		return EXIT_FAILURE;
	event = loop_create();
	if (!event || sandbox_enter(most_files()) < 0) {
		log_error("the sandbox does not close; the virtual GPU does not go on without it");
		return EXIT_FAILURE;
	}
	if (vtest_start(&server, event, &sockets) < 0)
		log_error("no memory for a virtual GPU");
	else
		code = sd_event_loop(event);
	vtest_stop(&server);
	sd_event_unref(event);
	return code < 0 ? EXIT_FAILURE : code;
}
