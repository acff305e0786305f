/* MD4, RFC 1320: only for the NT hash of a password, [MS-NLMP] 3.3.1. An own copy
 * because OpenSSL 3 has it in the legacy provider only, which would have to be
 * loaded for the whole process. Thread-safe. */
#ifndef HOST_MD4_H
#define HOST_MD4_H

#include <stddef.h>
#include <stdint.h>

enum {
	MD4_LEN = 16,
};

/* What it leaves on the stack is wiped: the input is a password. */
void md4(const void *data, size_t len, uint8_t digest[MD4_LEN]);

#endif
