/* oriel-vgpu-worker: draws for one guest. Started by the broker with the page as
 * descriptor 3, the render socket as 4 and the broker's socket as 5, mostly before there
 * is a guest for it: then it waits, with its sandbox closed. */
#include "sandbox.h"
#include "virgl.h"
#include "worker.h"
#include <base/log.h>
#include <base/shm.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PAGE_FD = 3,
	RENDER_FD = 4,
	CONTROL_FD = 5,
	EXIT_USAGE = 2,
};

struct options {
	const char *render_node; /* NULL: draw with the CPU */
};

static void print_help(FILE *to)
{
	fputs("usage: oriel-vgpu-worker [--render-node PATH]\n"
	      "Draws for one guest. Started by oriel-vgpu-broker, with descriptors 3, 4 and 5.\n"
	      "  --render-node PATH    the GPU, as /dev/dri/renderD128; without it the CPU draws\n"
	      "  --log-level LEVEL     error, warn, info or debug\n",
			to);
}

static bool parse_options(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{ "render-node", required_argument, NULL, 'r' },
		{ "log-level", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	enum log_level level = LOG_LEVEL_INFO;
	bool ok = true;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'r': options->render_node = optarg; break;
		case 'l': ok = ok && log_level_parse(optarg, &level); break;
		case 'h': print_help(stdout); exit(0);
		default: ok = false;
		}
	}
	log_init("vgpu-worker", level);
	return ok && optind == argc;
}

static struct broker_page *map_page(void)
{
	if (shm_check(PAGE_FD, sizeof(struct broker_page)) < 0)
		return NULL;
	return (struct broker_page *)(void *)shm_map(PAGE_FD, sizeof(struct broker_page));
}

/* Tells a broker that did not start us whose page it is: proto/broker.h. */
static void lock_page(void)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(PAGE_FD, F_SETLK, &all) < 0)
		log_warn("the page cannot be locked (%m); the next broker will not know this worker");
}

/* Libraries print what they think of a guest's shaders, in the guest's words. glibc lets
 * the stream go elsewhere; our own log is written to the descriptor. */
static void silence_libraries(void)
{
	FILE *nowhere = fopen("/dev/null", "we");

	if (nowhere)
		stderr = nowhere;
}

/* Everything that may fail before the first command. */
static int prepare(struct worker *worker, const struct options *options)
{
	int node_fd = -1, err;

	if (options->render_node) {
		node_fd = open(options->render_node, O_RDWR | O_CLOEXEC);
		if (node_fd < 0) {
			log_error("cannot open %s: %m", options->render_node);
			return ERR_MISSING;
		}
	}
	err = sandbox_enter();
	if (err < 0) {
		log_error("cannot enter the sandbox: %s", err_text(err));
		return err;
	}
	shaders_prepare(sandbox_has_namespaces());
	err = virgl_start(node_fd, &worker->fences);
	if (err < 0) {
		log_error("no EGL that can draw without a screen on %s",
				options->render_node ? options->render_node : "the CPU");
		return err;
	}
	silence_libraries();
	shaders_find(&worker->shaders);
	err = sandbox_close(node_fd >= 0);
	if (err < 0)
		log_error("cannot close the sandbox: %s", err_text(err));
	return err;
}

int main(int argc, char **argv)
{
	static struct worker worker;
	struct options options = { 0 };
	struct broker_page *page;
	int err;

	if (!parse_options(argc, argv, &options)) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	page = map_page();
	if (!page || fcntl(RENDER_FD, F_GETFD) < 0 || fcntl(CONTROL_FD, F_GETFD) < 0) {
		log_error("descriptors 3, 4 and 5 are not what the broker passes");
		return EXIT_USAGE;
	}
	close_range(CONTROL_FD + 1, ~0u, 0);
	lock_page();
	err = worker_init(&worker, RENDER_FD, CONTROL_FD, page);
	if (err == 0)
		err = prepare(&worker, &options);
	atomic_store(&page->ready, err < 0 ? 2 : 1);
	if (err < 0)
		return 1;
	err = worker_run(&worker);
	if (err < 0)
		log_error("ends: %s on the render socket", err_text(err));
	/* No destructors: Mesa's would want threads and files that are out of reach. */
	_exit(err < 0 ? 1 : 0);
}
