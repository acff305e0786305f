/* oriel-host --keeper: the parent of one guest. It opens the PAM session, makes the
 * guest's folder, starts the guest as its user, copies what the guest says into its
 * log, waits for its end, and cleans up. It outlives oriel-host, which knows it by
 * the lock on its registry entry (descriptor SPAWN_EXTRA_FD). SIGTERM ends the
 * guest, then the keeper. */
#ifndef HOST_KEEPER_H
#define HOST_KEEPER_H

#include <sys/types.h>

#define KEEPER_MODE "--keeper"

/* Words of the command line after the mode; the guest's own arguments follow. */
enum keeper_argument {
	KEEPER_NAME,
	KEEPER_GUESTS_DIR, /* RUN/guests */
	KEEPER_KIND,
	KEEPER_PROGRAM,
	KEEPER_GPU,     /* "none" or "virtual" */
	KEEPER_PAM,     /* "pam" or "no-pam" */
	KEEPER_PAM_DIR, /* "" for the system's */
	KEEPER_ARGUMENTS,
};

enum {
	KEEPER_END_TIME_S = 10,   /* from SIGTERM until the guest is killed */
	KEEPER_LOG_MAX = 1 << 20, /* bytes; then NAME.log becomes NAME.old.log */
};

int keeper_run(int argc, char **argv);

#endif
