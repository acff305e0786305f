#include "identity.h"
#include <base/log.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	KEY_BITS = 3072,
	SERIAL_BITS = 127,        /* positive in 16 bytes */
	CLOCK_SKEW_S = 24 * 3600, /* a client's clock may be behind ours */
	FILE_MAX_LEN = 65536,
};

static void set_paths(struct identity *identity, const char *folder)
{
	*identity = (struct identity){ .fingerprint = "" };
	snprintf(identity->key_path, sizeof identity->key_path, "%s/key.pem", folder);
	snprintf(identity->cert_path, sizeof identity->cert_path, "%s/cert.pem", folder);
}

/* Whole content of a file; owned, BIO_free. ERR_MISSING and ERR_IO with errno. */
static int read_pem(const char *path, BIO **bio)
{
	char data[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), total = 0;
	ssize_t n = -1;

	*bio = NULL;
	if (fd < 0)
		return errno == ENOENT ? ERR_MISSING : ERR_IO;
	*bio = BIO_new(BIO_s_mem());
	while (*bio && total < FILE_MAX_LEN && (n = read(fd, data, sizeof data)) > 0) {
		BIO_write(*bio, data, (int)n);
		total += (int)n;
	}
	close(fd);
	OPENSSL_cleanse(data, sizeof data);
	if (n == 0)
		return 0;
	BIO_free(*bio);
	*bio = NULL;
	return ERR_IO;
}

static int no_passphrase(char *text, int cap, int writing, void *user)
{
	return -1;
}

static int read_key(const char *path, EVP_PKEY **key)
{
	BIO *bio;
	int err = read_pem(path, &bio);

	*key = NULL;
	if (err < 0)
		return err;
	*key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	return *key ? 0 : ERR_FORMAT;
}

static int read_cert(const char *path, X509 **cert)
{
	BIO *bio;
	int err = read_pem(path, &bio);

	*cert = NULL;
	if (err < 0)
		return err;
	*cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	return *cert ? 0 : ERR_FORMAT;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n <= 0)
			return ERR_IO;
		data += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 ? ERR_IO : 0;
}

/* Under another name first, so that path holds all or nothing. */
static int write_file(const char *path, mode_t mode, BIO *bio)
{
	char part[IDENTITY_PATH_CAP + 8], *data;
	long len = BIO_get_mem_data(bio, &data);
	int fd, err, saved;

	snprintf(part, sizeof part, "%s.new", path);
	unlink(part);
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	err = fd < 0 ? ERR_IO : write_all(fd, data, (size_t)len);
	if (err == 0 && rename(part, path) < 0)
		err = ERR_IO;
	saved = errno;
	if (fd >= 0)
		close(fd);
	if (err < 0) {
		unlink(part);
		log_error("cannot write %s: %s", path, strerror(saved));
	}
	return err;
}

static int make_key(const struct identity *identity, EVP_PKEY **key)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	int err = ERR_MEMORY;

	log_info("making the server's key, RSA %d", KEY_BITS);
	*key = EVP_RSA_gen(KEY_BITS);
	if (bio && *key && PEM_write_bio_PrivateKey(bio, *key, NULL, NULL, 0, NULL, NULL))
		err = write_file(identity->key_path, 0600, bio);
	BIO_free(bio);
	return err;
}

/* A name that can stand in a certificate and in OpenSSL's extension syntax. */
static void host_name(char name[64])
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

	name[63] = '\0';
	if (gethostname(name, 63) < 0 || !name[0] || name[strspn(name, allowed)])
		strcpy(name, "localhost");
}

static bool add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	bool added;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	added = extension && X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
	return added;
}

static bool set_serial(X509 *cert)
{
	BIGNUM *number = BN_new();
	bool set = number && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
			BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));

	BN_free(number);
	return set;
}

