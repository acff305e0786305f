/* oriel-host as a whole: what main() starts and stops. */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "api.h"
#include "control.h"
#include "login.h"
#include "options.h"

/* Starts zeroed but for options and conf. Owns the rest. */
struct host {
	const struct options *options; /* borrowed */
	struct oriel_conf conf;
	char own_name[NAME_CAP]; /* of an ordinary user; "" for the system */
	uid_t server_uid;
	int lock_fd; /* RUN/host.lock: one oriel-host per run_dir */
	sd_event *event;
	struct store *store;
	struct limit *limit;
	struct guests *guests;
	struct login login;
	struct control *control;
	struct api *api;
};

/* Everything up to listening. 0, or negative after a log line. */
MUST_USE int host_start(struct host *host);

/* Guests go on. Also after a failed start. */
void host_stop(struct host *host);

#endif
