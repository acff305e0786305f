/* What a connection's FreeRDP is told before it starts. */
#ifndef SESSION_RDP_SETTINGS_H
#define SESSION_RDP_SETTINGS_H

#include "rdp.h"

/* Certificate and private key. 0 or ERR_FORMAT (not PEM, or no memory). */
MUST_USE int rdp_settings_keys(rdpSettings *settings, const struct rdp_config *config);

/* Everything else. 0 or ERR_MEMORY. */
MUST_USE int rdp_settings_fill(rdpSettings *settings, const struct rdp_config *config);

#endif
