/* The X server of one guest: rootless Xorg with the dummy driver, on a free
 * display, with its own configuration, cookie and log in the guest's folder. */
#ifndef X11_XORG_H
#define X11_XORG_H

#include "child.h"

struct xorg {
	struct child child;
	char display[16]; /* ":0" */
	char authority[4096];
};

/* Starts it and waits until it serves (bounded). Says in the log why it failed.
 * 0; ERR_MISSING; ERR_IO; ERR_TIMEOUT. After a failure nothing runs. */
MUST_USE int xorg_start(struct xorg *xorg, const char *dir);

/* Ends it, waits for that. Also when it is not running. */
void xorg_stop(struct xorg *xorg);

#endif
