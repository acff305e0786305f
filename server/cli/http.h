/* One request to oriel-host's API on its unix socket: HTTP/1.0, one connection each. */
#ifndef CLI_HTTP_H
#define CLI_HTTP_H

#include <base/err.h>
#include <jansson.h>

enum {
	HTTP_ANSWER_MAX = 16 << 20, /* 10000 sessions have 4 MiB */
	HTTP_TIME_S = 20,
};

/* body may be NULL (borrowed). *answer: the JSON object, owned, also for statuses that
 * are errors. Returns the HTTP status; ERR_MISSING or ERR_CLOSED (nobody listens at
 * path); ERR_DENIED (we may not connect); ERR_TIMEOUT; ERR_FORMAT (no oriel-host);
 * ERR_MEMORY; ERR_IO. */
MUST_USE int http_request(
		const char *path, const char *method, const char *url, const json_t *body, json_t **answer);

#endif
