/* The session's own record (proto/record.h), kept current in its file so that
 * oriel-server and `oriel sessions` see it. One thread. */
#ifndef SESSION_STATUS_H
#define SESSION_STATUS_H

#include <proto/record.h>

struct status {
	int fd; /* borrowed; -1: no record */
	struct record record;
};

/* Reads what oriel-server wrote. */
void status_init(struct status *status, int fd);

/* Writes the record as it is now. */
void status_write(const struct status *status);

/* Ends the record: RECORD_REFUSED or RECORD_ENDED, and why. The first reason stays. */
void status_end(struct status *status, enum record_state state, const char *reason);

#endif
