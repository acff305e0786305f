/* One connection's log-in: what the client proves goes to oriel-host, whose verdict
 * opens the way to the desktop. Passwords are wiped here. One thread. */
#ifndef SESSION_LOGIN_H
#define SESSION_LOGIN_H

#include "status.h"
#include <base/err.h>
#include <freerdp/freerdp.h>
#include <proto/control.h>
#include <stdbool.h>
#include <stdint.h>

struct login {
	int control_fd;      /* borrowed */
	const char *address; /* of the client, for the log; borrowed */
	struct status *status;
	bool done;
	char user[CONTROL_NAME_CAP]; /* as the host names it */
	const char *refusal;         /* why not, for the log and the record; static */
	uint32_t error_info;         /* the same for the client */
};

void login_init(struct login *login, int control_fd, const char *address, struct status *status);

/* NLA: asks the host. Fills ntowf_v2 when it returns true. */
bool login_check_nla(struct login *login, struct control_nla *nla, uint8_t ntowf_v2[16]);

/* TLS: user and password of Client Info, which are taken out of the settings and
 * wiped. False: login->error_info tells the client why. */
bool login_check_password(struct login *login, rdpSettings *settings);

/* Wipes the password that FreeRDP keeps in the settings. */
void login_forget_password(rdpSettings *settings);

/* After a log-in: the guest link, owned by the caller. *shared: attach beside others.
 * A descriptor or ERR_*; then login->refusal and error_info are set. */
MUST_USE int login_attach(struct login *login, const struct control_attach *wish, bool *shared);

#endif
