/* The server's end of display control, [MS-RDPEDISP]: the client asks for other
 * monitors while it is connected. One thread. */
#ifndef SERVER_CHANNELS_DISP_H
#define SERVER_CHANNELS_DISP_H

#include "dvc.h"
#include <proto/disp.h>

struct disp;

/* on_layout: a layout that can be had, borrowed; the client may ask many times a
 * second while a window is dragged. dvc is borrowed. NULL on failure. */
struct disp *disp_create(
		struct dvc *dvc, void (*on_layout)(void *user, const struct link_layout *layout), void *user);

/* NULL is fine. */
void disp_destroy(struct disp *disp);

#endif
