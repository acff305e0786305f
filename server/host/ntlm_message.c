/* The messages inside control_nla.mic_input, only as far as the host needs them. */
#include "ntlm.h"
#include "utf16.h"
#include <base/reader.h>
#include <string.h>

enum {
	TYPE_NEGOTIATE = 1,
	TYPE_CHALLENGE = 2,
	TYPE_AUTHENTICATE = 3,
	HEAD_LEN = 12,             /* "NTLMSSP", NUL, type */
	TEMP_MIN = 28,             /* NTLMv2_CLIENT_CHALLENGE without AvPairs, [MS-NLMP] 2.2.2.7 */
	FLAG_UNICODE = 0x00000001, /* [MS-NLMP] 2.2.2.5 */
	FLAG_KEY_EXCH = 0x40000000,
};

/* The place of the message of that type at or after from, or NULL. Only the client
 * could put a second head into its text; then the pieces do not agree, or it fools
 * nobody but itself. */
static const uint8_t *find_message(const uint8_t *from, const uint8_t *end, uint8_t type)
{
	const uint8_t head[HEAD_LEN] = { 'N', 'T', 'L', 'M', 'S', 'S', 'P', 0, type, 0, 0, 0 };

	return memmem(from, (size_t)(end - from), head, sizeof head);
}

/* A field of the payload: u16 length, u16 ignored, u32 offset from the message's start. */
static struct reader payload_field(struct reader *r, const uint8_t *start)
{
	uint16_t len = reader_u16(r);
	struct reader message = reader_init(start, (size_t)(r->end - start));

	reader_u16(r);
	reader_take(&message, reader_u32(r));
	return reader_sub(&message, len);
}

static bool same_bytes(struct reader *field, const void *want, size_t len)
{
	const uint8_t *p = reader_take(field, len);

	return p && memcmp(p, want, len) == 0;
}

static bool same_text(struct reader *field, const char *want)
{
	char text[CONTROL_NAME_CAP];
	size_t len = reader_left(field);
	const uint8_t *p = reader_take(field, len);

	return p && utf16_to_utf8(p, len, text, sizeof text) >= 0 && strcmp(text, want) == 0;
}

/* AUTHENTICATE_MESSAGE, [MS-NLMP] 2.2.1.3 */
static int parse_authenticate(
		struct ntlm_messages *messages, const struct control_nla *nla, const uint8_t *start)
{
	static const uint8_t zero[16];
	struct reader r = reader_init(start, (size_t)(nla->mic_input + nla->mic_input_len - start));
	struct reader nt_response, domain, user, key;
	uint32_t flags;

	reader_take(&r, HEAD_LEN);
	payload_field(&r, start); /* LmChallengeResponse */
	nt_response = payload_field(&r, start);
	domain = payload_field(&r, start);
	user = payload_field(&r, start);
	payload_field(&r, start); /* Workstation */
	key = payload_field(&r, start);
	flags = reader_u32(&r);
	reader_take(&r, 8); /* Version */
	if (!same_bytes(&r, zero, sizeof zero) || (flags & FLAG_KEY_EXCH) == 0 || (flags & FLAG_UNICODE) == 0)
		return ERR_FORMAT;
	if (!same_bytes(&nt_response, nla->nt_proof, sizeof nla->nt_proof) ||
			!same_text(&domain, nla->domain) || !same_text(&user, nla->user) ||
			!same_bytes(&key, nla->encrypted_key, sizeof nla->encrypted_key) ||
			!reader_done(&key))
		return ERR_FORMAT;
	messages->temp_len = reader_left(&nt_response);
	messages->temp = reader_take(&nt_response, messages->temp_len);
	return messages->temp_len >= TEMP_MIN ? 0 : ERR_FORMAT;
}

int ntlm_messages_parse(struct ntlm_messages *messages, const struct control_nla *nla)
{
	const uint8_t *end = nla->mic_input + nla->mic_input_len, *challenge, *authenticate;
	struct reader r;

	if (nla->mic_input_len < HEAD_LEN ||
			find_message(nla->mic_input, end, TYPE_NEGOTIATE) != nla->mic_input)
		return ERR_FORMAT;
	challenge = find_message(nla->mic_input + HEAD_LEN, end, TYPE_CHALLENGE);
	if (!challenge)
		return ERR_FORMAT;
	authenticate = find_message(challenge + HEAD_LEN, end, TYPE_AUTHENTICATE);
	if (!authenticate)
		return ERR_FORMAT;
	/* CHALLENGE_MESSAGE, [MS-NLMP] 2.2.1.2 */
	r = reader_init(challenge, (size_t)(authenticate - challenge));
	reader_take(&r, HEAD_LEN + 8 + 4); /* TargetNameFields, NegotiateFlags */
	messages->server_challenge = reader_take(&r, 8);
	if (!messages->server_challenge)
		return ERR_FORMAT;
	return parse_authenticate(messages, nla, authenticate);
}
