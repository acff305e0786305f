/* oriel-host --pam-check MODE DIR: the child of one PAM question. MODE is
 * "password" or "account", DIR where the service's file is ("" for the system's).
 * Standard input: the name, NUL, the password, NUL, end. Standard output: one byte,
 * '0' + enum control_status, if that is CONTROL_OK the account's name, and NUL. */
#ifndef HOST_PAM_CHILD_H
#define HOST_PAM_CHILD_H

#include <security/pam_appl.h>

#define PAM_CHILD_MODE  "--pam-check"
#define PAM_OUR_SERVICE "oriel"

enum {
	PAM_CHILD_INPUT_MAX = 1024, /* name and password with their NULs */
};

int pam_child_run(int argc, char **argv);

/* pam_start for our service, in DIR unless that is "". */
int pam_begin(const char *dir, const char *user, const struct pam_conv *conv, pam_handle_t **pam);

#endif
