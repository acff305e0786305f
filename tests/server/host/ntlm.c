/* Golden values: [MS-NLMP] 4.2.4 (NTLMv2), RFC 1320 appendix A.5 (MD4). */
#include "ntlm.h"
#include "md4.h"
#include "nla.h"
#include "utf16.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect_hex(const uint8_t *got, size_t len, const char *want)
{
	char text[256];

	for (size_t i = 0; i < len; i++)
		sprintf(text + 2 * i, "%02x", got[i]);
	assert_string_equal(text, want);
}

static void test_md4(void **state)
{
	static const struct {
		const char *text, *digest;
	} cases[] = {
		{ "", "31d6cfe0d16ae931b73c59d7e0c089c0" },
		{ "abc", "a448017aaf21d8525fc10ae87aa6729d" },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
				"043f8582f241db351ce627e153e7f0e4" },
		{ "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
				"e33b4ddc9c38f2199c3e7b164fcc0536" },
	};
	uint8_t digest[MD4_LEN];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		md4(cases[i].text, strlen(cases[i].text), digest);
		expect_hex(digest, sizeof digest, cases[i].digest);
	}
}

static void test_utf16(void **state)
{
	static const char text[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
	static const char *const bad[] = { "\x80", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xe2\x82", "\xff", "\xf8\x88\x80\x80\x80" };
	uint8_t units[64];
	char back[64];

	assert_int_equal(utf16_from_utf8(text, units, sizeof units), 10);
	expect_hex(units, 10, "6100e400ac203dd800de");
	assert_int_equal(utf16_to_utf8(units, 10, back, sizeof back), (int)strlen(text));
	assert_string_equal(back, text);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(utf16_from_utf8(bad[i], units, sizeof units), ERR_FORMAT);
	assert_int_equal(utf16_from_utf8("abc", units, 5), ERR_SPACE);
	assert_int_equal(utf16_to_utf8((const uint8_t *)"a\0b", 3, back, sizeof back), ERR_FORMAT);
	assert_int_equal(utf16_to_utf8((const uint8_t *)"a\0\0\0", 4, back, sizeof back), ERR_FORMAT);
	assert_int_equal(utf16_to_utf8((const uint8_t *)"\0\xd8", 2, back, sizeof back), ERR_FORMAT);
	assert_int_equal(utf16_to_utf8((const uint8_t *)"\0\xdc\0\xd8", 4, back, sizeof back), ERR_FORMAT);
	assert_int_equal(utf16_to_utf8((const uint8_t *)"a\0b\0", 4, back, 2), ERR_SPACE);
}

static void expect_upper(const char *text, const char *want)
{
	uint8_t units[64];
	char upper[64];
	int len = utf16_from_utf8(text, units, sizeof units);

	assert_true(len >= 0);
	utf16_upper(units, (size_t)len);
	assert_true(utf16_to_utf8(units, (size_t)len, upper, sizeof upper) >= 0);
	assert_string_equal(upper, want);
}

static void test_upper(void **state)
{
	expect_upper("alice_09.x@y", "ALICE_09.X@Y");
	expect_upper("\xc3\xa4\xc3\xbf\xc3\x9f",
			"\xc3\x84\xc5\xb8\xc3\x9f"); /* a umlaut, y umlaut, sharp s */
	expect_upper("\xd0\xb6\xce\xb1\xcf\x82", "\xd0\x96\xce\x91\xce\xa3"); /* zhe, alpha, final sigma */
	expect_upper("\xc4\xb1\xc5\xbf\xc2\xb5", "\xc4\xb1\xc5\xbf\xc2\xb5"); /* dotless i, long s, micro */
}

static void test_hashes(void **state)
{
	uint8_t hash[16], owf[16];

	assert_int_equal(ntlm_hash("Password", hash), 0);
	expect_hex(hash, 16, "a4f49c406510bdcab6824ee7c30fd852"); /* 4.2.2.1.2 */
	assert_int_equal(ntlm_owf_v2(hash, "User", "Domain", owf), 0);
	expect_hex(owf, 16, "0c868a403bfd7a93a3001ef22ef02e3f"); /* 4.2.4.1.1 */
	assert_int_equal(ntlm_owf_v2(hash, "uSER", "Domain", owf), 0);
	expect_hex(owf, 16, "0c868a403bfd7a93a3001ef22ef02e3f");
	assert_int_equal(ntlm_hash("\xff", hash), ERR_FORMAT);
}

/* 4.2.4: server challenge, temp, NTProofStr and EncryptedRandomSessionKey, which
 * stands for sixteen times 0x55. */
static const uint8_t golden_challenge[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };
static const uint8_t golden_temp[] = { 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xaa, 0xaa, 0xaa, 0xaa,
	0xaa, 0xaa, 0xaa, 0xaa, 0, 0, 0, 0, 2, 0, 12, 0, 'D', 0, 'o', 0, 'm', 0, 'a', 0, 'i', 0, 'n', 0, 1, 0,
	12, 0, 'S', 0, 'e', 0, 'r', 0, 'v', 0, 'e', 0, 'r', 0, 0, 0, 0, 0, 0, 0, 0, 0 };
static const uint8_t golden_proof[] = { 0x68, 0xcd, 0x0a, 0xb8, 0x51, 0xe5, 0x1c, 0x96, 0xaa, 0xbc, 0x92,
	0x7b, 0xeb, 0xef, 0x6a, 0x1c };
static const uint8_t golden_key[] = { 0xc5, 0xda, 0xd2, 0x54, 0x4f, 0xc9, 0x79, 0x90, 0x94, 0xce, 0x1c, 0xe9,
	0x0b, 0xc9, 0xd0, 0x3e };

static void test_golden_proof(void **state)
{
	struct control_nla *nla = calloc(1, sizeof *nla);
	struct ntlm_messages messages = {
		.server_challenge = golden_challenge, .temp = golden_temp, .temp_len = sizeof golden_temp
	};
	uint8_t hash[16], owf[16], random_key[16];

	assert_non_null(nla);
	memset(random_key, 0x55, sizeof random_key);
	memcpy(nla->nt_proof, golden_proof, 16);
	memcpy(nla->encrypted_key, golden_key, 16);
	nla->mic_input_len = 100;
	memset(nla->mic_input, 7, nla->mic_input_len);
	assert_non_null(HMAC(EVP_md5(), random_key, 16, nla->mic_input, nla->mic_input_len, nla->mic, NULL));
	assert_int_equal(ntlm_hash("Password", hash), 0);
	assert_int_equal(ntlm_owf_v2(hash, "User", "Domain", owf), 0);
	assert_true(ntlm_proves(owf, nla, &messages));
	nla->mic[15] ^= 1;
	assert_false(ntlm_proves(owf, nla, &messages));
	nla->mic[15] ^= 1;
	messages.temp_len--; /* the MIC is right, NTProofStr was made from something else */
	assert_false(ntlm_proves(owf, nla, &messages));
	messages.temp_len++;
	owf[0] ^= 1;
	assert_false(ntlm_proves(owf, nla, &messages));
	free(nla);
}

static struct control_nla *make(void)
{
	struct control_nla *nla = malloc(sizeof *nla);

	assert_non_null(nla);
	nla_make(nla, "Password", "User", "Domain");
	return nla;
}

static void test_messages(void **state)
{
	struct control_nla *nla = make();
	struct ntlm_messages messages;
	uint8_t hash[16], owf[16];

	assert_int_equal(ntlm_messages_parse(&messages, nla), 0);
	assert_int_equal(ntlm_hash("Password", hash), 0);
	assert_int_equal(ntlm_owf_v2(hash, "User", "Domain", owf), 0);
	assert_true(ntlm_proves(owf, nla, &messages));
	assert_false(ntlm_mic_absent(nla));
	memset(nla->mic, 0, sizeof nla->mic);
	assert_true(ntlm_mic_absent(nla));
	free(nla);
}

/* What stands beside the messages must be what is in them. */
static void test_pieces_of_another_login(void **state)
{
	struct control_nla *nla = make();
	struct ntlm_messages messages;

	strcpy(nla->user, "Other");
	assert_int_equal(ntlm_messages_parse(&messages, nla), ERR_FORMAT);
	strcpy(nla->user, "User");
	strcpy(nla->domain, "domain");
	assert_int_equal(ntlm_messages_parse(&messages, nla), ERR_FORMAT);
	strcpy(nla->domain, "Domain");
	nla->nt_proof[3] ^= 1;
	assert_int_equal(ntlm_messages_parse(&messages, nla), ERR_FORMAT);
	nla->nt_proof[3] ^= 1;
	nla->encrypted_key[3] ^= 1;
	assert_int_equal(ntlm_messages_parse(&messages, nla), ERR_FORMAT);
	nla->encrypted_key[3] ^= 1;
	assert_int_equal(ntlm_messages_parse(&messages, nla), 0);
	free(nla);
}

static void test_broken_messages(void **state)
{
	struct control_nla *nla = make();
	uint8_t *authenticate = nla->mic_input + NLA_AUTHENTICATE_AT;
	uint16_t len = nla->mic_input_len;
	struct ntlm_messages messages;

	for (uint16_t cut = 0; cut < len; cut++) {
		nla->mic_input_len = cut;
		assert_int_equal(ntlm_messages_parse(&messages, nla), ERR_FORMAT);
	}
	nla->mic_input_len = len;
	authenticate[NLA_MIC_AT] = 1; /* the MIC was not zeroed */
	assert_int_equal(ntlm_messages_parse(&messages, nla), ERR_FORMAT);
	authenticate[NLA_MIC_AT] = 0;
	authenticate[NLA_FLAGS_AT + 3] &= 0xbf; /* no key exchange */
	assert_int_equal(ntlm_messages_parse(&messages, nla), ERR_FORMAT);
	authenticate[NLA_FLAGS_AT + 3] |= 0x40;
	authenticate[24] = 0xff; /* NtChallengeResponse beyond the end */
	assert_int_equal(ntlm_messages_parse(&messages, nla), ERR_FORMAT);
	free(nla);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_md4),
		cmocka_unit_test(test_utf16),
		cmocka_unit_test(test_upper),
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_golden_proof),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_pieces_of_another_login),
		cmocka_unit_test(test_broken_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
