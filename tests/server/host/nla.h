/* A log-in by NLA as a session passes it on, made from a hash: the messages of
 * [MS-NLMP] with invented challenges. */
#ifndef TESTS_HOST_NLA_H
#define TESTS_HOST_NLA_H

#include <proto/control.h>

/* user and domain must be ASCII. */
void nla_make(struct control_nla *nla, const char *password, const char *user, const char *domain);

/* Offset of the AUTHENTICATE message in mic_input, and of fields in it. */
enum {
	NLA_AUTHENTICATE_AT = 40 + 56,
	NLA_FLAGS_AT = 60,
	NLA_MIC_AT = 72,
};

#endif
