/* The record of one session: a file of RECORD_LEN bytes in the run directory's
 * sessions/ folder, named by the session's id. oriel-server makes it, takes an
 * exclusive flock on it and lets the session inherit the open file: as long as
 * the lock is held the session lives, whatever happens to the server. The server
 * writes the record once, at the start; afterwards only the session does, with
 * one pwrite of the whole record. A restarted server counts its sessions from
 * these files, and `oriel sessions` lists them. The content is as trustworthy as
 * a session: parse it, never believe it for access. No I/O here; thread-safe. */
#ifndef PROTO_RECORD_H
#define PROTO_RECORD_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RECORD_LEN = 512,
	RECORD_TEXT_CAP = 64, /* UTF-8 with the final NUL; longer names are cut */
	RECORD_REASON_CAP = 128,
};

enum record_state {
	RECORD_LOGIN = 1, /* not yet logged in: the log-in time counts */
	RECORD_ACTIVE = 2,
	RECORD_REFUSED = 3, /* wrong credentials: counts for back-off */
	RECORD_ENDED = 4,   /* closed in order, or after a fault that `reason` tells */
};

struct record {
	uint32_t state;                /* enum record_state */
	uint32_t pid;                  /* 0: not started yet; at most INT32_MAX. Not proof of who it is. */
	uint64_t started_us;           /* CLOCK_REALTIME at accept */
	uint64_t login_until_us;       /* CLOCK_BOOTTIME: killed then if still RECORD_LOGIN */
	uint32_t width_px, height_px;  /* of the desktop; 0 before */
	char address[RECORD_TEXT_CAP]; /* of the client, without port */
	char user[RECORD_TEXT_CAP];
	char guest[RECORD_TEXT_CAP];
	char client[RECORD_TEXT_CAP];   /* the client's own name */
	char security[RECORD_TEXT_CAP]; /* "nla", "tls" */
	char reason[RECORD_REASON_CAP]; /* why it ended */
};

/* Returns 0 or ERR_FORMAT. len must be RECORD_LEN; the state and the pid must be in
 * bounds, the texts UTF-8 with their NUL. */
MUST_USE int record_parse(struct record *rec, const void *data, size_t len);

/* dst has RECORD_LEN bytes. A text without NUL is cut; its bytes that are not UTF-8
 * become ?. */
void record_write(const struct record *rec, uint8_t dst[RECORD_LEN]);

#endif
