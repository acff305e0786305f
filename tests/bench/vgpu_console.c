#include "vgpu_console.h"
#include <base/loop.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	BOOT_TIME_MS = 300000, /* of emulated processors, two machines on one host */
	ASK_TIME_MS = 5000,    /* who is asked before the shell is there loses the question */
	CONNECT_PAUSE_MS = 50,
};

static int connect_to(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || (size_t)snprintf(at.sun_path, sizeof at.sun_path, "%s", path) >= sizeof at.sun_path ||
			connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
		if (fd >= 0)
			close(fd);
		return ERR_AGAIN;
	}
	return fd;
}

static int say(struct vgpu_console *console, const char *text)
{
	size_t len = strlen(text);

	return send(console->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : ERR_CLOSED;
}

/* 0: text came; ERR_TIMEOUT; ERR_CLOSED. */
static int hear(struct vgpu_console *console, int timeout_ms)
{
	struct pollfd ready = { .fd = console->fd, .events = POLLIN };
	size_t half = sizeof console->text / 2;
	ssize_t n;

	if (poll(&ready, 1, timeout_ms) < 1)
		return ERR_TIMEOUT;
	if (console->len >= half) {
		console->len -= half / 2;
		memmove(console->text, console->text + half / 2, console->len);
	}
	n = recv(console->fd, console->text + console->len, half - 1, MSG_DONTWAIT);
	if (n <= 0)
		return ERR_CLOSED;
	console->len += (size_t)n;
	console->text[console->len] = 0;
	return 0;
}

/* Where the text behind mark begins, once it is there. */
static int hear_mark(struct vgpu_console *console, const char *mark, int timeout_ms, const char **after)
{
	uint64_t until_us = loop_now_us() + (uint64_t)timeout_ms * 1000;
	int err = 0;

	for (;;) {
		const char *found = console->len ? strstr(console->text, mark) : NULL;
		uint64_t now_us = loop_now_us();

		/* To the end of its line. */
		if (found && strchr(found, '\n')) {
			*after = found + strlen(mark);
			return 0;
		}
		if (err)
			return err;
		err = hear(console, now_us < until_us ? (int)((until_us - now_us) / 1000) : 0);
	}
}

int vgpu_console_open(struct vgpu_console *console, const char *path, bool (*alive)(void *user), void *user)
{
	uint64_t until_us = loop_now_us() + BOOT_TIME_MS * 1000ull;
	int err = ERR_TIMEOUT;

	*console = (struct vgpu_console){ .fd = connect_to(path) };
	while (console->fd < 0 && alive(user) && loop_now_us() < until_us) {
		nanosleep(&(struct timespec){ .tv_nsec = CONNECT_PAUSE_MS * 1000000L }, NULL);
		console->fd = connect_to(path);
	}
	while (console->fd >= 0 && err == ERR_TIMEOUT && alive(user) && loop_now_us() < until_us) {
		const char *after;

		err = say(console, "\x15stty -echo; echo yes'-it'-is\r");
		if (!err)
			err = hear_mark(console, "yes-it-is", ASK_TIME_MS, &after);
	}
	return alive(user) ? err : ERR_CLOSED;
}

void vgpu_console_finish(struct vgpu_console *console)
{
	if (console->fd >= 0)
		close(console->fd);
	console->fd = -1;
}

int vgpu_console_start(struct vgpu_console *console, const char *command)
{
	char line[1024];

	console->len = 0;
	snprintf(line, sizeof line, "{ %s; } >/tmp/out 2>&1; echo end'-'%d $?\r", command,
			++console->commands);
	return say(console, line);
}

int vgpu_console_end(struct vgpu_console *console, int timeout_ms)
{
	const char *after;
	char mark[32];
	int err;

	snprintf(mark, sizeof mark, "end-%d ", console->commands);
	err = hear_mark(console, mark, timeout_ms, &after);
	return err ? err : atoi(after);
}
