#include "api.h"
#include "api_call.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <errno.h>
#include <grp.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	GROUPS_MAX = 256,    /* of a peer, looked through for API_GROUP */
	HTTP_MEMORY = 16384, /* per connection: request line, headers, a piece of the body */
};

struct api {
	struct api_settings settings;
	char path[CONF_PATH_CAP + 16];
	gid_t admins; /* (gid_t)-1: there is no such group, or we serve one user */
	struct MHD_Daemon *daemon;
	sd_event_source *ready, *timer;
	bool closed; /* a connection, since this was last put to false */
};

/* One request while its body comes in. There are passwords in it. */
struct request {
	char body[API_BODY_MAX];
	size_t len;
	bool too_long;
};

static bool in_group(int fd, gid_t primary, gid_t wanted)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof groups;

	if (wanted == (gid_t)-1)
		return false;
	if (primary == wanted)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (size_t i = 0; i < len / sizeof *groups; i++) {
		if (groups[i] == wanted)
			return true;
	}
	return false;
}

static bool may_ask(const struct api *api, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred peer;
	socklen_t len = sizeof peer;

	if (!info || getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	return peer.uid == 0 || peer.uid == geteuid() || in_group(info->connect_fd, peer.gid, api->admins);
}

/* Takes answer. */
static enum MHD_Result reply(struct MHD_Connection *connection, int status, json_t *answer)
{
	char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
	struct MHD_Response *response;
	enum MHD_Result result = MHD_NO;

	json_decref(answer);
	if (!text)
		status = 500;
	response = MHD_create_response_from_buffer(text ? strlen(text) : 0, text ? text : (char *)"",
			text ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
	if (!response) {
		free(text);
		return MHD_NO;
	}
	if (MHD_add_response_header(response, "Content-Type", "application/json") == MHD_YES)
		result = MHD_queue_response(connection, (unsigned)status, response);
	MHD_destroy_response(response);
	return result;
}

static void take_body(struct request *request, const char *data, size_t len)
{
	if (len > sizeof request->body - request->len) {
		request->too_long = true;
	} else {
		memcpy(request->body + request->len, data, len);
		request->len += len;
	}
	/* The buffer is the connection's own, and nobody wipes it later. */
	explicit_bzero((char *)data, len);
}

static enum MHD_Result answer_request(struct api *api, struct MHD_Connection *connection,
		struct request *request, const char *path, const char *method)
{
	json_t *answer = NULL;
	int status;

	if (request->too_long) {
		status = 413;
		answer = api_error("the body is longer than %d bytes", API_BODY_MAX);
	} else {
		status = api_call(&api->settings, method, path, request->body, request->len, &answer);
	}
	return reply(connection, status, answer);
}

/* libmicrohttpd calls once with the headers, then with each piece of the body, then
 * with none: then the request is complete. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *path,
		const char *method, const char *version, const char *data, size_t *data_len, void **state)
{
	struct api *api = user;
	struct request *request = *state;

	if (!request) {
		if (!may_ask(api, connection))
			return reply(connection, 403,
					api_error("only root and members of " API_GROUP " may do that"));
		*state = calloc(1, sizeof *request);
		return *state ? MHD_YES : MHD_NO;
	}
	if (*data_len) {
		take_body(request, data, *data_len);
		*data_len = 0;
		return MHD_YES;
	}
	return answer_request(api, connection, request, path, method);
}

static void on_completed(void *user, struct MHD_Connection *connection, void **state,
		enum MHD_RequestTerminationCode code)
{
	if (*state)
		explicit_bzero(*state, sizeof(struct request));
	free(*state);
	*state = NULL;
}

static void on_http_log(void *user, const char *format, va_list args)
{
	char text[256];

	vsnprintf(text, sizeof text, format, args);
	log_debug("api: %s", text);
}

static void on_connection(void *user, struct MHD_Connection *connection, void **state,
		enum MHD_ConnectionNotificationCode code)
{
	struct api *api = user;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED)
		api->closed = true;
}

/* At its limit of connections libmicrohttpd stops watching the listening socket, and
 * begins again only at the run after one was closed; nothing else would wake us for it.
 * After that it may still want to be called again without an event. */
static void run(struct api *api)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	do {
		api->closed = false;
		MHD_run(api->daemon);
	} while (api->closed);
	if (MHD_get_timeout(api->daemon, &timeout_ms) == MHD_YES)
		loop_timer_arm(api->timer, timeout_ms * 1000);
	else
		loop_timer_disarm(api->timer);
}

static int on_ready(sd_event_source *source, int fd, uint32_t events, void *user)
{
	run(user);
	return 0;
}

static int on_time(sd_event_source *source, uint64_t now_us, void *user)
{
	run(user);
	return 0;
}

/* The host's lock is held, so whatever is there is nobody's any more. */
static int listen_at(struct api *api)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mode = api->admins == (gid_t)-1 ? 0600 : 0660;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return ERR_IO;
	/* conf.h: run_dir is short enough. */
	memcpy(address.sun_path, api->path, sizeof address.sun_path - 1);
	unlink(api->path);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
		goto fail;
	if (api->admins != (gid_t)-1 && chown(api->path, (uid_t)-1, api->admins) < 0)
		goto fail;
	/* Nobody can connect before listen. */
	if (chmod(api->path, mode) == 0 && listen(fd, API_CONNECTIONS_MAX) == 0)
		return fd;
fail:
	close(fd);
	return ERR_IO;
}

/* Takes fd. */
static struct MHD_Daemon *start_daemon(struct api *api, int fd)
{
	struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL,
			on_request, api, MHD_OPTION_EXTERNAL_LOGGER, on_http_log, NULL,
			MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
			MHD_OPTION_NOTIFY_CONNECTION, on_connection, api, MHD_OPTION_CONNECTION_LIMIT,
			(unsigned)API_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)API_TIME_S,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_MEMORY, MHD_OPTION_END);

	if (!daemon)
		close(fd);
	return daemon;
}

static int watch(struct api *api, sd_event *event)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(api->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	if (!info || sd_event_add_io(event, &api->ready, info->epoll_fd, EPOLLIN, on_ready, api) < 0)
		return ERR_MEMORY;
	return loop_timer_add(event, &api->timer, on_time, api);
}

struct api *api_create(sd_event *event, const struct api_settings *settings)
{
	struct api *api = calloc(1, sizeof *api);
	struct group *admins;
	int fd;

	if (!api) {
		log_error("api: no memory");
		return NULL;
	}
	api->settings = *settings;
	admins = settings->only_user ? NULL : getgrnam(API_GROUP);
	api->admins = admins ? admins->gr_gid : (gid_t)-1;
	snprintf(api->path, sizeof api->path, "%s/api", settings->conf->run_dir);
	fd = listen_at(api);
	if (fd < 0) {
		log_error("api: %s: %s", api->path, strerror(errno));
		goto fail;
	}
	api->daemon = start_daemon(api, fd);
	if (!api->daemon || watch(api, event) < 0) {
		log_error("api: libmicrohttpd does not start");
		goto fail;
	}
	return api;
fail:
	api_destroy(api);
	return NULL;
}

void api_destroy(struct api *api)
{
	if (!api)
		return;
	sd_event_source_disable_unref(api->ready);
	sd_event_source_disable_unref(api->timer);
	if (api->daemon) {
		MHD_stop_daemon(api->daemon);
		unlink(api->path);
	}
	free(api);
}
