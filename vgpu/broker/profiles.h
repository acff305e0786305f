/* Profiles: what a virtual GPU may use. A file of lines
 *
 *     NAME [heads=1..4] [size=WIDTHxHEIGHT] [memory=MiB] [weight=1..1000] [gpu=NAME]
 *
 * with comments that begin with #. What a line leaves out is as in the default profile.
 * A line named "default" changes that for the lines below it and for guests that name
 * no profile. No logging, no I/O. */
#ifndef BROKER_PROFILES_H
#define BROKER_PROFILES_H

#include <proto/broker.h>

enum {
	PROFILES_MAX = 64,
	PROFILES_FILE_MAX = 65536, /* bytes; a longer file is somebody's mistake */
};

struct profile {
	char name[BROKER_NAME_CAP];
	char gpu[BROKER_NAME_CAP]; /* "": the least loaded */
	struct broker_limits limits;
};

struct profiles {
	struct profile list[PROFILES_MAX]; /* the first is the default */
	size_t count;
};

/* The default profile alone: 2 heads, 3840x2160, 512 MiB, weight 100. */
void profiles_init(struct profiles *profiles);

/* Adds the lines. 0; ERR_FORMAT, and *line is the one that is wrong; ERR_SPACE. */
MUST_USE int profiles_parse(struct profiles *profiles, const char *text, size_t len, int *line);

/* "" is the default. NULL if there is none of that name. */
const struct profile *profiles_find(const struct profiles *profiles, const char *name);

#endif
