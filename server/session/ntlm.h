/* From what FreeRDP tells of an NTLM exchange to the question for oriel-host. */
#ifndef SESSION_NTLM_H
#define SESSION_NTLM_H

#include <base/err.h>
#include <proto/control.h>
#include <stdint.h>
#include <winpr/sspi.h>

/* Fills nla. encrypted_key and mic have 16 bytes; mic_input: the three NTLM messages
 * with the MIC's field zero. All borrowed. 0; ERR_FORMAT (malformed, or too long). */
MUST_USE int ntlm_question(struct control_nla *nla, const SEC_WINNT_AUTH_IDENTITY *identity,
		const uint8_t *encrypted_key, const uint8_t *mic, const SecBuffer *mic_input);

#endif
