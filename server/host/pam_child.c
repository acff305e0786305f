#include "pam_child.h"
#include "secret.h"
#include <proto/control.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
	OWN_TIME_S = 30, /* longer than the host waits; for when the host is gone */
};

/* Every prompt without echo is the password's; nothing else can be answered. */
static int answer_one(const struct pam_message *message, struct pam_response *response, const char *password)
{
	response->resp_retcode = 0;
	response->resp = NULL;
	if (message->msg_style == PAM_TEXT_INFO || message->msg_style == PAM_ERROR_MSG)
		return PAM_SUCCESS;
	if (message->msg_style != PAM_PROMPT_ECHO_OFF)
		return PAM_CONV_ERR;
	response->resp = strdup(password);
	return response->resp ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int on_conversation(int count, const struct pam_message **messages, struct pam_response **responses,
		void *password)
{
	struct pam_response *list;
	int result = PAM_SUCCESS;

	if (count <= 0 || count > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	list = calloc((size_t)count, sizeof *list);
	if (!list)
		return PAM_BUF_ERR;
	for (int i = 0; i < count && result == PAM_SUCCESS; i++)
		result = answer_one(messages[i], &list[i], password);
	if (result == PAM_SUCCESS) {
		*responses = list;
		return PAM_SUCCESS;
	}
	for (int i = 0; i < count; i++) {
		if (list[i].resp)
			explicit_bzero(list[i].resp, strlen(list[i].resp));
		free(list[i].resp);
	}
	free(list);
	return result;
}

int pam_begin(const char *dir, const char *user, const struct pam_conv *conv, pam_handle_t **pam)
{
	if (dir[0])
		return pam_start_confdir(PAM_OUR_SERVICE, user, conv, dir, pam);
	return pam_start(PAM_OUR_SERVICE, user, conv, pam);
}

static enum control_status status_of(int pam_result)
{
	switch (pam_result) {
	case PAM_SUCCESS: return CONTROL_OK;
	case PAM_ACCT_EXPIRED:
	case PAM_NEW_AUTHTOK_REQD:
	case PAM_CRED_EXPIRED:
	case PAM_AUTHTOK_EXPIRED: return CONTROL_EXPIRED;
	case PAM_ABORT:
	case PAM_BUF_ERR:
	case PAM_SYSTEM_ERR:
	case PAM_SERVICE_ERR:
	case PAM_OPEN_ERR:
	case PAM_SYMBOL_ERR: return CONTROL_INTERNAL;
	default: return CONTROL_REFUSED;
	}
}

/* Modules may have changed the name, and the system may know it in another case. */
static enum control_status find_account(pam_handle_t *pam, const char **account)
{
	const void *name = NULL;
	struct passwd *entry;

	if (pam_get_item(pam, PAM_USER, &name) != PAM_SUCCESS || !name)
		return CONTROL_INTERNAL;
	entry = getpwnam(name);
	if (!entry)
		return CONTROL_REFUSED;
	*account = entry->pw_name;
	return CONTROL_OK;
}

static enum control_status check(
		const char *dir, const char *name, const char *password, const char **account)
{
	const struct pam_conv conv = { .conv = on_conversation,
		.appdata_ptr = (void *)(password ? password : "") };
	pam_handle_t *pam = NULL;
	enum control_status status;
	int result = pam_begin(dir, name, &conv, &pam);

	if (result != PAM_SUCCESS)
		return CONTROL_INTERNAL;
	/* Whoever has no empty password in the store has none over the network. */
	if (password)
		result = pam_authenticate(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	if (result == PAM_SUCCESS)
		result = pam_acct_mgmt(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	status = status_of(result);
	if (status == CONTROL_OK)
		status = find_account(pam, account);
	pam_end(pam, result);
	return status;
}

static size_t read_input(char *input, size_t cap)
{
	size_t len = 0;
	ssize_t n;

	while (len < cap && (n = read(STDIN_FILENO, input + len, cap - len)) > 0)
		len += (size_t)n;
	return len;
}

int pam_child_run(int argc, char **argv)
{
	char input[PAM_CHILD_INPUT_MAX], answer[PAM_CHILD_INPUT_MAX];
	const char *account = "", *password, *name_end;
	enum control_status status;
	size_t len;
	int n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(OWN_TIME_S);
	len = read_input(input, sizeof input);
	name_end = memchr(input, 0, len);
	if (argc != 4 || !name_end || input[len - 1] != 0 || name_end == input + len - 1)
		return 2;
	password = strcmp(argv[2], "password") == 0 ? name_end + 1 : NULL;
	status = check(argv[3], input, password, &account);
	explicit_bzero(input, sizeof input);
	n = snprintf(answer, sizeof answer, "%c%s", '0' + (int)status, account);
	return write(STDOUT_FILENO, answer, (size_t)n + 1) == n + 1 ? 0 : 1;
}
