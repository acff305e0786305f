#include "nla.h"
#include "ntlm.h"
#include <base/writer.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t server_challenge[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
/* RC4 of nothing: the test's exported key is whatever this stands for. */
static const uint8_t encrypted_key[16] = "an encrypted key";

static void must(bool fine)
{
	if (!fine)
		abort();
}

static void put_utf16(struct writer *w, const char *text)
{
	for (; *text; text++)
		writer_u16(w, (uint8_t)*text);
}

static void put_head(struct writer *w, uint32_t type)
{
	writer_copy(w, "NTLMSSP", 8);
	writer_u32(w, type);
}

static void put_field(struct writer *w, size_t len, uint32_t *offset)
{
	writer_u16(w, (uint16_t)len);
	writer_u16(w, (uint16_t)len);
	writer_u32(w, *offset);
	*offset += (uint32_t)len;
}

static void put_negotiate(struct writer *w)
{
	put_head(w, 1);
	writer_u32(w, 0xe2088297);
	writer_zero(w, 24);
}

static void put_challenge(struct writer *w)
{
	put_head(w, 2);
	writer_zero(w, 8);
	writer_u32(w, 0xe2898215);
	writer_copy(w, server_challenge, sizeof server_challenge);
	writer_zero(w, 24);
}

static size_t make_temp(uint8_t temp[32])
{
	struct writer w = writer_init(temp, 32);

	writer_u16(&w, 0x0101);
	writer_zero(&w, 6);
	writer_u64(&w, 0x01d0000000000000); /* time */
	writer_copy(&w, "CLNTCHAL", 8);
	writer_zero(&w, 8);
	must(writer_len(&w) == 32);
	return 32;
}

static void put_authenticate(
		struct writer *w, const struct control_nla *nla, const uint8_t *temp, size_t temp_len)
{
	uint32_t offset = NLA_MIC_AT + 16;

	put_head(w, 3);
	put_field(w, 0, &offset);
	put_field(w, 16 + temp_len, &offset);
	put_field(w, 2 * strlen(nla->domain), &offset);
	put_field(w, 2 * strlen(nla->user), &offset);
	put_field(w, 0, &offset);
	put_field(w, 16, &offset);
	writer_u32(w, 0xe2888215);
	writer_zero(w, 8 + 16);
	writer_copy(w, nla->nt_proof, 16);
	writer_copy(w, temp, temp_len);
	put_utf16(w, nla->domain);
	put_utf16(w, nla->user);
	writer_copy(w, nla->encrypted_key, 16);
}

/* RC4 with OpenSSL's own words for it is not there without the legacy provider. */
static void rc4(const uint8_t key[16], const uint8_t *src, uint8_t *dst)
{
	uint8_t s[256], x = 0, y = 0;

	for (int i = 0; i < 256; i++)
		s[i] = (uint8_t)i;
	for (int i = 0; i < 256; i++) {
		y = (uint8_t)(y + s[i] + key[i % 16]);
		uint8_t t = s[i];
		s[i] = s[y];
		s[y] = t;
	}
	y = 0;
	for (int i = 0; i < 16; i++) {
		x++;
		y = (uint8_t)(y + s[x]);
		uint8_t t = s[x];
		s[x] = s[y];
		s[y] = t;
		dst[i] = src[i] ^ s[(uint8_t)(s[x] + s[y])];
	}
}

static void hmac(const uint8_t *key, const void *data, size_t len, uint8_t *mac)
{
	must(HMAC(EVP_md5(), key, 16, data, len, mac, NULL) != NULL);
}

void nla_make(struct control_nla *nla, const char *password, const char *user, const char *domain)
{
	uint8_t hash[16], owf[16], base_key[16], exported[16], temp[32], proved[40];
	size_t temp_len = make_temp(temp);
	struct writer w = writer_init(nla->mic_input, sizeof nla->mic_input);
	int len;

	memset(nla, 0, sizeof *nla);
	snprintf(nla->user, sizeof nla->user, "%s", user);
	snprintf(nla->domain, sizeof nla->domain, "%s", domain);
	must(ntlm_hash(password, hash) == 0 && ntlm_owf_v2(hash, user, domain, owf) == 0);
	memcpy(proved, server_challenge, 8);
	memcpy(proved + 8, temp, temp_len);
	hmac(owf, proved, sizeof proved, nla->nt_proof);
	memcpy(nla->encrypted_key, encrypted_key, 16);
	put_negotiate(&w);
	put_challenge(&w);
	put_authenticate(&w, nla, temp, temp_len);
	len = writer_len(&w);
	must(len > 0);
	nla->mic_input_len = (uint16_t)len;
	hmac(owf, nla->nt_proof, 16, base_key);
	rc4(base_key, nla->encrypted_key, exported);
	hmac(exported, nla->mic_input, nla->mic_input_len, nla->mic);
}
