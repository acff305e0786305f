/* Stands between FreeRDP's transport and its parser. Mends PDUs that a wide-spread
 * client writes wrongly and FreeRDP 3 refuses (each case is one function with its
 * reason), and wipes the one with the password. */
#ifndef SESSION_MEND_H
#define SESSION_MEND_H

#include <base/err.h>
#include <freerdp/freerdp.h>

/* 0 or ERR_*. */
MUST_USE int mend_attach(rdpContext *context);

/* Wipes Client Info: for the first of FreeRDP's callbacks after it was parsed. Later it
 * does nothing. */
void mend_wipe_login(void);

#endif
