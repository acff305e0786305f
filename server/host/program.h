/* Where the guest programs are. */
#ifndef HOST_PROGRAM_H
#define HOST_PROGRAM_H

#include <base/err.h>

enum {
	PROGRAM_PATH_CAP = 512,
};

/* oriel-guest-KIND beside this executable (a build folder), else where it is
 * installed. 0 or ERR_MISSING. */
MUST_USE int program_find(char path[PROGRAM_PATH_CAP], const char *kind);

#endif
