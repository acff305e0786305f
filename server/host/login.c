#include "login.h"
#include <base/log.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

static enum login_next refuse(struct control_verdict *verdict, enum control_status status, const char *user,
		const char *why)
{
	*verdict = (struct control_verdict){ .status = status };
	log_info("log-in of %.64s refused: %s", user, why);
	return LOGIN_DECIDED;
}

/* The try was right. */
static enum login_next accept_user(
		const struct login *login, const char *user, struct control_verdict *verdict)
{
	verdict->status = CONTROL_OK;
	snprintf(verdict->user, sizeof verdict->user, "%s", user);
	if (login->pam)
		return LOGIN_ASK_ACCOUNT;
	limit_give_back(login->limit, user);
	log_info("log-in of %s accepted", user);
	return LOGIN_DECIDED;
}

/* The same steps for a name that is not there: store_find gives it a hash, and only
 * `known`, looked at last, tells them apart. */
enum login_next login_nla(const struct login *login, const struct control_nla *nla, uint64_t now_us,
		struct control_verdict *verdict)
{
	struct ntlm_messages messages;
	struct store_user user;
	uint8_t owf[NTLM_HASH_LEN];
	enum login_next next;
	bool known, right;

	if (ntlm_mic_absent(nla))
		return refuse(verdict, CONTROL_NO_MIC, nla->user, "NTLM without a MIC");
	if (!limit_take(login->limit, nla->user, now_us))
		return refuse(verdict, CONTROL_LIMIT, nla->user, "too many tries");
	if (ntlm_messages_parse(&messages, nla) < 0)
		return refuse(verdict, CONTROL_REFUSED, nla->user, "its NTLM messages do not agree");
	known = store_find(login->store, nla->user, &user);
	right = ntlm_owf_v2(user.hash, nla->user, nla->domain, owf) == 0 && ntlm_proves(owf, nla, &messages);
	if (known && right) {
		*verdict = (struct control_verdict){ 0 };
		memcpy(verdict->ntowf_v2, owf, sizeof owf);
		next = accept_user(login, user.name, verdict);
	} else {
		next = refuse(verdict, CONTROL_REFUSED, nla->user, "wrong user or password (NLA)");
	}
	explicit_bzero(&user, sizeof user);
	explicit_bzero(owf, sizeof owf);
	return next;
}

static enum login_next ask_pam(const struct login *login, const char *name, struct control_verdict *verdict)
{
	bool served = name_valid(name) && (!login->only_user || strcmp(name, login->only_user) == 0);

	if (!login->pam || !served)
		return refuse(verdict, CONTROL_REFUSED, name, "wrong user or password");
	snprintf(verdict->user, sizeof verdict->user, "%s", name);
	return LOGIN_ASK_PASSWORD;
}

enum login_next login_password(const struct login *login, const struct control_password *password,
		uint64_t now_us, struct control_verdict *verdict)
{
	struct store_user user;
	uint8_t hash[NTLM_HASH_LEN];
	bool known, same;
	enum login_next next;

	*verdict = (struct control_verdict){ 0 };
	if (!limit_take(login->limit, password->user, now_us))
		return refuse(verdict, CONTROL_LIMIT, password->user, "too many tries");
	/* PAM modules may be told to let empty passwords in; over a network never. */
	if (!password->password[0] || ntlm_hash(password->password, hash) < 0)
		return refuse(verdict, CONTROL_REFUSED, password->user, "no usable password");
	known = store_find(login->store, password->user, &user);
	same = CRYPTO_memcmp(hash, user.hash, sizeof hash) == 0;
	next = known && same ? accept_user(login, user.name, verdict)
			     : ask_pam(login, password->user, verdict);
	explicit_bzero(&user, sizeof user);
	explicit_bzero(hash, sizeof hash);
	return next;
}

void login_finish(const struct login *login, enum control_status status, const char *account,
		struct control_verdict *verdict)
{
	if (status == CONTROL_OK) {
		limit_give_back(login->limit, verdict->user);
		snprintf(verdict->user, sizeof verdict->user, "%s", account);
		verdict->status = CONTROL_OK;
		log_info("log-in of %s accepted", account);
	} else {
		const char *why = status == CONTROL_EXPIRED ? "the account is expired or closed"
				: status == CONTROL_REFUSED ? "wrong user or password"
							    : "PAM gave no answer";

		log_info("log-in of %s refused: %s", verdict->user, why);
		explicit_bzero(verdict, sizeof *verdict);
		verdict->status = status;
	}
}
