#include "keeper_pam.h"
#include "pam_child.h"
#include <base/log.h>
#include <stdlib.h>

/* The log-in is over; nobody is there to be asked. */
static int refuse_questions(
		int count, const struct pam_message **messages, struct pam_response **responses, void *user)
{
	return PAM_CONV_ERR;
}

int keeper_pam_open(struct keeper_pam *pam, const char *dir, const char *user)
{
	static const struct pam_conv conv = { .conv = refuse_questions };
	int result;

	*pam = (struct keeper_pam){ 0 };
	result = pam_begin(dir, user, &conv, &pam->handle);
	if (result != PAM_SUCCESS) {
		pam->handle = NULL;
		log_error("PAM does not start: %s", pam_strerror(NULL, result));
		return ERR_DENIED;
	}
	/* What logind needs to make a session of its own with a runtime folder. */
	pam_putenv(pam->handle, "XDG_SESSION_CLASS=user");
	pam_putenv(pam->handle, "XDG_SESSION_TYPE=x11");
	/* After a log-in without PAM (NLA) some modules have no credentials to give. */
	result = pam_setcred(pam->handle, PAM_ESTABLISH_CRED | PAM_SILENT);
	if (result != PAM_SUCCESS)
		log_info("PAM gives %s no credentials: %s", user, pam_strerror(pam->handle, result));
	result = pam_open_session(pam->handle, PAM_SILENT);
	if (result != PAM_SUCCESS) {
		log_error("PAM opens no session for %s: %s", user, pam_strerror(pam->handle, result));
		pam_end(pam->handle, result);
		pam->handle = NULL;
		return ERR_DENIED;
	}
	pam->environment = pam_getenvlist(pam->handle);
	return 0;
}

void keeper_pam_close(struct keeper_pam *pam)
{
	int result;

	for (char **p = pam->environment; p && *p; p++)
		free(*p);
	free(pam->environment);
	pam->environment = NULL;
	if (!pam->handle)
		return;
	result = pam_close_session(pam->handle, PAM_SILENT);
	pam_setcred(pam->handle, PAM_DELETE_CRED | PAM_SILENT);
	pam_end(pam->handle, result);
	pam->handle = NULL;
}
