/* One request of the API, apart from HTTP. */
#ifndef HOST_API_CALL_H
#define HOST_API_CALL_H

#include "api.h"
#include <jansson.h>

/* Answers a request: returns the HTTP status, with *answer owned by the caller (NULL
 * when there was no memory: say 500). body is borrowed, body_len may be 0. Loop thread. */
int api_call(const struct api_settings *settings, const char *method, const char *path, const char *body,
		size_t body_len, json_t **answer);

/* {"error": text} */
json_t *api_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
