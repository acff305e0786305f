/* oriel-server itself: settings, sockets, sessions and what happens to a new
 * connection. On an sd-event loop, in its thread. */
#ifndef LISTENER_SERVER_H
#define LISTENER_SERVER_H

#include "hush.h"
#include "identity.h"
#include "options.h"
#include "sessions.h"
#include "sockets.h"
#include <base/program.h>
#include <linux/limits.h>
#include <sys/resource.h>

struct server {
	const struct options *options; /* borrowed; win over the file at a reload too */
	struct oriel_conf conf;
	sd_event *event;
	sd_event_source *resume; /* timer */
	struct sockets sockets;
	struct sessions sessions;
	struct identity identity;
	char program[PROGRAM_PATH_CAP]; /* oriel-session */
	struct rlimit files;            /* as we found it: the sessions get it */
	struct hush hush;
};

/* Everything up to serving: binds, drops root, makes folders, key and certificate,
 * adopts sessions. conf and options are filled. Logs what is wrong. 0 or ERR_*. */
MUST_USE int server_start(struct server *server);

void server_stop(struct server *server);

/* SIGHUP: reads the settings again. A bad file, or addresses that cannot be bound,
 * are logged and all stays as it was. */
void server_reload(struct server *server);

/* A connection that was accepted: takes fd. */
void server_take(struct server *server, int fd, const struct sockaddr *address);

#endif
