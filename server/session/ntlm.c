#include "ntlm.h"
#include <base/reader.h>
#include <winpr/string.h>

static bool utf8_from_utf16(char *dst, size_t cap, const UINT16 *src, size_t len)
{
	SSIZE_T n = len ? ConvertWCharNToUtf8(src, len, dst, cap - 1) : 0;

	if (n < 0)
		return false;
	dst[n] = 0;
	return true;
}

/* NTProofStr: the first 16 bytes of NtChallengeResponse in AUTHENTICATE, which is the
 * last of the three messages. [MS-NLMP] 2.2.1.3, 2.2.2.8 */
static bool find_nt_proof(struct control_nla *nla)
{
	static const uint8_t head[12] = { 'N', 'T', 'L', 'M', 'S', 'S', 'P', 0, 3 };
	const uint8_t *end = nla->mic_input + nla->mic_input_len;
	const uint8_t *start = memmem(nla->mic_input, nla->mic_input_len, head, sizeof head);
	struct reader message = reader_init(start, start ? (size_t)(end - start) : 0);
	struct reader payload = message;

	reader_take(&message, sizeof head + 8); /* LmChallengeResponseFields */
	reader_u32(&message);                   /* lengths */
	reader_take(&payload, reader_u32(&message));
	reader_copy(&payload, nla->nt_proof, sizeof nla->nt_proof);
	return reader_ok(&message) && reader_ok(&payload);
}

int ntlm_question(struct control_nla *nla, const SEC_WINNT_AUTH_IDENTITY *identity,
		const uint8_t *encrypted_key, const uint8_t *mic, const SecBuffer *mic_input)
{
	if (mic_input->cbBuffer > CONTROL_MIC_INPUT_MAX ||
			!utf8_from_utf16(nla->user, sizeof nla->user, identity->User, identity->UserLength) ||
			!utf8_from_utf16(nla->domain, sizeof nla->domain, identity->Domain,
					identity->DomainLength))
		return ERR_FORMAT;
	memcpy(nla->encrypted_key, encrypted_key, sizeof nla->encrypted_key);
	memcpy(nla->mic, mic, sizeof nla->mic);
	memcpy(nla->mic_input, mic_input->pvBuffer, mic_input->cbBuffer);
	nla->mic_input_len = (uint16_t)mic_input->cbBuffer;
	return find_nt_proof(nla) ? 0 : ERR_FORMAT;
}
