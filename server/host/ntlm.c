#include "ntlm.h"
#include "md4.h"
#include "utf16.h"
#include <base/writer.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum {
	CHALLENGE_LEN = 8,
};

int ntlm_hash(const char *password, uint8_t hash[NTLM_HASH_LEN])
{
	uint8_t text[2 * CONTROL_PASSWORD_CAP];
	int len = utf16_from_utf8(password, text, sizeof text);

	if (len >= 0)
		md4(text, (size_t)len, hash);
	explicit_bzero(text, sizeof text);
	return len < 0 ? len : 0;
}

static int hmac_md5(
		const uint8_t key[NTLM_HASH_LEN], const void *data, size_t len, uint8_t mac[NTLM_HASH_LEN])
{
	return HMAC(EVP_md5(), key, NTLM_HASH_LEN, data, len, mac, NULL) ? 0 : ERR_MEMORY;
}

int ntlm_owf_v2(const uint8_t hash[NTLM_HASH_LEN], const char *user, const char *domain,
		uint8_t owf[NTLM_HASH_LEN])
{
	uint8_t text[4 * CONTROL_NAME_CAP];
	int user_len = utf16_from_utf8(user, text, sizeof text), domain_len;

	if (user_len < 0)
		return ERR_FORMAT;
	utf16_upper(text, (size_t)user_len);
	domain_len = utf16_from_utf8(domain, text + user_len, sizeof text - (size_t)user_len);
	if (domain_len < 0)
		return ERR_FORMAT;
	return hmac_md5(hash, text, (size_t)(user_len + domain_len), owf);
}

/* RC4 of 16 bytes, [MS-NLMP] section 6 "RC4K"; OpenSSL has it in the legacy provider only. */
static void rc4(const uint8_t key[NTLM_HASH_LEN], const uint8_t src[16], uint8_t dst[16])
{
	uint8_t s[256], j = 0;

	for (int i = 0; i < 256; i++)
		s[i] = (uint8_t)i;
	for (int i = 0; i < 256; i++) {
		uint8_t t = s[i];

		j = (uint8_t)(j + t + key[i % NTLM_HASH_LEN]);
		s[i] = s[j];
		s[j] = t;
	}
	j = 0;
	for (int i = 0; i < 16; i++) {
		uint8_t t = s[i + 1];

		j = (uint8_t)(j + t);
		s[i + 1] = s[j];
		s[j] = t;
		dst[i] = src[i] ^ s[(uint8_t)(s[i + 1] + t)];
	}
	explicit_bzero(s, sizeof s);
}

/* NTProofStr = HMAC_MD5(NTOWFv2, ServerChallenge | temp), [MS-NLMP] 3.3.2. */
static int expected_proof(const uint8_t owf[NTLM_HASH_LEN], const struct ntlm_messages *messages,
		uint8_t proof[NTLM_HASH_LEN])
{
	uint8_t input[CHALLENGE_LEN + CONTROL_MIC_INPUT_MAX];
	struct writer w = writer_init(input, sizeof input);
	int len;

	writer_copy(&w, messages->server_challenge, CHALLENGE_LEN);
	writer_copy(&w, messages->temp, messages->temp_len);
	len = writer_len(&w);
	return len < 0 ? len : hmac_md5(owf, input, (size_t)len, proof);
}

bool ntlm_proves(const uint8_t owf[NTLM_HASH_LEN], const struct control_nla *nla,
		const struct ntlm_messages *messages)
{
	uint8_t proof[NTLM_HASH_LEN], base_key[NTLM_HASH_LEN], exported_key[16], mic[NTLM_HASH_LEN];
	bool same = false;

	if (expected_proof(owf, messages, proof) < 0 ||
			hmac_md5(owf, nla->nt_proof, sizeof nla->nt_proof, base_key) < 0)
		goto out;
	rc4(base_key, nla->encrypted_key, exported_key);
	if (hmac_md5(exported_key, nla->mic_input, nla->mic_input_len, mic) < 0)
		goto out;
	same = (CRYPTO_memcmp(proof, nla->nt_proof, sizeof proof) |
			       CRYPTO_memcmp(mic, nla->mic, sizeof mic)) == 0;
out:
	explicit_bzero(base_key, sizeof base_key);
	explicit_bzero(exported_key, sizeof exported_key);
	explicit_bzero(proof, sizeof proof);
	explicit_bzero(mic, sizeof mic);
	return same;
}

bool ntlm_mic_absent(const struct control_nla *nla)
{
	static const uint8_t zero[sizeof nla->mic];

	return memcmp(nla->mic, zero, sizeof zero) == 0;
}
