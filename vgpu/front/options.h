/* The command line of oriel-vgpu: QEMU's conventions for back-end programs (QEMU
 * docs/interop/vhost-user.rst, "Backend program conventions"), and our own. See
 * oriel-vgpu(8). */
#ifndef FRONT_OPTIONS_H
#define FRONT_OPTIONS_H

#include <base/err.h>
#include <base/log.h>

struct options {
	int fd;                  /* connected to QEMU; -1: socket_path */
	const char *socket_path; /* to listen on, for QEMU */
	int screen_fd;           /* -1: none */
	const char *broker;      /* path */
	const char *profile, *name;
	enum log_level log_level;
};

/* Returns 0; 1 after --help or --print-capabilities (exit with 0); ERR_ARGUMENT after
 * one line on standard error. */
MUST_USE int options_parse(struct options *options, int argc, char **argv);

#endif
