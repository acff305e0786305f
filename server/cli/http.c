#include "http.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_to(const char *path)
{
	const struct timeval limit = { .tv_sec = HTTP_TIME_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, saved;

	if (strlen(path) >= sizeof address.sun_path)
		return ERR_MISSING;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return ERR_IO;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
			setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0 &&
			connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	switch (saved) {
	case ENOENT:
	case ENOTDIR: return ERR_MISSING;
	case ECONNREFUSED: return ERR_CLOSED;
	case EACCES:
	case EPERM: return ERR_DENIED;
	default: return ERR_IO;
	}
}

static int send_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN ? ERR_TIMEOUT : ERR_IO;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int send_request(int fd, const char *method, const char *url, const json_t *body)
{
	char head[512];
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	size_t body_len = text ? strlen(text) : 0;
	int len = snprintf(head, sizeof head,
			"%s %s HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
			method, url, body_len);
	int result = (body && !text) || len >= (int)sizeof head ? ERR_MEMORY
								: send_all(fd, head, (size_t)len);

	if (result == 0 && text)
		result = send_all(fd, text, body_len);
	if (text)
		explicit_bzero(text, body_len);
	free(text);
	return result;
}

/* Until the other end closes. *text is owned by the caller, also after an error. */
static int read_answer(int fd, char **text, size_t *len)
{
	size_t cap = 0;

	*text = NULL;
	*len = 0;
	for (;;) {
		ssize_t n;

		if (*len == cap) {
			char *more = cap < HTTP_ANSWER_MAX ? realloc(*text, cap = cap ? 2 * cap : 4096)
							   : NULL;

			if (!more)
				return ERR_MEMORY;
			*text = more;
		}
		n = recv(fd, *text + *len, cap - *len, 0);
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? ERR_TIMEOUT : ERR_IO;
		*len += (size_t)n;
	}
}

/* "HTTP/1.x NNN ...", headers, an empty line, JSON. */
static int parse_answer(const char *text, size_t len, json_t **answer)
{
	const char *body = len > 12 ? memmem(text, len, "\r\n\r\n", 4) : NULL;
	int status;

	if (!body || sscanf(text, "HTTP/1.%*c %3d", &status) != 1)
		return ERR_FORMAT;
	body += 4;
	*answer = json_loadb(body, len - (size_t)(body - text), 0, NULL);
	return json_is_object(*answer) && status >= 100 ? status : ERR_FORMAT;
}

int http_request(const char *path, const char *method, const char *url, const json_t *body, json_t **answer)
{
	int fd = connect_to(path), result;
	char *text = NULL;
	size_t len;

	*answer = NULL;
	if (fd < 0)
		return fd;
	result = send_request(fd, method, url, body);
	if (result == 0)
		result = read_answer(fd, &text, &len);
	if (result == 0)
		result = parse_answer(text, len, answer);
	free(text);
	close(fd);
	return result;
}
