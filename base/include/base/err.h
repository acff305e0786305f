/* Error codes of every Oriel function that can fail: 0 or a count on success,
 * one of these (negative) on failure. Thread-safe, no state. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum {
	ERR_FORMAT = -1,     /* bytes from outside break their format */
	ERR_SPACE = -2,      /* the destination is too small */
	ERR_MEMORY = -3,     /* allocation failed */
	ERR_ARGUMENT = -4,   /* the caller asked for what is not offered (a size, a version) */
	ERR_IO = -5,         /* the system refused; errno tells why */
	ERR_CLOSED = -6,     /* the other end is gone */
	ERR_AGAIN = -7,      /* nothing now; wait for the descriptor */
	ERR_DENIED = -8,     /* not allowed */
	ERR_UNEXPECTED = -9, /* not at this point of the protocol */
	ERR_MISSING = -10,   /* no such user, guest, file or program */
	ERR_BUSY = -11,      /* taken by somebody else */
	ERR_TIMEOUT = -12,
};

#define MUST_USE __attribute__((warn_unused_result))

/* One short English phrase without a full stop, e.g. "malformed data". Static. */
const char *err_text(int err);

#endif
