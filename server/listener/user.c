#include "user.h"
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

int user_find(struct user *user, const char *name)
{
	struct passwd *found;

	errno = 0;
	found = getpwnam(name);
	if (!found)
		return errno && errno != ENOENT ? ERR_IO : ERR_MISSING;
	if (found->pw_uid == 0)
		return ERR_DENIED;
	*user = (struct user){ .name = name, .uid = found->pw_uid, .gid = found->pw_gid };
	return 0;
}

int user_become(const struct user *user)
{
	if (initgroups(user->name, user->gid) < 0 || setresgid(user->gid, user->gid, user->gid) < 0 ||
			setresuid(user->uid, user->uid, user->uid) < 0)
		return ERR_IO;
	if (setuid(0) == 0) /* it must not come back */
		return ERR_IO;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? ERR_IO : 0;
}