static bool fill_cert(X509 *cert, EVP_PKEY *key)
{
	X509_NAME *subject = X509_get_subject_name(cert);
	char name[64], names[80];

	host_name(name);
	snprintf(names, sizeof names, "DNS:%s", name);
	return X509_set_version(cert, X509_VERSION_3) && set_serial(cert) &&
			X509_NAME_add_entry_by_txt(
					subject, "CN", MBSTRING_ASC, (unsigned char *)name, -1, -1, 0) &&
			X509_set_issuer_name(cert, subject) &&
			X509_gmtime_adj(X509_getm_notBefore(cert), -CLOCK_SKEW_S) &&
			X509_time_adj_ex(X509_getm_notAfter(cert), IDENTITY_DAYS, 0, NULL) &&
			X509_set_pubkey(cert, key) &&
			add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
			add_extension(cert, NID_key_usage, "critical,digitalSignature,keyEncipherment") &&
			add_extension(cert, NID_ext_key_usage, "serverAuth") &&
			add_extension(cert, NID_subject_alt_name, names) &&
			add_extension(cert, NID_subject_key_identifier, "hash") &&
			X509_sign(cert, key, EVP_sha256());
}

static int make_cert(const struct identity *identity, EVP_PKEY *key, X509 **cert)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int err = ERR_MEMORY;

	*cert = X509_new();
	if (bio && *cert && fill_cert(*cert, key) && PEM_write_bio_X509(bio, *cert))
		err = write_file(identity->cert_path, 0644, bio);
	BIO_free(bio);
	return err;
}

static int set_fingerprint(struct identity *identity, const X509 *cert)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len;
	char *at = identity->fingerprint;

	if (!X509_digest(cert, EVP_sha256(), digest, &len))
		return ERR_MEMORY;
	at += sprintf(at, "sha256:");
	for (unsigned i = 0; i < len; i++)
		at += sprintf(at, "%02x", digest[i]);
	return 0;
}

static int complain(const char *path, int err)
{
	if (err == ERR_FORMAT)
		log_error("%s: not a PEM file without passphrase", path);
	else if (err == ERR_IO)
		log_error("cannot read %s: %s", path, strerror(errno));
	return err;
}

static int check_pair(const struct identity *identity, X509 *cert, EVP_PKEY *key)
{
	struct stat st;

	if (!X509_check_private_key(cert, key)) {
		log_error("%s is not the key of %s", identity->key_path, identity->cert_path);
		return ERR_FORMAT;
	}
	if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0)
		log_warn("%s has expired; remove it for a new one", identity->cert_path);
	if (stat(identity->key_path, &st) == 0 && st.st_mode & 077)
		log_warn("%s can be read by others, mode %03o", identity->key_path, st.st_mode & 0777);
	return 0;
}

/* Without its key a certificate is of no use, but throwing away somebody's is not ours. */
static int get_key(const struct identity *identity, EVP_PKEY **key)
{
	int err = read_key(identity->key_path, key);

	if (err != ERR_MISSING)
		return err < 0 ? complain(identity->key_path, err) : 0;
	if (access(identity->cert_path, F_OK) < 0)
		return make_key(identity, key);
	log_error("%s is there but not its key %s", identity->cert_path, identity->key_path);
	return ERR_FORMAT;
}

static int get_cert(const struct identity *identity, EVP_PKEY *key, X509 **cert)
{
	int err = read_cert(identity->cert_path, cert);

	if (err == ERR_MISSING)
		return make_cert(identity, key, cert);
	return err < 0 ? complain(identity->cert_path, err) : 0;
}

int identity_prepare(struct identity *identity, const char *folder)
{
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	int err;

	set_paths(identity, folder);
	err = get_key(identity, &key);
	if (err == 0)
		err = get_cert(identity, key, &cert);
	if (err == 0)
		err = check_pair(identity, cert, key);
	if (err == 0)
		err = set_fingerprint(identity, cert);
	X509_free(cert);
	EVP_PKEY_free(key);
	return err;
}

int identity_read_fingerprint(struct identity *identity, const char *folder)
{
	X509 *cert;
	int err;

	set_paths(identity, folder);
	err = read_cert(identity->cert_path, &cert);
	if (err == 0)
		err = set_fingerprint(identity, cert);
	X509_free(cert);
	return err;
}
