/* What the command lines of the guests have in common: --dir, --size and --help, and
 * how a wrong value is told. Not thread-safe (getopt_long). */
#ifndef SERVER_GUEST_OPTIONS_H
#define SERVER_GUEST_OPTIONS_H

#include <base/err.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	GUEST_OPTIONS_OWN_MAX = 16,   /* a guest's own options */
	GUEST_OPTIONS_PATH_CAP = 108, /* as long as a socket's path can be, with its NUL */
};

struct guest_options {
	const char *dir; /* borrowed from argv; only with help NULL */
	uint32_t width_px, height_px;
	bool help;
};

struct guest_options_program {
	const char *name;         /* for complaints */
	uint32_t side_min_px;     /* of --size; the most is LINK_SIZE_MAX_PX */
	const struct option *own; /* values from 1 to 99, and an empty entry at the end */
	/* One of the guest's own; value is NULL where it has none. False: a wrong value. */
	bool (*take)(void *user, int option, const char *value);
};

/* Over what options has already. 0, or ERR_ARGUMENT after a sentence on standard error. */
MUST_USE int guest_options_parse(struct guest_options *options, const struct guest_options_program *program,
		void *user, int argc, char **argv);

/* A decimal number from min to max. False: anything else, *value is as before. */
bool guest_options_number(const char *text, uint32_t min, uint32_t max, uint32_t *value);

/* Where oriel-vgpu-broker listens if nobody says where: RUN/vgpu, for a dir of RUN/guests/NAME. */
void guest_options_broker(char path[PATH_MAX], const char *dir);

#endif
