/* Names of users, and so of guests and of their files. Thread-safe. */
#ifndef HOST_NAME_H
#define HOST_NAME_H

#include <stdbool.h>

enum {
	NAME_CAP = 33, /* useradd(8) allows 32 bytes; with the final NUL */
};

/* A name that may be an account's here: 1..32 of A-Z a-z 0-9 _ . @ -, beginning
 * with a letter, digit or _, and not ending like the files beside a guest's folder. */
bool name_valid(const char *name);

#endif
