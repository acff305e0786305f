#include <identity.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/oriel-identity-XXXXXX";
static struct identity first, again;

static X509 *load_cert(void)
{
	FILE *file = fopen(first.cert_path, "r");
	X509 *cert = PEM_read_X509(file, NULL, NULL, NULL);

	fclose(file);
	assert_non_null(cert);
	return cert;
}

static void test_made_once_and_kept(void **unused)
{
	struct stat st;

	assert_int_equal(identity_read_fingerprint(&again, folder), ERR_MISSING);
	assert_int_equal(identity_prepare(&first, folder), 0);
	assert_int_equal(strlen(first.fingerprint), 7 + 64);
	assert_memory_equal(first.fingerprint, "sha256:", 7);
	assert_int_equal(stat(first.key_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(identity_prepare(&again, folder), 0);
	assert_string_equal(first.fingerprint, again.fingerprint);
	assert_int_equal(identity_read_fingerprint(&again, folder), 0);
	assert_string_equal(first.fingerprint, again.fingerprint);
}

static void test_certificate(void **unused)
{
	X509 *cert = load_cert();
	int days, seconds;
	EVP_PKEY *key = X509_get0_pubkey(cert);
	char name[64];

	assert_int_equal(EVP_PKEY_get_base_id(key), EVP_PKEY_RSA);
	assert_int_equal(EVP_PKEY_get_bits(key), 3072);
	assert_int_equal(X509_verify(cert, key), 1);
	assert_int_equal(X509_get_signature_nid(cert), NID_sha256WithRSAEncryption);
	assert_true(ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)));
	assert_in_range(days, 3648, 3650);
	assert_true(X509_cmp_current_time(X509_get0_notBefore(cert)) < 0);
	gethostname(name, sizeof name);
	assert_int_equal(X509_check_host(cert, name, 0, 0, NULL), 1);
	assert_int_equal(X509_check_purpose(cert, X509_PURPOSE_SSL_SERVER, 0), 1);
	X509_free(cert);
}

static void test_a_lost_certificate_is_made_again(void **unused)
{
	assert_int_equal(unlink(first.cert_path), 0);
	assert_int_equal(identity_prepare(&again, folder), 0);
	assert_string_not_equal(first.fingerprint, again.fingerprint);
}

static void test_what_does_not_fit_is_refused(void **unused)
{
	EVP_PKEY *other = EVP_RSA_gen(2048);
	char kept[300];
	FILE *file;

	snprintf(kept, sizeof kept, "%s.kept", first.key_path);
	assert_int_equal(rename(first.key_path, kept), 0);
	assert_int_equal(identity_prepare(&again, folder), ERR_FORMAT); /* a certificate without key */
	assert_int_equal(access(first.key_path, F_OK), -1);
	file = fopen(first.key_path, "w");
	fputs("hello\n", file);
	fclose(file);
	assert_int_equal(identity_prepare(&again, folder), ERR_FORMAT);
	file = fopen(first.key_path, "w");
	assert_true(PEM_write_PrivateKey(file, other, NULL, NULL, 0, NULL, NULL));
	fclose(file);
	EVP_PKEY_free(other);
	assert_int_equal(identity_prepare(&again, folder), ERR_FORMAT); /* another key */
	assert_int_equal(rename(kept, first.key_path), 0);
	assert_int_equal(identity_prepare(&again, folder), 0);
}

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[100];

	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_once_and_kept),
		cmocka_unit_test(test_certificate),
		cmocka_unit_test(test_a_lost_certificate_is_made_again),
		cmocka_unit_test(test_what_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
