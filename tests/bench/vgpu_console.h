/* A shell of root in a virtual machine, at the end of its serial line. One command at a
 * time. Not thread-safe. */
#ifndef BENCH_VGPU_CONSOLE_H
#define BENCH_VGPU_CONSOLE_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>

struct vgpu_console {
	int fd; /* -1: none */
	int commands;
	char text[4096]; /* what came last; older text is forgotten */
	size_t len;
};

/* Connects to the socket as soon as there is somebody, and waits for the shell.
 * alive(user) false ends the wait. 0, ERR_CLOSED, ERR_TIMEOUT; finish in either case. */
MUST_USE int vgpu_console_open(
		struct vgpu_console *console, const char *path, bool (*alive)(void *user), void *user);
void vgpu_console_finish(struct vgpu_console *console);

/* Starts a command, all of whose output goes to /tmp/out in the machine. 0 or ERR_CLOSED. */
MUST_USE int vgpu_console_start(struct vgpu_console *console, const char *command);

/* Its exit code; ERR_TIMEOUT: it goes on; ERR_CLOSED: the machine is gone. */
MUST_USE int vgpu_console_end(struct vgpu_console *console, int timeout_ms);

#endif
