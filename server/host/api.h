/* RUN/api: the HTTP+JSON interface of oriel-host on a unix socket, for `oriel` and
 * for administrators' programs. libmicrohttpd does HTTP, driven from our loop.
 *
 *   GET    /v1/guests            {"guests": [{name, user, uid, kind, keeper, started_us}]}
 *   DELETE /v1/guests/NAME       202: it is being ended (the user is logged off)
 *   GET    /v1/sessions          {"sessions": [{id, state, pid, started_us, address, ...}]}
 *   DELETE /v1/sessions/ID       202: it is being disconnected
 *   GET    /v1/users             {"users": [NAME]}
 *   POST   /v1/users             {"name", "password"}: 201
 *   PUT    /v1/users/NAME        {"password"}: 200
 *   DELETE /v1/users/NAME        200
 *
 * An error is {"error": "one sentence"} with a fitting status. Only root, our own
 * uid and (for the system) members of the group oriel-admin are answered. */
#ifndef HOST_API_H
#define HOST_API_H

#include "guests.h"
#include "store.h"

enum {
	API_BODY_MAX = 4096, /* bytes; a name and a password */
	API_CONNECTIONS_MAX = 32,
	API_TIME_S = 10, /* of a connection that says nothing */
};

#define API_GROUP "oriel-admin"

struct api;

struct api_settings {
	const struct oriel_conf *conf; /* all borrowed */
	struct store *store;
	struct guests *guests;
	const char *only_user; /* NULL: any */
};

/* Returns owned, or NULL after a log line. secret_protect_json comes first. */
struct api *api_create(sd_event *event, const struct api_settings *settings);

/* Removes the socket. NULL is fine. */
void api_destroy(struct api *api);

#endif
