/* oriel-vgpu: the front of one virtual GPU. It lives as long as its QEMU. */
#include "connector.h"
#include "front.h"
#include "options.h"
#include "sandbox.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	FILES_MAX = 512, /* targets, regions, and what waits in the outboxes */
};

#ifdef __SANITIZE_ADDRESS__
__attribute__((visibility("default"))) const char *__asan_default_options(void);

/* Looking for leaks at the end traces the process, which the sandbox refuses. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

/* Waits for QEMU. The socket's file goes again: there is one machine only. */
static int accept_one(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listen_fd, fd = -1;

	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listen_fd < 0)
		return -1;
	unlink(path);
	if (bind(listen_fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(listen_fd, 1) == 0)
		fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
	close(listen_fd);
	unlink(path);
	return fd;
}

static bool is_open(int fd)
{
	return fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static int open_sockets(struct front_sockets *sockets, const struct options *options)
{
	int err;

	sockets->broker.name = options->name;
	sockets->broker.profile = options->profile;
	sockets->screen_fd = options->screen_fd;
	if (!is_open(options->fd) || !is_open(options->screen_fd)) {
		log_error("--fd and --screen-fd name open descriptors");
		return ERR_ARGUMENT;
	}
	err = packet_connect(options->broker);
	if (err < 0) {
		log_error("no broker at %s (%s); is oriel-vgpu-broker running?", options->broker,
				err_text(err));
		return err;
	}
	sockets->broker.connected_fd = err;
	sockets->broker.connector_fd = connector_start(options->broker);
	if (sockets->broker.connector_fd < 0)
		return ERR_IO;
	sockets->vhost_fd = options->fd >= 0 ? options->fd : accept_one(options->socket_path);
	if (sockets->vhost_fd >= 0)
		return 0;
	log_error("%s: %s", options->socket_path, strerror(errno));
	return ERR_IO;
}

int main(int argc, char **argv)
{
	static struct front front;
	struct front_sockets sockets;
	struct options options;
	int result = options_parse(&options, argc, argv), code = EXIT_FAILURE;
	sd_event *event = NULL;

	if (result != 0)
		return result < 0 ? 2 : 0;
	log_init("vgpu", options.log_level);
	log_set_tag(options.name);
	if (open_sockets(&sockets, &options) < 0)
		return EXIT_FAILURE;
	event = loop_create();
	if (!event || sandbox_enter(FILES_MAX) < 0) {
		log_error("the sandbox does not close; the virtual GPU does not go on without it");
		return EXIT_FAILURE;
	}
	if (front_start(&front, event, &sockets) < 0)
		log_error("no memory for a virtual GPU");
	else
		code = sd_event_loop(event);
	front_stop(&front);
	sd_event_unref(event);
	return code < 0 ? EXIT_FAILURE : code;
}
