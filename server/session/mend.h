/* Mends PDUs that a wide-spread client writes wrongly and FreeRDP 3 refuses, before
 * FreeRDP parses them. Each case is one function with its reason. */
#ifndef SESSION_MEND_H
#define SESSION_MEND_H

#include <base/err.h>
#include <freerdp/freerdp.h>

/* Puts itself between FreeRDP's transport and its parser. 0 or ERR_*. */
MUST_USE int mend_attach(rdpContext *context);

#endif
