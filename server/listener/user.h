/* From root to the user that serves. */
#ifndef LISTENER_USER_H
#define LISTENER_USER_H

#include <base/err.h>
#include <sys/types.h>

struct user {
	const char *name; /* borrowed */
	uid_t uid;
	gid_t gid;
};

/* 0; ERR_MISSING (no such user); ERR_DENIED (it is root itself); ERR_IO. */
MUST_USE int user_find(struct user *user, const char *name);

/* For good: groups, gid, uid, and no new privileges. 0 or ERR_IO. */
MUST_USE int user_become(const struct user *user);

#endif
