#include "login.h"
#include "host.h"
#include <base/log.h>
#include <base/text.h>
#include <freerdp/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void login_init(struct login *login, int control_fd, const char *address, struct status *status)
{
	*login = (struct login){ .control_fd = control_fd,
		.address = address,
		.status = status,
		.refusal = "",
		.error_info = ERRINFO_SERVER_DENIED_CONNECTION };
}

static void refuse(
		struct login *login, const char *user, const char *how, const char *why, uint32_t error_info)
{
	struct record *record = &login->status->record;

	login->refusal = why;
	login->error_info = error_info;
	/* oriel-server says it, from the record and with how long it took. */
	log_debug("refused '%s' from %s by %s: %s", user, login->address, how, why);
	text_copy(record->user, sizeof record->user, user);
	text_copy(record->security, sizeof record->security, how);
	status_end(login->status, RECORD_REFUSED, why);
}

/* From here on the log-in time no longer counts: a desktop may take longer to start. */
static void accept_user(struct login *login, const char *user, const char *how)
{
	login->done = true;
	login->status->record.state = RECORD_ACTIVE;
	text_copy(login->user, sizeof login->user, user);
	text_copy(login->status->record.user, sizeof login->status->record.user, user);
	text_copy(login->status->record.security, sizeof login->status->record.security, how);
	status_write(login->status);
	log_info("'%s' from %s logged in by %s", user, login->address, how);
}

/* Asks and acts on the verdict. message: the request, then the answer. */
static bool ask(struct login *login, struct control_message *message, const char *user, const char *how)
{
	int fd, err = host_ask(login->control_fd, message, &fd);

	if (fd >= 0)
		close(fd); /* no verdict carries one */
	if (err < 0) {
		log_error("no verdict from oriel-host: %s", err_text(err));
		login->refusal = "oriel-host does not answer";
		login->error_info = ERRINFO_SERVER_DENIED_CONNECTION;
		return false;
	}
	if (message->verdict.status != CONTROL_OK) {
		refuse(login, user, how, host_status_text(message->verdict.status),
				ERRINFO_SERVER_INSUFFICIENT_PRIVILEGES);
		return false;
	}
	accept_user(login, message->verdict.user, how);
	return true;
}

bool login_check_nla(struct login *login, struct control_nla *nla, uint8_t ntowf_v2[16])
{
	struct control_message *message = calloc(1, sizeof *message);
	char user[CONTROL_NAME_CAP];
	bool ok;

	if (!message)
		return false;
	text_copy(user, sizeof user, nla->user);
	message->type = CONTROL_NLA;
	message->nla = *nla;
	ok = ask(login, message, user, "nla");
	if (ok)
		memcpy(ntowf_v2, message->verdict.ntowf_v2, sizeof message->verdict.ntowf_v2);
	explicit_bzero(message, sizeof *message);
	free(message);
	return ok;
}

/* Copies a string of the settings; false if it is too long. */
static bool copy_string(rdpSettings *settings, FreeRDP_Settings_Keys_String key, char *dst, size_t cap)
{
	const char *text = freerdp_settings_get_string(settings, key);
	int len = snprintf(dst, cap, "%s", text ? text : "");

	return len >= 0 && (size_t)len < cap;
}

void login_forget_password(rdpSettings *settings)
{
	char *password = freerdp_settings_get_string_writable(settings, FreeRDP_Password);

	if (password)
		explicit_bzero(password, strlen(password));
	(void)freerdp_settings_set_string(settings, FreeRDP_Password, NULL);
}

bool login_check_password(struct login *login, rdpSettings *settings)
{
	struct control_message *message = calloc(1, sizeof *message);
	struct control_password *p;
	char user[CONTROL_NAME_CAP];
	bool ok = false;

	if (!message)
		return false;
	message->type = CONTROL_PASSWORD;
	p = &message->password;
	ok = copy_string(settings, FreeRDP_Username, p->user, sizeof p->user) &&
			copy_string(settings, FreeRDP_Domain, p->domain, sizeof p->domain) &&
			copy_string(settings, FreeRDP_Password, p->password, sizeof p->password);
	login_forget_password(settings);
	text_copy(user, sizeof user, p->user);
	if (!ok)
		refuse(login, user, "tls", "user name or password is too long",
				ERRINFO_SERVER_INSUFFICIENT_PRIVILEGES);
	else if (!p->user[0] || !p->password[0])
		/* Counts as a refusal too: there is nothing to go on with. */
		refuse(login, user, "tls", "the client sent no user name or no password",
				ERRINFO_SERVER_FRESH_CREDENTIALS_REQUIRED);
	else
		ok = ask(login, message, user, "tls");
	explicit_bzero(message, sizeof *message);
	free(message);
	return ok && login->done;
}

int login_attach(struct login *login, const struct control_attach *wish, bool *shared)
{
	struct control_message *message = calloc(1, sizeof *message);
	struct record *record = &login->status->record;
	int fd = -1, err;

	if (!message)
		return ERR_MEMORY;
	message->type = CONTROL_ATTACH;
	message->attach = *wish;
	err = host_ask(login->control_fd, message, &fd);
	if (err == 0 && (message->guest.status != CONTROL_OK || fd < 0)) {
		err = ERR_MISSING;
		log_error("no desktop for '%s': %s", login->user, message->guest.text);
	} else if (err < 0) {
		log_error("no desktop for '%s': oriel-host: %s", login->user, err_text(err));
	}
	*shared = err == 0 && message->guest.shared;
	if (err == 0)
		text_copy(record->guest, sizeof record->guest, message->guest.name);
	if (err < 0 && fd >= 0)
		close(fd);
	login->refusal = "the desktop does not start";
	login->error_info = ERRINFO_CLOSE_STACK_ON_DRIVER_NOT_READY;
	free(message);
	return err < 0 ? err : fd;
}
