/* The NTLMv2 part of a log-in, [MS-NLMP] 3.3.2 and 3.2.5.1.2: from a stored hash and
 * what a session passes on (proto/control.h) to "this client knows the password".
 * No I/O. Thread-safe. Wipes what it derives; results are the caller's to wipe. */
#ifndef HOST_NTLM_H
#define HOST_NTLM_H

#include <base/err.h>
#include <proto/control.h>
#include <stdbool.h>

enum {
	NTLM_HASH_LEN = 16,
};

/* MD4(UTF-16LE(password)). ERR_FORMAT: not UTF-8; ERR_SPACE: longer than
 * CONTROL_PASSWORD_CAP. */
MUST_USE int ntlm_hash(const char *password, uint8_t hash[NTLM_HASH_LEN]);

/* NTOWFv2, [MS-NLMP] 3.3.2: the user's name is upper-cased, the domain is not.
 * ERR_FORMAT; ERR_MEMORY. */
MUST_USE int ntlm_owf_v2(const uint8_t hash[NTLM_HASH_LEN], const char *user, const char *domain,
		uint8_t owf[NTLM_HASH_LEN]);

/* What the three messages in control_nla.mic_input say; points into it. */
struct ntlm_messages {
	const uint8_t *server_challenge; /* 8 bytes */
	const uint8_t *temp;             /* NTLMv2_CLIENT_CHALLENGE as the client sent it */
	size_t temp_len;
};

/* Finds the messages and checks that user, domain, proof and encrypted key beside
 * them are those inside the AUTHENTICATE message. This keeps a session from joining
 * pieces of several log-ins: the MIC covers the messages only, so without it a
 * session that saw alice's log-in could ask for her NTOWFv2 of another domain.
 * Returns 0, or ERR_FORMAT; the input comes from a client. */
MUST_USE int ntlm_messages_parse(struct ntlm_messages *messages, const struct control_nla *nla);

/* Whether NTProofStr and MIC were both made with owf. Takes the same time for each
 * answer. False too when there is no memory. */
bool ntlm_proves(const uint8_t owf[NTLM_HASH_LEN], const struct control_nla *nla,
		const struct ntlm_messages *messages);

/* No MIC at all, or sixteen zero bytes in its place. */
bool ntlm_mic_absent(const struct control_nla *nla);

#endif
