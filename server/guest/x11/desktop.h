/* The desktop session of a guest: its settings, its message bus and its session
 * manager. */
#ifndef X11_DESKTOP_H
#define X11_DESKTOP_H

#include "child.h"

struct desktop {
	struct child bus, session;
	bool is_xfce;
};

/* Writes the settings, sets the environment (ours, which the children inherit;
 * DISPLAY and XAUTHORITY are there already), starts bus and session, and writes
 * DIR/display.env. command goes to the shell; NULL: Xfce. Says in the log what
 * failed. 0; ERR_MISSING; ERR_IO; then nothing runs. */
MUST_USE int desktop_start(struct desktop *desktop, const char *dir, const char *command);

/* Asks the session manager to end, waits for it (bounded), then ends the bus. */
void desktop_stop(struct desktop *desktop);

#endif
