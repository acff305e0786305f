/* The PAM session around a guest. */
#ifndef HOST_KEEPER_PAM_H
#define HOST_KEEPER_PAM_H

#include <base/err.h>
#include <security/pam_appl.h>

struct keeper_pam {
	pam_handle_t *handle; /* NULL: none */
	char **environment;   /* NULL-terminated, owned; what the modules set */
};

/* Credentials and session of user; dir: pam_child.h. The caller is root, with the
 * user's groups. 0, or ERR_DENIED after a log line that says what PAM said. */
MUST_USE int keeper_pam_open(struct keeper_pam *pam, const char *dir, const char *user);

/* Also after a failed open. */
void keeper_pam_close(struct keeper_pam *pam);

#endif
