/* The server's TLS key and certificate: STATE/tls/key.pem (0600) and cert.pem, made
 * at first start and kept; an administrator may put others in their place. Not
 * thread-safe (one process has the folder). */
#ifndef LISTENER_IDENTITY_H
#define LISTENER_IDENTITY_H

#include <base/err.h>
#include <server/conf.h>

enum {
	IDENTITY_PATH_CAP = CONF_PATH_CAP + 16,
	IDENTITY_FINGERPRINT_CAP = 80,
	IDENTITY_DAYS = 3650,
};

struct identity {
	char key_path[IDENTITY_PATH_CAP], cert_path[IDENTITY_PATH_CAP];
	char fingerprint[IDENTITY_FINGERPRINT_CAP]; /* "sha256:" and 64 hex digits, of the DER form */
};

/* Makes what is missing in folder (which exists): an RSA 3072 key, a certificate
 * signed by itself for this host's name. Then checks both. A half-written file is
 * never left at its place. Logs what is wrong. 0; ERR_FORMAT (not PEM, or they do
 * not belong together); ERR_IO; ERR_MEMORY. */
MUST_USE int identity_prepare(struct identity *identity, const char *folder);

/* Of the certificate that is there, without a word about it; makes none.
 * 0; ERR_MISSING; ERR_FORMAT; ERR_IO. */
MUST_USE int identity_read_fingerprint(struct identity *identity, const char *folder);

#endif
