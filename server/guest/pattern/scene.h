/* What stands still in the test picture: above text and a photograph (procedural),
 * below noise and flat colours; each monitor has a border and, in its middle, its
 * number. The same seed gives the same pixels. */
#ifndef SERVER_GUEST_PATTERN_SCENE_H
#define SERVER_GUEST_PATTERN_SCENE_H

#include "canvas.h"
#include <proto/link.h>

/* canvas has the size of the layout's bounding box. */
void scene_draw(struct canvas *canvas, const struct link_layout *layout, uint32_t seed);

#endif
