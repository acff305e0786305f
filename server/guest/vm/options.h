/* The command line of oriel-guest-vm. */
#ifndef VM_OPTIONS_H
#define VM_OPTIONS_H

#include <server/guest_options.h>
#include <stdbool.h>
#include <stdint.h>

struct options {
	struct guest_options common;
	const char *image, *disk, *broker, *profile, *append; /* NULL: the default */
	uint32_t scale_percent;
	uint32_t memory_mib, cpus, heads;
	bool temporary;
};

/* 0, or ERR_ARGUMENT after a line that says why. Texts are borrowed of argv. */
MUST_USE int options_parse(struct options *options, int argc, char **argv);

extern const char options_help[];

#endif
