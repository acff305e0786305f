/* A password from whoever runs `oriel`: never from the command line, which all
 * processes can read. */
#ifndef CLI_PASSWORD_H
#define CLI_PASSWORD_H

#include <base/err.h>

enum {
	PASSWORD_CAP = 512,
};

/* From the terminal without echo, asked for twice; or, when standard input is no
 * terminal, its first line. Wipe it after use. 0, or negative after a sentence on
 * standard error. */
MUST_USE int password_read(const char *name, char password[PASSWORD_CAP]);

#endif
