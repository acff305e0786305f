/* What a log-in is answered: store, NTLM and back-off put together. Pure apart from
 * the log line of each verdict; the PAM part is left to the caller. Loop thread only. */
#ifndef HOST_LOGIN_H
#define HOST_LOGIN_H

#include "limit.h"
#include "store.h"
#include <proto/control.h>

struct login {
	struct store *store; /* borrowed */
	struct limit *limit; /* borrowed */
	bool pam; /* ask PAM about passwords that the store does not have, and about every account */
	const char *only_user; /* borrowed; NULL: any */
};

enum login_next {
	LOGIN_DECIDED,      /* the verdict is final */
	LOGIN_ASK_ACCOUNT,  /* right; the verdict holds if PAM says that the account may log in */
	LOGIN_ASK_PASSWORD, /* PAM decides on the password; the verdict is filled but for its status */
};

/* Fills *verdict. now_us: CLOCK_MONOTONIC. After LOGIN_ASK_* the caller ends the try
 * with login_finish. */
enum login_next login_nla(const struct login *login, const struct control_nla *nla, uint64_t now_us,
		struct control_verdict *verdict);
enum login_next login_password(const struct login *login, const struct control_password *password,
		uint64_t now_us, struct control_verdict *verdict);

/* PAM's answer: a control_status, and when that is CONTROL_OK the account's name. */
void login_finish(const struct login *login, enum control_status status, const char *account,
		struct control_verdict *verdict);

#endif
