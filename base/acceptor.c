#include <base/acceptor.h>
#include <base/log.h>
#include <base/loop.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PAUSE_US = 1000 * 1000,
};

struct acceptor {
	int listen_fd;
	sd_event_source *acceptable, *resume;
	void (*on_connection)(void *user, int fd);
	void *user;
};

static int on_resume(sd_event_source *source, uint64_t now_us, void *user)
{
	struct acceptor *acceptor = user;

	sd_event_source_set_enabled(acceptor->acceptable, SD_EVENT_ON);
	return 0;
}

static int on_acceptable(sd_event_source *source, int listen_fd, uint32_t events, void *user)
{
	struct acceptor *acceptor = user;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0) {
		acceptor->on_connection(acceptor->user, fd);
	} else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
		log_error("cannot accept a connection: %s", strerror(errno));
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
		loop_timer_arm(acceptor->resume, PAUSE_US);
	}
	return 0;
}

struct acceptor *acceptor_create(
		sd_event *event, int listen_fd, void (*on_connection)(void *user, int fd), void *user)
{
	struct acceptor *acceptor = calloc(1, sizeof *acceptor);

	if (!acceptor) {
		close(listen_fd);
		return NULL;
	}
	fcntl(listen_fd, F_SETFL, fcntl(listen_fd, F_GETFL) | O_NONBLOCK);
	*acceptor = (struct acceptor){ .listen_fd = listen_fd, .on_connection = on_connection, .user = user };
	if (sd_event_add_io(event, &acceptor->acceptable, listen_fd, EPOLLIN, on_acceptable, acceptor) < 0 ||
			loop_timer_add(event, &acceptor->resume, on_resume, acceptor) < 0) {
		acceptor_destroy(acceptor);
		return NULL;
	}
	return acceptor;
}

void acceptor_destroy(struct acceptor *acceptor)
{
	if (!acceptor)
		return;
	sd_event_source_disable_unref(acceptor->acceptable);
	sd_event_source_disable_unref(acceptor->resume);
	close(acceptor->listen_fd);
	free(acceptor);
}
