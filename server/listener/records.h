/* The folder of session records, RUN/sessions: one file per session, named by its
 * id. Who holds the file's lock lives (proto/record.h). One oriel-server at a time
 * uses a folder: `.server` in it is locked by the process. Not thread-safe. */
#ifndef LISTENER_RECORDS_H
#define LISTENER_RECORDS_H

#include <base/err.h>
#include <proto/record.h>
#include <stdbool.h>

enum {
	RECORDS_ID_CAP = 9, /* eight hex digits and NUL */
};

struct records {
	int dir_fd, lock_fd;
};

/* Opens the folder, which exists. 0; ERR_BUSY (another oriel-server has it, the one
 * before did not end within two seconds); ERR_IO. */
MUST_USE int records_open(struct records *records, const char *path);

void records_close(struct records *records);

/* Makes a file with a new id, locked, holding *rec. Returns its descriptor, owned,
 * or ERR_IO (errno; nothing is left behind). */
MUST_USE int records_create(struct records *records, char id[RECORDS_ID_CAP], const struct record *rec);

/* 0; ERR_MISSING; ERR_FORMAT; ERR_IO. */
MUST_USE int records_read(struct records *records, const char *id, struct record *rec);

/* Does somebody hold the lock? */
bool records_is_held(struct records *records, const char *id);

void records_remove(struct records *records, const char *id);

/* Calls on_id for every id of the folder; it may remove that record. 0 or ERR_IO. */
MUST_USE int records_list(struct records *records, void (*on_id)(void *user, const char *id), void *user);

#endif
